import FCNLoopTypes

/// Transposed convolution by phases of values in channel blocks: a block of the small convolution's
/// channels is a block of the output's in one phase, so pixels are stored as they are made.
final class BlockedTransposedConvolution: PreparedForm {
  private let operation: TransposedConvolution
  private let phases: TransposedPhases
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  private let panels: [ConvolutionPanel]
  /// Positions that a task makes.
  private let rows: Int

  init?(_ operation: TransposedConvolution, _ request: FormRequest) {
    let input = request.inputs[0]
    // Scores are wanted planar, and of few channels blocks would be mostly zeros.
    guard operation.groups == 1, let kept = request.kept, !request.makesScores,
      5 * kept.shape.c >= 4 * roundUp(kept.shape.c, toMultipleOf: channelBlock),
      let phases = TransposedPhases(operation, input, kept)
    else { return nil }
    self.operation = operation
    loops = request.loops
    self.phases = phases
    job = .allocate(capacity: 1)
    job.initialize(
      to: phases.job(
        .unfolded, input,
        channels: phases.count * roundUp(kept.shape.c, toMultipleOf: channelBlock)))
    panels = ConvolutionPanel.dividing(job.pointee.outputBlocks, by: loops.panelBlocks)
    // Weights should meet many rows each time that they come by, rows of which half a megabyte stays in the
    // second-level cache, but there should be tasks for many threads.
    let fitting = max(48, min(240, (1 << 17) / job.pointee.depth))
    rows = roundUp(
      min(fitting, max(48, (job.pointee.rows + 15) / 16)), toMultipleOf: microKernelRows)
  }

  deinit { job.deallocate() }

  /// Blocks of the output's channels.
  private var channelBlocks: Int { job.pointee.outputBlocks / phases.count }

  var packing: String? { "blocked phases.\(loops.panelBlocks)" }
  private var biasCount: Int { channelBlocks * channelBlock }
  var packedCount: Int { biasCount + job.pointee.outputBlocks * channelBlock * job.pointee.depth }

  /// A bias for every channel, zeros without one; the panels of the small convolution's weights, whose
  /// output channels are (phase down, phase across, channel).
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let (count, job, loops, panels) = (biasCount, job, loops, panels)
    let kernels = try phases.kernels(
      of: parameters[0], channels: job.pointee.outputChannels, pool
    ) { channel, phase in phase * count + channel }
    let memory = try AlignedMemory(count: packedCount)
    memory.pointer.update(repeating: 0, count: count)
    if operation.bias {
      memory.pointer.update(from: parameters[1].pointer, count: phases.output.c)
    }
    let weights = memory.pointer + count
    pool.run(panels.count) { task, _ in
      loops.pack(job, kernels.pointer, panels[task].block, panels[task].width, weights)
    }
    return memory
  }

  private var aCount: Int { job.pointee.leftStride(rows) }
  var workspacePerWorker: Int {
    aCount + ConvolutionJob.productRows(rows) * loops.panelBlocks * channelBlock
  }

  var work: StepWork? {
    let (kernel, job) = (operation.window.kernel, job.pointee)
    let pairs = Double(job.pictures * job.inputChannels * phases.output.c)
    return StepWork(
      nominal: 2 * pairs * Double(kernel.h * kernel.w * job.inputHeight * job.inputWidth),
      performed: 2 * Double(job.rows * job.depth) * Double(job.outputChannels),
      bytes: 4 * Double(phases.output.count + job.outputBlocks * channelBlock * job.depth))
  }

  func forward(_ call: ForwardCall) {
    let (job, loops, panels, phases, rows) = (job, loops, panels, phases, rows)
    let (aCount, channelBlocks) = (aCount, channelBlocks)
    job.pointee.input = UnsafePointer(call.input.pointer)
    job.pointee.weights = UnsafePointer(call.packed.pointer) + biasCount
    let bias = UnsafePointer(call.packed.pointer).pixels
    let output = call.output.pointer.pixels
    call.workers.run((job.pointee.rows + rows - 1) / rows) { task, scratch in
      let some = part(task, of: job.pointee.rows, size: rows)
      let m = scratch + aCount
      loops.prepare(job, some, 0..<job.pointee.inputBlocks, rows, 0, scratch, scratch)
      for panel in panels {
        loops.multiply(
          job, 0..<1, panel.block, panel.width, scratch, rows, 0..<some.count, m)
        for block in 0..<panel.width {
          let (phase, channels) = (panel.block + block).quotientAndRemainder(
            dividingBy: channelBlocks)
          phases.store(
            some, UnsafePointer(m).pixels + block, panel.width, bias[channels], phase, channels,
            output)
        }
      }
    }
  }
}

extension TransposedPhases {
  /// Writes what the positions `some` make of a block of channels in one phase; products of a position are
  /// `width` blocks from those of the next.
  fileprivate func store(
    _ some: Range<Int>, _ products: UnsafePointer<SIMD16<Float>>, _ width: Int,
    _ bias: SIMD16<Float>, _ phase: Int, _ block: Int,
    _ pixels: UnsafeMutablePointer<SIMD16<Float>>
  ) {
    let (down, across) = phase.quotientAndRemainder(dividingBy: stride.w)
    forEachLine(of: some) { picture, y, x, row, count in
      let top = (start.h + y) * stride.h + down - margin.h
      guard top >= 0, top < output.h else { return }
      let line = pixels + ((block * output.n + picture) * output.h + top) * output.w
      let left = (start.w + x) * stride.w + across - margin.w
      let source = products + row * width
      for position in 0..<count {
        let column = left + position * stride.w
        if column >= 0, column < output.w { line[column] = source[position * width] + bias }
      }
    }
  }
}
