import FCNLoopTypes

/// A transposed convolution as one with stride² times as many channels: the output pixels y with the same
/// y mod stride, a phase, all see the input through the same few taps of the kernel, ⌈kernel / stride⌉ of
/// them. Only what a crop leaves is made.
struct TransposedPhases {
  /// Of what is made.
  let output: Shape
  let stride: Extent
  /// Of the small convolution's kernel.
  let taps: Extent
  /// Rows and columns of the whole output before the first that is made.
  let margin: Extent
  /// The first position that is computed; y makes rows y · stride − margin and the following.
  let start: Extent
  /// Positions down and across.
  let positions: Extent

  /// nil where most phases see nothing, for the stride is more than twice the kernel: their kernels of zeros
  /// would take stride² times the memory of the input's channels.
  init?(_ operation: TransposedConvolution, _ input: Shape, _ kept: Epilogue.Part) {
    let window = operation.window
    guard window.stride.h <= 2 * window.kernel.h, window.stride.w <= 2 * window.kernel.w else {
      return nil
    }
    output = kept.shape
    stride = window.stride
    taps = Extent(
      (window.kernel.h + stride.h - 1) / stride.h, (window.kernel.w + stride.w - 1) / stride.w)
    margin = Extent(
      window.padding.h + kept.offset.h, window.padding.w + kept.offset.w)
    start = Extent(margin.h / stride.h, margin.w / stride.w)
    positions = Extent(
      min(input.h + taps.h - 1, (margin.h + output.h + stride.h - 1) / stride.h) - start.h,
      min(input.w + taps.w - 1, (margin.w + output.w + stride.w - 1) / stride.w) - start.w)
  }

  /// Output pixels that a position makes of each channel.
  var count: Int { stride.h * stride.w }

  /// The small convolution of `input` that makes `channels` channels.
  func job(_ algorithm: ConvolutionAlgorithm, _ input: Shape, channels: Int) -> ConvolutionJob {
    ConvolutionJob(
      algorithm: algorithm, pictures: input.n, input: (input.c, input.h, input.w),
      output: (channels, positions.h, positions.w), kernel: taps.pair, stride: (1, 1),
      padding: (taps.h - 1 - start.h, taps.w - 1 - start.w), dilation: (1, 1))
  }

  /// Its kernels, of those of the transposed one: `place` says which channel is which phase, counted down
  /// first, of which output channel.
  func kernels(
    of weight: Tensor, channels: Int, _ pool: WorkerPool,
    at place: @escaping (_ channel: Int, _ phase: Int) -> Int
  ) throws -> Tensor {
    let (kernel, taps, stride) = (weight.shape, taps, stride)
    let phased = try Tensor(Shape(channels, kernel.n, taps.h, taps.w))
    pool.run(kernel.n) { i, _ in
      for o in 0..<kernel.c {
        for j in 0..<kernel.h {
          for k in 0..<kernel.w {
            let phase = j % stride.h * stride.w + k % stride.w
            phased[place(o, phase), i, taps.h - 1 - j / stride.h, taps.w - 1 - k / stride.w] =
              weight[i, o, j, k]
          }
        }
      }
    }
    return phased
  }

  /// Calls `body` for each line of positions among `some`: its picture, its row and first column, which of
  /// `some` is its first, and how many it has there.
  func forEachLine(
    of some: Range<Int>,
    _ body: (_ picture: Int, _ y: Int, _ x: Int, _ row: Int, _ count: Int) -> Void
  ) {
    var first = some.lowerBound
    while first < some.upperBound {
      let (line, x) = (first / positions.w, first % positions.w)
      let count = min(some.upperBound - first, positions.w - x)
      body(line / positions.h, line % positions.h, x, first - some.lowerBound, count)
      first += count
    }
  }
}
