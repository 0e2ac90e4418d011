import FCNLoopTypes

/// Transposed convolution by phases of planar values: one convolution with a small kernel and stride² times
/// as many channels makes all phases at once.
final class PhasedTransposedConvolution: PreparedForm {
  let operation: TransposedConvolution
  let loops: LoopTable
  let job: UnsafeMutablePointer<ConvolutionJob>
  let phases: TransposedPhases
  private let panels: [ConvolutionPanel]
  /// Positions whose products are made together.
  let rows: Int

  init?(_ operation: TransposedConvolution, _ request: FormRequest) {
    guard operation.groups == 1, let kept = request.kept,
      let phases = TransposedPhases(operation, request.inputs[0], kept)
    else { return nil }
    self.operation = operation
    loops = request.loops
    self.phases = phases
    job = .allocate(capacity: 1)
    job.initialize(
      to: phases.job(.planar, request.inputs[0], channels: kept.shape.c * phases.count))
    panels = ConvolutionPanel.dividing(job.pointee.outputBlocks, by: loops.panelBlocks)
    rows = roundUp(min(job.pointee.rows, 48), toMultipleOf: microKernelRows)
  }

  deinit { job.deallocate() }

  var packing: String? { "phases.\(loops.panelBlocks)" }
  /// Of what is made.
  var output: Shape { phases.output }
  var biasCount: Int { roundUp(output.c, toMultipleOf: channelBlock) }
  var packedCount: Int { biasCount + job.pointee.outputBlocks * channelBlock * job.pointee.depth }

  /// A bias for every channel, zeros without one; the panels of the small convolution's weights, whose
  /// output channels are (channel, phase down, phase across).
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let count = phases.count
    let phased = try phases.kernels(
      of: parameters[0], channels: job.pointee.outputChannels, pool
    ) { channel, phase in channel * count + phase }
    let biasCount = biasCount
    let memory = try AlignedMemory(count: packedCount)
    memory.pointer.update(repeating: 0, count: biasCount)
    if operation.bias { memory.pointer.update(from: parameters[1].pointer, count: output.c) }
    pool.run(panels.count) { [self] task, _ in
      loops.pack(
        self.job, phased.pointer, panels[task].block, panels[task].width,
        memory.pointer + biasCount)
    }
    return memory
  }

  private var aCount: Int { roundUp(rows * job.pointee.depth, toMultipleOf: channelBlock) }
  private var mCount: Int { rows * job.pointee.outputBlocks * channelBlock }
  var workspacePerWorker: Int { aCount + mCount + (ranks ? rankingCount : 0) }

  var work: StepWork? {
    let window = operation.window
    let job = job.pointee
    let pairs = Double(job.pictures * job.inputChannels * output.c)
    let spread = Double(window.kernel.h * window.kernel.w * job.inputHeight * job.inputWidth)
    return StepWork(
      nominal: 2 * pairs * spread,
      performed: 2 * Double(job.rows * job.depth) * Double(job.outputChannels),
      bytes: 4 * Double(output.count))
  }

  func forward(_ call: ForwardCall) { forward(call, pictures: 0..<output.n) }

  func forward(_ call: ForwardCall, pictures: Range<Int>) {
    let bias = UnsafePointer(call.packed.pointer)
    makeProducts(call, pictures) { [self] some, channels, m, _ in
      store(some, channels, m, bias, call.output, firstPicture: pictures.lowerBound)
    }
  }

  /// Hands to `use` positions, the channels whose products are complete, while these are in a near cache,
  /// and a worker's products of the positions and what scratch it has beyond them. Each position is one
  /// worker's, and its channels come in order.
  func makeProducts(
    _ call: ForwardCall, _ pictures: Range<Int>,
    _ use:
      @escaping (
        _ some: Range<Int>, _ channels: Range<Int>, _ m: UnsafePointer<Float>,
        _ rest: UnsafeMutablePointer<Float>
      ) -> Void
  ) {
    job.pointee.input = UnsafePointer(call.input.pointer)
    job.pointee.weights = UnsafePointer(call.packed.pointer) + biasCount
    let (job, loops, panels) = (job, loops, panels)
    // A task makes whole lines of positions, whose pixels no other task writes.
    let lines = max(1, rows / job.pointee.outputWidth)
    let perPicture = (job.pointee.outputHeight + lines - 1) / lines
    call.workers.run(pictures.count * perPicture) { [self] task, scratch in
      let (picture, index) = (pictures.lowerBound + task / perPicture, task % perPicture)
      let span = part(index, of: job.pointee.outputHeight, size: lines)
      let width = job.pointee.outputWidth
      let all =
        (picture * job.pointee.outputHeight + span.lowerBound)
        * width..<(picture * job.pointee.outputHeight + span.upperBound) * width
      for first in stride(from: all.lowerBound, to: all.upperBound, by: rows) {
        let some = first..<min(all.upperBound, first + rows)
        let m = scratch + aCount
        loops.prepare(job, some, 0..<1, rows, 0, scratch, scratch)
        var used = 0
        for panel in panels {
          loops.multiply(
            job, 0..<1, panel.block, panel.width, scratch, rows, 0..<some.count,
            m + rows * panel.block * channelBlock)
          let columns = (panel.block + panel.width) * channelBlock
          let end = min(output.c, columns / phases.count)
          use(some, used..<end, m, m + mCount)
          used = end
        }
      }
    }
  }

  /// Spreads the phases of each position over channels of the output.
  private func store(
    _ some: Range<Int>, _ channels: Range<Int>, _ m: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, _ output: Tensor, firstPicture: Int
  ) {
    phases.forEachLine(of: some) { picture, y, x, row, count in
      for channel in channels {
        for phase in 0..<operation.window.stride.h {
          let top = (phases.start.h + y) * operation.window.stride.h + phase - phases.margin.h
          guard top >= 0, top < output.shape.h else { continue }
          let plane = ((picture - firstPicture) * output.shape.c + channel) * output.shape.h
          storeLine(
            m, row: row, count, x: x, channel, phase, bias[channel],
            output.pointer + (plane + top) * output.shape.w, output.shape.w)
        }
      }
    }
  }

  /// Writes what `count` positions of a line, the first of which is row `row` of the products and column `x`,
  /// make of a line of a channel.
  @inline(__always)
  private func storeLine(
    _ m: UnsafePointer<Float>, row: Int, _ count: Int, x: Int, _ channel: Int, _ phase: Int,
    _ bias: Float, _ line: UnsafeMutablePointer<Float>, _ lineWidth: Int
  ) {
    let across = operation.window.stride.w
    let first = (channel * operation.window.stride.h + phase) * across
    let products = Products(m, first, self)
    let left = (phases.start.w + x) * across - phases.margin.w
    // Positions all of whose columns are there.
    let isRun = across % 8 == 0 && products.run >= across
    let end = isRun ? min(count, max(0, lineWidth - left) / across) : 0
    let whole = min(end, max(0, across - 1 - left) / across)..<end
    let source = products.first + row * products.stride
    if !whole.isEmpty {
      for i in stride(from: 0, to: across, by: 8) {
        for position in whole {
          let eight =
            UnsafeRawPointer(source + position * products.stride + i)
            .loadUnaligned(as: SIMD8<Float>.self) + bias
          UnsafeMutableRawPointer(line + left + position * across + i)
            .storeBytes(of: eight, as: SIMD8<Float>.self)
        }
      }
    }
    for position in 0..<count where !whole.contains(position) {
      let left = left + position * across
      for column in max(0, -left)..<max(max(0, -left), min(across, lineWidth - left)) {
        let products = Products(m, first + column, self)
        line[left + column] = products.first[(row + position) * products.stride] + bias
      }
    }
  }

  /// Where the products of a column lie.
  struct Products {
    /// Of the first row; how far apart rows are; how many columns lie together.
    let first: UnsafePointer<Float>
    let stride, run: Int

    @inline(__always)
    init(_ m: UnsafePointer<Float>, _ column: Int, _ form: PhasedTransposedConvolution) {
      let (blocks, panelBlocks) = (form.job.pointee.outputBlocks, form.loops.panelBlocks)
      let ends = blocks / panelBlocks * panelBlocks
      let block = column / channelBlock
      let (first, width) =
        block < ends ? (block / panelBlocks * panelBlocks, panelBlocks) : (ends, blocks - ends)
      stride = width * channelBlock
      let within = column - first * channelBlock
      self.first = m + form.rows * first * channelBlock + within
      run = stride - within
    }
  }
}
