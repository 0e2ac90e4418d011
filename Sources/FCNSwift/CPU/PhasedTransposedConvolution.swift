import FCNLoopTypes

/// Transposed convolution by phases: the output pixels y with the same y mod stride all see the input
/// through the same few taps of the kernel, ⌈kernel / stride⌉ of them, so that one convolution with a
/// small kernel and stride² times as many channels makes all phases at once. Of what is cropped after it,
/// only the part that stays is made.
final class PhasedTransposedConvolution: PreparedForm {
  let operation: TransposedConvolution
  let loops: LoopTable
  let job: UnsafeMutablePointer<ConvolutionJob>
  let output: Shape
  /// Rows and columns of the whole output before the first that is made.
  let margin: Extent
  /// The first position that is computed.
  let start: Extent
  private let panels: [ConvolutionPanel]
  /// Positions whose products are made together.
  let rows: Int

  init?(_ operation: TransposedConvolution, _ request: FormRequest) {
    let (input, window) = (request.inputs[0], operation.window)
    guard operation.groups == 1, let kept = request.kept else { return nil }
    let output = kept.shape
    let margin = Extent(
      window.padding.h + kept.offset.h, window.padding.w + kept.offset.w)
    self.operation = operation
    self.output = output
    self.margin = margin
    loops = request.loops
    let taps = Extent(
      (window.kernel.h + window.stride.h - 1) / window.stride.h,
      (window.kernel.w + window.stride.w - 1) / window.stride.w)
    // Position y makes rows y · stride − margin and the following.
    let start = Extent(margin.h / window.stride.h, margin.w / window.stride.w)
    let end = Extent(
      min(input.h + taps.h - 1, (margin.h + output.h + window.stride.h - 1) / window.stride.h),
      min(input.w + taps.w - 1, (margin.w + output.w + window.stride.w - 1) / window.stride.w))
    self.start = start
    job = .allocate(capacity: 1)
    job.initialize(
      to: ConvolutionJob(
        algorithm: .planar, pictures: input.n, input: (input.c, input.h, input.w),
        output: (
          output.c * window.stride.h * window.stride.w, end.h - start.h, end.w - start.w
        ), kernel: taps.pair, stride: (1, 1),
        padding: (taps.h - 1 - start.h, taps.w - 1 - start.w), dilation: (1, 1)))
    panels = ConvolutionPanel.dividing(job.pointee.outputBlocks, by: loops.panelBlocks)
    rows = roundUp(min(job.pointee.rows, 48), toMultipleOf: microKernelRows)
  }

  deinit { job.deallocate() }

  var packing: String? { "phases.\(loops.panelBlocks)" }
  var biasCount: Int { roundUp(output.c, toMultipleOf: channelBlock) }
  var packedCount: Int { biasCount + job.pointee.outputBlocks * channelBlock * job.pointee.depth }

  /// A bias for every channel, zeros without one; the panels of the small convolution's weights, whose
  /// output channels are (channel, phase down, phase across).
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let (window, job) = (operation.window, job.pointee)
    let (down, across) = (window.stride.h, window.stride.w)
    let weight = parameters[0]
    let phased = try Tensor(
      Shape(job.outputChannels, job.inputChannels, job.kernelHeight, job.kernelWidth))
    pool.run(weight.shape.n) { i, _ in
      for o in 0..<weight.shape.c {
        for j in 0..<window.kernel.h {
          for k in 0..<window.kernel.w {
            phased[
              (o * down + j % down) * across + k % across, i, job.kernelHeight - 1 - j / down,
              job.kernelWidth - 1 - k / across] = weight[i, o, j, k]
          }
        }
      }
    }
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
          let end = min(output.c, columns / phases)
          use(some, used..<end, m, m + mCount)
          used = end
        }
      }
    }
  }

  /// Output pixels that a position makes of each channel.
  var phases: Int { operation.window.stride.h * operation.window.stride.w }

  /// Calls `body` for each line of positions among `some`: its picture, its row and first column, the row
  /// of the products that is its first, and how many it has there.
  func forEachLine(
    of some: Range<Int>,
    _ body: (_ picture: Int, _ y: Int, _ x: Int, _ row: Int, _ count: Int) -> Void
  ) {
    let (height, width) = (job.pointee.outputHeight, job.pointee.outputWidth)
    var first = some.lowerBound
    while first < some.upperBound {
      let (line, x) = (first / width, first % width)
      let count = min(some.upperBound - first, width - x)
      body(line / height, line % height, x, first - some.lowerBound, count)
      first += count
    }
  }

  /// Spreads the phases of each position over channels of the output.
  private func store(
    _ some: Range<Int>, _ channels: Range<Int>, _ m: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, _ output: Tensor, firstPicture: Int
  ) {
    forEachLine(of: some) { picture, y, x, row, count in
      for channel in channels {
        for phase in 0..<operation.window.stride.h {
          let top = (start.h + y) * operation.window.stride.h + phase - margin.h
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
    let left = (start.w + x) * across - margin.w
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
