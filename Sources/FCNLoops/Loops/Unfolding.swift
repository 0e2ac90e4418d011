import CIntrinsics
import FCNLoopTypes

/// Gathers, for the pixels `rows`, what each tap of the window sees: [tap, input block][row][16].
func unfold(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, capacity: Int,
  _ a: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let planeStride = job.inputHeight * job.inputWidth * channelBlock
  let tapStride = job.inputBlocks * capacity * channelBlock
  forEachRun(job, rows) { run in
    for j in 0..<job.kernelHeight {
      let row = run.y * job.strideHeight + j * job.dilationHeight - job.paddingHeight
      for k in 0..<job.kernelWidth {
        let target = a + (j * job.kernelWidth + k) * tapStride + run.offset * channelBlock
        let shift = k * job.dilationWidth - job.paddingWidth
        for block in 0..<job.inputBlocks {
          let pixels = target + block * capacity * channelBlock
          let line =
            job.input + (block * job.inputPictures + run.picture) * planeStride
            + row * job.inputWidth * channelBlock
          for x in 0..<run.count {
            let column = (run.x + x) * job.strideWidth + shift
            if row >= 0, row < job.inputHeight, column >= 0, column < job.inputWidth {
              copyPixel(line + column * channelBlock, to: pixels + x * channelBlock)
            } else {
              clearPixel(pixels + x * channelBlock)
            }
          }
        }
      }
    }
  }
}

/// The same from a planar input: [tap, channel][row].
func unfoldPlanar(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, capacity: Int,
  _ a: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let planeCount = job.inputHeight * job.inputWidth
  forEachRun(job, rows) { run in
    for j in 0..<job.kernelHeight {
      let row = run.y * job.strideHeight + j * job.dilationHeight - job.paddingHeight
      for k in 0..<job.kernelWidth {
        let first = run.x * job.strideWidth + k * job.dilationWidth - job.paddingWidth
        for channel in 0..<job.inputChannels {
          let term = (j * job.kernelWidth + k) * job.inputChannels + channel
          let target = a + term * capacity + run.offset
          let line =
            job.input + (run.picture * job.inputChannels + channel) * planeCount
            + row * job.inputWidth
          copyLine(
            line, job.inputWidth, row >= 0 && row < job.inputHeight, first: first,
            step: job.strideWidth, count: run.count, to: target)
        }
      }
    }
  }
}

/// Copies every `step`-th value from `first` on, zero outside of `0..<width` and where the whole line
/// is outside.
@inline(__always)
private func copyLine(
  _ line: UnsafePointer<Float>, _ width: Int, _ isInside: Bool, first: Int, step: Int, count: Int,
  to target: UnsafeMutablePointer<Float>
) {
  // Values x with 0 ≤ first + x · step < width.
  let start = isInside ? min(count, max(0, (step - 1 - first) / step)) : count
  let end = isInside ? max(start, min(count, (width - first + step - 1) / step)) : count
  for x in 0..<start { target[x] = 0 }
  if step == 1 {
    let source = line + first
    for x in start..<end { target[x] = source[x] }
  } else {
    var x = start
    if step == 2 {
      // Sixteen at a time, as long as all thirty-two lie in the line.
      while x + channelBlock <= end, first + 2 * (x + channelBlock) <= width {
        let source = UnsafeRawPointer(line + first + 2 * x)
        let (low, high) = (
          source.loadUnaligned(as: SIMD16<Float>.self),
          (source + stepBytes).loadUnaligned(as: SIMD16<Float>.self)
        )
        UnsafeMutableRawPointer(target + x).storeBytes(
          of: fcn_even_of(low, high), as: SIMD16<Float>.self)
        x += channelBlock
      }
    }
    while x < end {
      target[x] = line[first + x * step]
      x += 1
    }
  }
  for x in end..<count { target[x] = 0 }
}

/// Neighbouring pixels of one line of the output.
struct PixelRun {
  let picture, y, x, count: Int
  /// Which of the rows the first one is.
  let offset: Int
}

/// Divides `rows`, pixels of the output in N, H, W order, into runs.
@inline(__always)
func forEachRun(
  _ job: borrowing ConvolutionJob, _ rows: Range<Int>, _ body: (PixelRun) -> Void
) {
  var row = rows.lowerBound
  while row < rows.upperBound {
    let (line, x) = (row / job.outputWidth, row % job.outputWidth)
    let count = min(rows.upperBound - row, job.outputWidth - x)
    body(
      PixelRun(
        picture: line / job.outputHeight, y: line % job.outputHeight, x: x, count: count,
        offset: row - rows.lowerBound))
    row += count
  }
}

/// Adds bias and residual to products whose rows are pixels, activates, and stores.
func storePixels(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, block: Int, panelBlocks width: Int,
  _ products: UnsafePointer<Float>
) {
  let job = job.pointee
  let planeCount = job.outputHeight * job.outputWidth
  let columns = width * channelBlock
  let function = ResultFunction(job)
  for panelBlock in 0..<width {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (picture, pixel) = (row / planeCount, row % planeCount)
      let count = min(rows.upperBound - row, planeCount - pixel)
      let start =
        (((block + panelBlock) * job.outputPictures + picture) * planeCount + pixel) * channelBlock
      let results = PixelResults(
        output: job.output + start, residual: job.residual.map { $0 + start },
        bias: job.bias + (block + panelBlock) * channelBlock, blockStride: 0, rows: count,
        function: function)
      let from = products + (row - rows.lowerBound) * columns + panelBlock * channelBlock
      // Where the next channels go lies far behind, and comes meanwhile.
      let next = job.outputPictures * planeCount * channelBlock
      for x in 0..<count {
        fcn_prefetch_soon(results.output + next + x * channelBlock)
        if let residual = results.residual { fcn_prefetch_soon(residual + next + x * channelBlock) }
        results.store(loadBlock(from + x * columns), row: x, column: 0)
      }
      if function.leavesActivation {
        let values = job.output + start
        activate(UnsafePointer(values), to: values, count * channelBlock, job.activation)
      }
      row += count
    }
  }
}
