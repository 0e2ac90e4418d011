import FCNLoopTypes

/// Makes lines `lines` of a convolution of each channel by itself: of the output's lines in the order in
/// which they lie in memory, [block][picture][row]. Weights lie as [block][tap][16].
func convolveDepthwise(_ job: UnsafePointer<ConvolutionJob>, lines: Range<Int>) {
  let job = job.pointee
  let step = job.strideWidth * channelBlock
  let columnStep = job.dilationWidth * channelBlock
  // Pixels whose whole window lies within the input's columns.
  let reach = (job.kernelWidth - 1) * job.dilationWidth - job.paddingWidth
  let first = min(
    job.outputWidth, (job.paddingWidth + job.strideWidth - 1) / job.strideWidth)
  let end =
    job.inputWidth > reach
    ? max(first, min(job.outputWidth, (job.inputWidth - 1 - reach) / job.strideWidth + 1)) : first
  // Neighbours see most of what each sees: where registers hold that, it is read once.
  let slides =
    lanesPerBlock == 1 && job.strideWidth == 1 && end - first >= 8 * job.dilationWidth
  let function = ResultFunction(job)
  for line in lines {
    let (plane, y) = (line / job.outputHeight, line % job.outputHeight)
    let block = plane / job.pictures
    let top = y * job.strideHeight - job.paddingHeight
    // Taps that lie within the input's rows.
    let firstTap =
      top < 0 ? min(job.kernelHeight, (job.dilationHeight - 1 - top) / job.dilationHeight) : 0
    let lastTap =
      top < job.inputHeight
      ? min(job.kernelHeight, (job.inputHeight - 1 - top) / job.dilationHeight + 1) : 0
    let planeStart = plane * job.inputHeight * job.inputWidth * channelBlock
    for lane in 0..<lanesPerBlock {
      let offset = lane * Lanes.scalarCount
      let window = DepthwiseLine(
        input: job.input + planeStart + offset,
        weights: job.weights + block * job.kernelHeight * job.kernelWidth * channelBlock + offset,
        bias: load(job.bias + block * channelBlock + offset), top: top,
        taps: firstTap..<max(firstTap, lastTap), step: step, columnStep: columnStep,
        function: function)
      let target = line * job.outputWidth * channelBlock + offset
      for x in 0..<first { window.makeAtEdge(job, x, target) }
      if slides {
        for phase in first..<first + job.dilationWidth {
          // Pixels of a phase see the same columns: as many as dilation leaves apart.
          let last = phase + (end - 1 - phase) / job.dilationWidth * job.dilationWidth
          var x = phase
          while x <= last {
            // The last are made twice: eight take less time than one after the other.
            window.slideEight(job, min(x, last - 7 * job.dilationWidth), target)
            x += 8 * job.dilationWidth
          }
        }
      } else {
        window.make(job, first..<end, target)
      }
      for x in end..<job.outputWidth { window.makeAtEdge(job, x, target) }
    }
    if function.leavesActivation {
      let values = job.output + line * job.outputWidth * channelBlock
      activate(
        UnsafePointer(values), to: values, job.outputWidth * channelBlock, job.activation)
    }
  }
}

/// One register's channels of a line of the output.
private struct DepthwiseLine {
  /// The plane, and its weights, from these channels on.
  let input, weights: UnsafePointer<Float>
  let bias: Lanes
  /// The input's row under the first tap.
  let top: Int
  /// Rows of the kernel that see the input.
  let taps: Range<Int>
  /// Floats from a pixel's window to the next one's, and from a tap to the next one's.
  let step, columnStep: Int
  let function: ResultFunction

  /// Pixels whose columns are whole.
  @inline(__always)
  func make(_ job: borrowing ConvolutionJob, _ pixels: Range<Int>, _ target: Int) {
    var x = pixels.lowerBound
    while x + 8 <= pixels.upperBound {
      makeEight(job, x, target)
      x += 8
    }
    if x < pixels.upperBound, pixels.count >= 8 {
      // Some are made twice: eight take less time than one after the other.
      makeEight(job, pixels.upperBound - 8, target)
      return
    }
    for x in x..<pixels.upperBound { makeOne(job, x, 0..<job.kernelWidth, target) }
  }

  /// Eight pixels whose columns are whole, of stride 1: `x` and those a dilation apart. What a tap sees of
  /// them the next one sees of their neighbours.
  @inline(__always)
  func slideEight(_ job: borrowing ConvolutionJob, _ x: Int, _ target: Int) {
    var sums = EightSums(bias)
    let left = x * step - job.paddingWidth * channelBlock
    for j in taps {
      var source = input + (top + j * job.dilationHeight) * job.inputWidth * channelBlock + left
      var weight = weights + j * job.kernelWidth * channelBlock
      var (x0, x1, x2) = (load(source), load(source + columnStep), load(source + 2 * columnStep))
      var (x3, x4) = (load(source + 3 * columnStep), load(source + 4 * columnStep))
      var (x5, x6) = (load(source + 5 * columnStep), load(source + 6 * columnStep))
      source += 7 * columnStep
      for _ in 0..<job.kernelWidth {
        let w = load(weight)
        let x7 = load(source)
        sums.add(w, x0, x1, x2, x3, x4, x5, x6, x7)
        (x0, x1, x2, x3, x4, x5, x6) = (x1, x2, x3, x4, x5, x6, x7)
        source += columnStep
        weight += channelBlock
      }
    }
    finish(job, sums, target + x * channelBlock, apart: columnStep)
  }

  /// Eight pixels whose columns are whole, from `x` on.
  @inline(__always)
  func makeEight(_ job: borrowing ConvolutionJob, _ x: Int, _ target: Int) {
    var sums = EightSums(bias)
    let left = x * step - job.paddingWidth * channelBlock
    for j in taps {
      var source = input + (top + j * job.dilationHeight) * job.inputWidth * channelBlock + left
      var weight = weights + j * job.kernelWidth * channelBlock
      for _ in 0..<job.kernelWidth {
        let w = load(weight)
        sums.add(
          w, load(source), load(source + step), load(source + 2 * step), load(source + 3 * step),
          load(source + 4 * step), load(source + 5 * step), load(source + 6 * step),
          load(source + 7 * step))
        source += columnStep
        weight += channelBlock
      }
    }
    finish(job, sums, target + x * channelBlock, apart: channelBlock)
  }

  /// A pixel some of whose columns lie outside.
  @inline(__always)
  func makeAtEdge(_ job: borrowing ConvolutionJob, _ x: Int, _ target: Int) {
    let left = x * job.strideWidth - job.paddingWidth
    let dilation = job.dilationWidth
    let first = left < 0 ? min(job.kernelWidth, (dilation - 1 - left) / dilation) : 0
    let end =
      left < job.inputWidth ? min(job.kernelWidth, (job.inputWidth - 1 - left) / dilation + 1) : 0
    makeOne(job, x, first..<max(first, end), target)
  }

  /// A pixel, by the columns `columns` of the kernel.
  @inline(__always)
  func makeOne(
    _ job: borrowing ConvolutionJob, _ x: Int, _ columns: Range<Int>, _ target: Int
  ) {
    var sum = bias
    let left = x * step - job.paddingWidth * channelBlock
    for j in taps {
      let source = input + (top + j * job.dilationHeight) * job.inputWidth * channelBlock + left
      let weight = weights + j * job.kernelWidth * channelBlock
      for k in columns {
        sum = fma(load(weight + k * channelBlock), load(source + k * columnStep), sum)
      }
    }
    finish(job, sum, target + x * channelBlock)
  }

  /// Stores eight pixels that lie `apart` floats from each other.
  @inline(__always)
  private func finish(
    _ job: borrowing ConvolutionJob, _ sums: EightSums, _ target: Int, apart: Int
  ) {
    finish(job, sums.s0, target)
    finish(job, sums.s1, target + apart)
    finish(job, sums.s2, target + 2 * apart)
    finish(job, sums.s3, target + 3 * apart)
    finish(job, sums.s4, target + 4 * apart)
    finish(job, sums.s5, target + 5 * apart)
    finish(job, sums.s6, target + 6 * apart)
    finish(job, sums.s7, target + 7 * apart)
  }

  @inline(__always)
  private func finish(_ job: borrowing ConvolutionJob, _ sum: Lanes, _ target: Int) {
    var value = sum
    if let residual = job.residual { value += load(residual + target) }
    value = function(value)
    store(value, to: job.output + target)
  }
}

/// One register's channels of eight pixels, all in registers.
private struct EightSums {
  private(set) var s0, s1, s2, s3, s4, s5, s6, s7: Lanes

  @inline(__always)
  init(_ bias: Lanes) {
    (s0, s1, s2, s3) = (bias, bias, bias, bias)
    (s4, s5, s6, s7) = (bias, bias, bias, bias)
  }

  /// Adds the products of a tap's weights and what each pixel sees under it.
  @inline(__always)
  mutating func add(
    _ w: Lanes, _ x0: Lanes, _ x1: Lanes, _ x2: Lanes, _ x3: Lanes, _ x4: Lanes, _ x5: Lanes,
    _ x6: Lanes, _ x7: Lanes
  ) {
    s0 = fma(w, x0, s0)
    s1 = fma(w, x1, s1)
    s2 = fma(w, x2, s2)
    s3 = fma(w, x3, s3)
    s4 = fma(w, x4, s4)
    s5 = fma(w, x5, s5)
    s6 = fma(w, x6, s6)
    s7 = fma(w, x7, s7)
  }
}
