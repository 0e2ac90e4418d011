import FCNLoopTypes

/// The gradient by the weights of a convolution of a planar input of few channels: products of what taps see,
/// unfolded a few pixels at a time, and the gradients of those pixels. Parts of pictures are summed each by
/// itself, then in order.
final class UnfoldedWeightGradient: WeightGradient {
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  /// All pictures.
  private let pictures: Int

  /// Of `pictures`, of which `input` and `output` are some.
  init(_ window: Window, _ input: Shape, _ output: Shape, of pictures: Int, _ loops: LoopTable) {
    (self.loops, self.pictures) = (loops, pictures)
    job = .allocate(capacity: 1)
    job.initialize(
      to: ConvolutionJob(
        algorithm: .planar, pictures: input.n, input: (input.c, input.h, input.w),
        output: (output.c, output.h, output.w), kernel: window.kernel.pair,
        stride: window.stride.pair, padding: window.padding.pair, dilation: window.dilation.pair))
    job.pointee.outputPictures = pictures
  }

  deinit { job.deallocate() }

  /// Pixels that are unfolded at a time, and those of a part.
  private static let together = 240
  private static let pixelsOfPart = 16 * together

  private var planeCount: Int { job.pointee.outputHeight * job.pointee.outputWidth }
  private var parts: Int { (planeCount + Self.pixelsOfPart - 1) / Self.pixelsOfPart }
  /// Rows of products, and floats of them.
  private var rows: Int { ConvolutionJob.productRows(job.pointee.depth) }
  private var productCount: Int { rows * job.pointee.outputBlocks * channelBlock }

  var sumCount: Int { pictures * parts * productCount }
  var sharedWorkspace: Int { sumCount }
  var workspacePerWorker: Int { rows * Self.together }

  func add(
    _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, first: Int, _ workers: Workers
  ) {
    let (job, loops, planeCount, parts, productCount) = (
      job, loops, planeCount, parts, productCount
    )
    job.pointee.input = input
    let sums = workers.shared + first * parts * productCount
    let blocks = 0..<job.pointee.inputBlocks
    workers.run(job.pointee.pictures * parts) { task, scratch in
      let picture = task / parts
      let pixels = part(task % parts, of: planeCount, size: Self.pixelsOfPart)
      for start in stride(from: pixels.lowerBound, to: pixels.upperBound, by: Self.together) {
        let end = min(pixels.upperBound, start + Self.together)
        let (begin, stop) = (picture * planeCount + start, picture * planeCount + end)
        loops.prepare(job, begin..<stop, blocks, Self.together, 0, scratch, scratch)
        loops.multiplyGradient(
          job, 0, 0, scratch, gradient + begin * channelBlock, Self.together, end - start,
          sums + task * productCount, start > pixels.lowerBound)
      }
    }
  }

  func finish(to gradient: UnsafeMutablePointer<Float>, _ workers: Workers) {
    let (job, rows, productCount) = (job.pointee, rows, productCount)
    let (sums, count) = (workers.shared, pictures * parts)
    let (inputs, taps) = (job.inputChannels, job.kernelHeight * job.kernelWidth)
    workers.run(job.outputChannels) { output, _ in
      let column = output / channelBlock * rows * channelBlock + output % channelBlock
      for input in 0..<inputs {
        for tap in 0..<taps {
          let place = column + (tap * inputs + input) * channelBlock
          var total = 0.0
          for part in 0..<count { total += Double(sums[part * productCount + place]) }
          gradient[(output * inputs + input) * taps + tap] = Float(total)
        }
      }
    }
  }
}
