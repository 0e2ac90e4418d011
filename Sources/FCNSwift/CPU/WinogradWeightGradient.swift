import FCNLoopTypes

/// The gradient of a 3×3 convolution by its weights, summed in the transformed domain of F(4×4, 3×3) or
/// F(6×6, 3×3): a quarter or less of the products of the definition. Tiles are taken a fixed number at a
/// time, in order.
final class WinogradWeightGradient: WeightGradient {
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  /// Tiles that are transformed together.
  private let capacity: Int

  /// `pictures` are those of the values that `input` and `output` are some pictures of. `rounds` products'
  /// factors to 16 bits.
  init(
    _ window: Window, _ input: Shape, _ output: Shape, of pictures: (input: Int, output: Int),
    _ loops: LoopTable, rounds: Bool
  ) {
    self.loops = loops
    job = .allocate(capacity: 1)
    let jobs = [ConvolutionAlgorithm.winograd4, .winograd6].map {
      ConvolutionJob(
        algorithm: $0, pictures: input.n, input: (input.c, input.h, input.w),
        output: (output.c, output.h, output.w), kernel: (3, 3), stride: (1, 1),
        padding: window.padding.pair, dilation: window.dilation.pair)
    }
    // Sums that are brought in and put back take as long as the products of some tiles.
    func cost(_ job: ConvolutionJob) -> Int { job.algorithm.positions * (job.rows + 24) }
    job.initialize(to: !rounds && cost(jobs[1]) < cost(jobs[0]) ? jobs[1] : jobs[0])
    if rounds { (job.pointee.precision, job.pointee.sumsRows) = (.bfloat16, true) }
    (job.pointee.inputPictures, job.pointee.outputPictures) = pictures
    let each =
      job.pointee.algorithm.positions * channelBlock
      * (job.pointee.inputBlocks + job.pointee.outputBlocks)
    capacity = roundUp(
      min(job.pointee.rows, max(64, (4 << 20) / each)), toMultipleOf: channelBlock)
  }

  deinit { job.deallocate() }

  private var positions: Int { job.pointee.algorithm.positions }
  private var positionStride: Int {
    (job.pointee.inputBlocks * job.pointee.outputBlocks * channelBlock + 1) * channelBlock
  }
  private var leftCount: Int { positions * job.pointee.leftStride(capacity) }
  private var rightCount: Int { positions * job.pointee.gradientStride(capacity) }

  var sumCount: Int { positions * positionStride }
  var sharedWorkspace: Int { sumCount + leftCount + rightCount }
  var workspacePerWorker: Int { job.pointee.patchCount }

  func add(
    _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, first: Int, _ workers: Workers
  ) {
    let (job, loops, capacity, positionStride) = (job, loops, capacity, positionStride)
    job.pointee.input = input
    let sums = workers.shared
    let (left, right) = (sums + sumCount, sums + sumCount + leftCount)
    let (inputBlocks, outputBlocks) = (job.pointee.inputBlocks, job.pointee.outputBlocks)
    for start in stride(from: 0, to: job.pointee.rows, by: capacity) {
      let rows = start..<min(job.pointee.rows, start + capacity)
      workers.run(inputBlocks + outputBlocks) { task, scratch in
        if task < inputBlocks {
          loops.prepare(job, rows, task..<task + 1, capacity, 0, left, scratch)
        } else {
          loops.prepareGradient(
            job, gradient, rows, task - inputBlocks, capacity, right, scratch)
        }
      }
      let adding = first > 0 || start > 0
      workers.run(positions * inputBlocks) { task, _ in
        let (position, block) = (task / inputBlocks, task % inputBlocks)
        let place =
          position * positionStride + block * outputBlocks * channelBlock * channelBlock
        loops.multiplyGradient(
          job, position, block, left, right, capacity, rows.count, sums + place, adding)
      }
    }
  }

  func finish(to gradient: UnsafeMutablePointer<Float>, _ workers: Workers) {
    let (job, loops, positionStride) = (job, loops, positionStride)
    let sums = workers.shared
    let perBlock = job.pointee.outputBlocks * channelBlock * channelBlock
    workers.run(job.pointee.inputBlocks) { block, scratch in
      loops.finishGradient(job, block, sums + block * perBlock, positionStride, gradient, scratch)
    }
  }
}
