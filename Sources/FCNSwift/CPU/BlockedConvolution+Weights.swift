import FCNLoopTypes

extension ConvolutionJob {
  /// Floats' room that takes what `weights` points to: factors of the input's channels, scales, panels.
  var weightCount: Int {
    inputFactorCount + outputBlocks * channelBlock * (packedScales + packedDepth)
  }
}

// How weights are packed.
extension BlockedConvolution {
  var packing: String? {
    let job = job.pointee
    // Integers have scales that follow from the algorithm.
    let kernels = job.precision == .float32 ? "kernels" : "kernels for \(job.algorithm)"
    let numbers = job.multipliesBytes ? "bytes" : "\(job.precision)"
    // Weights have the scales of the bytes that they multiply.
    return
      "\(job.keepsKernels ? kernels : "\(job.algorithm)").\(numbers).\(loops.panelBlocks)"
      + (inputBytes?.identity ?? "")
  }

  var packedCount: Int { job.pointee.outputBlocks * channelBlock + job.pointee.weightCount }

  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let memory = try AlignedMemory(count: packedCount)
    // A panel of transformed kernels has a part in each position, far from the next.
    if job.pointee.algorithm.isWinograd { memory.bringIn(pool) }
    let weight = parameters[0]
    pack(
      weight: weight.pointer, bias: hasBias ? parameters[1].pointer : nil, to: memory.pointer, pool
    ) { weight.forget($0) }
    return memory
  }

  /// A bias for every output channel, zeros up to a whole block; then the panels, with what stands before
  /// them. `isDone` hears which output channels' weights have been read; they may be read again.
  func pack(
    weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    to packed: UnsafeMutablePointer<Float>, _ pool: WorkerPool,
    isDone: @escaping (Range<Int>) -> Void = { _ in }
  ) {
    let job = job.pointee
    let channels = job.outputBlocks * channelBlock
    packed.update(repeating: 0, count: channels)
    if let bias { packed.update(from: bias, count: job.outputChannels) }
    let outputs = panels.map {
      let first = $0.block * channelBlock
      return first..<min(job.outputChannels, first + $0.width * channelBlock)
    }
    if job.inputFactorCount > 0 {
      InputFactors(inputs: job.inputChannels, taps: job.kernelHeight * job.kernelWidth)
        .write(of: weight, outputs, to: packed + channels, pool, isDone: isDone)
    }
    pool.run(panels.count) { [self] task, _ in
      let panel = panels[task]
      loops.pack(self.job, weight, panel.block, panel.width, packed + channels)
      isDone(outputs[task])
    }
  }
}
