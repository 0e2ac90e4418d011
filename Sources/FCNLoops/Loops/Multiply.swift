import FCNLoopTypes

/// See `LoopTable.multiply`.
func multiply(
  _ job: UnsafePointer<ConvolutionJob>, positions: Range<Int>, block: Int,
  panelBlocks width: Int, _ a: UnsafePointer<Float>, capacity: Int, rows: Range<Int>,
  into m: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let columns = width * channelBlock
  let depth = job.depth
  let panel = job.weights + block * channelBlock * depth
  let panelStride = job.outputBlocks * channelBlock * depth
  let padded = ConvolutionJob.productRows(rows.count)
  let aStride = job.leftStride(capacity)
  let a = a + rows.lowerBound * (job.algorithm == .planar ? 1 : channelBlock)
  for position in positions {
    let (a, b) = (a + position * aStride, panel + position * panelStride)
    let m = m + position * padded * columns
    if job.algorithm == .planar {
      multiplyPanel(
        width, rows.count, depth, a, rowStride: 1, stepStride: capacity, capacity, b, m,
        adding: false)
    } else {
      multiplyPanel(
        width, rows.count, depth, a, rowStride: channelBlock, stepStride: 1, capacity, b, m,
        adding: false)
    }
  }
}

/// The same for a panel whose weights are kernels that have not been transformed, [tap][depth][channel of the
/// panel]. They are transformed here, for some positions and a piece at a time, into `scratch`, which has
/// room for `transformedCount`: cheaper than reading them transformed from memory, where few rows share them.
func multiplyKernels(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Int, into m: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let columns = width * channelBlock
  let depth = job.depth
  let kernels = job.weights + block * channelBlock * job.kernelHeight * job.kernelWidth * depth
  let padded = ConvolutionJob.productRows(rows)
  let aStride = job.leftStride(capacity)
  let piece = job.transformedDepth(panelBlocks: width)
  let (halfway, scratch) = (scratch, scratch + ConvolutionJob.halfwayCount)
  eachPieceOfKernels(job, piece) { patchRows, position, terms, first in
    let stride = (terms | 1) * columns
    for term in 0..<terms {
      transformKernels(
        job, rows: patchRows, kernels + (first + term) * columns, tapStride: depth * columns,
        columns, to: scratch + term * columns, positionStride: stride, halfway)
    }
    for next in 0..<job.positionsTogether {
      multiplyPanel(
        width, rows, terms,
        a + (position + next) * aStride + first / channelBlock * capacity * channelBlock,
        rowStride: channelBlock, stepStride: 1, capacity, scratch + next * stride,
        m + (position + next) * padded * columns, adding: first > 0)
    }
  }
}

/// Calls `body` for the positions that are summed together, from `position` on, which are rows of a patch,
/// and for pieces of their terms: `terms` of them, from `first` on.
@inline(__always)
func eachPieceOfKernels(
  _ job: borrowing ConvolutionJob, _ piece: Int,
  _ body: (_ patchRows: Range<Int>, _ position: Int, _ terms: Int, _ first: Int) -> Void
) {
  let patch = job.algorithm.patch
  var position = 0
  while position < job.algorithm.positions {
    let row = position / patch
    var first = 0
    while first < job.depth {
      let terms = min(piece, job.depth - first)
      body(row..<row + job.positionsTogether / patch, position, terms, first)
      first += terms
    }
    position += job.positionsTogether
  }
}

/// See `LoopTable.multiplyTerms`.
func multiplyTerms(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, terms: Range<Int>,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Int, into m: UnsafeMutablePointer<Float>,
  adding: Bool
) {
  let panel = job.pointee.weights + block * channelBlock * job.pointee.depth
  multiplyPanel(
    width, rows, terms.count, a, rowStride: channelBlock, stepStride: 1, capacity,
    panel + terms.lowerBound * width * channelBlock, m, adding: adding)
}

/// See `LoopTable.multiplyPixels`.
func multiplyPixels(
  _ pointer: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int,
  _ a: UnsafePointer<Float>, capacity: Int, pixels: Range<Int>, _ m: UnsafeMutablePointer<Float>
) {
  let job = pointer.pointee
  let depth = job.depth
  let weights = job.weights + block * channelBlock * depth
  let planeCount = job.outputHeight * job.outputWidth
  let rowStride = job.algorithm == .planar ? 1 : channelBlock
  let stepStride = job.algorithm == .planar ? capacity : 1
  let blockStride = job.outputPictures * planeCount * channelBlock
  let function = ResultFunction(job)
  let hasBytes = job.outputBytes != nil || job.residualBytes != nil
  var first = pixels.lowerBound
  while first < pixels.upperBound {
    let (picture, pixel) = (first / planeCount, first % planeCount)
    let count = min(pixels.upperBound - first, planeCount - pixel, ConvolutionJob.pixelsTogether)
    let start = ((block * job.outputPictures + picture) * planeCount + pixel) * channelBlock
    let results = PixelResults(
      output: job.output + start, residual: job.residual.map { $0 + start },
      bias: job.bias + block * channelBlock, blockStride: blockStride, rows: count,
      function: function)
    multiplyPanel(
      width, count, depth, a + (first - pixels.lowerBound) * rowStride, rowStride: rowStride,
      stepStride: stepStride, capacity, weights, m, adding: false, hasBytes ? nil : results)
    if hasBytes {
      storeBytePixels(pointer, rows: first..<first + count, block: block, panelBlocks: width, m)
    } else if function.leavesActivation {
      for index in 0..<width {
        let values = job.output + start + index * blockStride
        activate(UnsafePointer(values), to: values, count * channelBlock, job.activation)
      }
    }
    first += count
  }
}

@inline(__always)
private func multiplyPanel(
  _ width: Int, _ rows: Int, _ depth: Int, _ a: UnsafePointer<Float>, rowStride: Int,
  stepStride: Int, _ capacity: Int, _ b: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  adding: Bool, _ results: PixelResults? = nil
) {
  // Where no panel has more blocks than one, no loop for such is compiled.
  if panelBlocks == 1 || width == 1 {
    multiply(
      FloatBlock.self, rows: rows, depth: depth, a, rowStride: rowStride,
      stepStride: stepStride, blockStride: capacity * channelBlock, b, into: m, adding: adding,
      results)
  } else if width == 2 {
    multiply(
      TwoBlocks<FloatBlock>.self, rows: rows, depth: depth, a, rowStride: rowStride,
      stepStride: stepStride, blockStride: capacity * channelBlock, b, into: m, adding: adding,
      results)
  } else if width == 3 {
    multiply(
      ThreeBlocks<FloatBlock>.self, rows: rows, depth: depth, a, rowStride: rowStride,
      stepStride: stepStride, blockStride: capacity * channelBlock, b, into: m, adding: adding,
      results)
  } else {
    multiply(
      FourBlocks<FloatBlock>.self, rows: rows, depth: depth, a, rowStride: rowStride,
      stepStride: stepStride, blockStride: capacity * channelBlock, b, into: m, adding: adding,
      results)
  }
}
