import FCNLoopTypes

/// The gradient of a 3×3 convolution by its weights, summed in F(4×4, 3×3)'s transformed domain: a
/// quarter of the products of the definition. Tiles are taken a fixed number at a time, in order.
final class WinogradWeightGradient {
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  /// Tiles that are transformed together.
  private let capacity: Int

  init(_ window: Window, _ input: Shape, _ output: Shape, _ loops: LoopTable) {
    self.loops = loops
    job = .allocate(capacity: 1)
    job.initialize(
      to: ConvolutionJob(
        algorithm: .winograd4, pictures: input.n, input: (input.c, input.h, input.w),
        output: (output.c, output.h, output.w), kernel: (3, 3), stride: (1, 1),
        padding: window.padding.pair, dilation: window.dilation.pair))
    let each = 36 * channelBlock * (job.pointee.inputBlocks + job.pointee.outputBlocks)
    capacity = roundUp(
      min(job.pointee.rows, max(64, (4 << 20) / each)), toMultipleOf: channelBlock)
  }

  deinit { job.deallocate() }

  /// Sums of all positions, which must stay as they are between `add` and `finish`.
  var sumCount: Int { 36 * positionStride }
  private var positionStride: Int {
    (job.pointee.inputBlocks * job.pointee.outputBlocks * channelBlock + 1) * channelBlock
  }
  private var leftCount: Int { 36 * job.pointee.leftStride(capacity) }
  private var rightCount: Int { 36 * job.pointee.gradientStride(capacity) }

  /// Scratch floats that workers share, the sums first; and that each needs.
  var sharedWorkspace: Int { sumCount + leftCount + rightCount }
  var workspacePerWorker: Int { 2 * 36 * channelBlock }

  /// Adds what a group of pictures gives; `input` and `gradient` are blocked.
  func add(
    _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, isFirst: Bool,
    _ workers: Workers
  ) {
    let (job, loops, capacity, positionStride) = (job, loops, capacity, positionStride)
    job.pointee.input = input
    let sums = workers.shared
    let (left, right) = (sums + sumCount, sums + sumCount + leftCount)
    let (inputBlocks, outputBlocks) = (job.pointee.inputBlocks, job.pointee.outputBlocks)
    for first in stride(from: 0, to: job.pointee.rows, by: capacity) {
      let rows = first..<min(job.pointee.rows, first + capacity)
      workers.run(inputBlocks + outputBlocks) { task, scratch in
        if task < inputBlocks {
          loops.prepare(job, rows, task..<task + 1, capacity, 0, left, scratch)
        } else {
          loops.prepareGradient(
            job, gradient, rows, task - inputBlocks, capacity, right, scratch)
        }
      }
      let adding = !isFirst || first > 0
      workers.run(36 * inputBlocks) { task, _ in
        let (position, block) = (task / inputBlocks, task % inputBlocks)
        let place =
          position * positionStride + block * outputBlocks * channelBlock * channelBlock
        loops.multiplyGradient(
          job, position, block, left, right, capacity, rows.count, sums + place, adding)
      }
    }
  }

  /// Writes the gradient, out×in×3×3.
  func finish(to gradient: UnsafeMutablePointer<Float>, _ workers: Workers) {
    let (job, loops, positionStride) = (job, loops, positionStride)
    let sums = workers.shared
    let perBlock = job.pointee.outputBlocks * channelBlock * channelBlock
    workers.run(job.pointee.inputBlocks) { block, scratch in
      loops.finishGradient(job, block, sums + block * perBlock, positionStride, gradient, scratch)
    }
  }
}
