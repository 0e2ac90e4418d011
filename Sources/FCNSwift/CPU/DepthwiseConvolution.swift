import FCNLoopTypes

/// Convolution of each channel by itself, sixteen channels at a time, with what follows it done while its
/// results are at hand.
final class DepthwiseConvolution: PreparedForm {
  let loops: LoopTable
  let job: UnsafeMutablePointer<ConvolutionJob>
  private let hasBias: Bool

  /// nil where channels see each other, and where pooling is to follow.
  init?(_ operation: Convolution, _ request: FormRequest) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    guard operation.groups == input.c, output.c == input.c, input.c > 1,
      request.epilogue.pooled == nil, request.epilogue.cropped == nil
    else { return nil }
    job = .allocate(capacity: 1)
    job.initialize(to: ConvolutionJob(window, request))
    loops = request.loops
    hasBias = operation.bias
  }

  deinit { job.deallocate() }

  var packing: String? { "depthwise" }
  var packedCount: Int {
    job.pointee.outputBlocks * channelBlock
      * (1 + job.pointee.kernelHeight * job.pointee.kernelWidth)
  }

  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let memory = try AlignedMemory(count: packedCount)
    pack(parameters, to: memory.pointer)
    return memory
  }

  /// A bias for every channel, then [block][tap][16]; zeros up to a whole block.
  func pack(_ parameters: [Tensor], to memory: UnsafeMutablePointer<Float>) {
    let job = job.pointee
    let taps = job.kernelHeight * job.kernelWidth
    memory.update(repeating: 0, count: packedCount)
    if hasBias { memory.update(from: parameters[1].pointer, count: job.outputChannels) }
    let (weight, packed) = (parameters[0].pointer, memory + job.outputBlocks * channelBlock)
    for c in 0..<job.outputChannels {
      let start = c / channelBlock * taps * channelBlock + c % channelBlock
      for tap in 0..<taps { packed[start + tap * channelBlock] = weight[c * taps + tap] }
    }
  }

  /// Less than that of any form which multiplies matrices, a channel at a time.
  var cost: Double? { 0 }

  var work: StepWork? {
    let job = job.pointee
    let pixels = Double(job.pictures * job.outputHeight * job.outputWidth)
    let channels = Double(job.outputChannels)
    let inputs = Double(job.pictures * job.inputHeight * job.inputWidth)
    let taps = Double(job.kernelHeight * job.kernelWidth)
    return StepWork(
      nominal: 2 * pixels * taps * channels, performed: 2 * pixels * taps * channels,
      bytes: 4 * channels * (inputs + pixels + taps))
  }

  func forward(_ call: ForwardCall) {
    let (job, loops) = (job, loops)
    job.pointee.take(call)
    let lines = job.pointee.pictures * job.pointee.outputBlocks * job.pointee.outputHeight
    // Neighbouring lines share what they read.
    let size = max(1, min(job.pointee.outputHeight, 4096 / job.pointee.outputWidth))
    call.workers.run((lines + size - 1) / size) { task, _ in
      loops.convolveDepthwise(job, part(task, of: lines, size: size))
    }
  }
}
