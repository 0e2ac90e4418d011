import FCNLoopTypes

/// Convolution over channel-blocked tensors by our own loops, with what follows it done while its
/// results are at hand.
final class BlockedConvolution: PreparedForm {
  let loops: LoopTable
  let job: UnsafeMutablePointer<ConvolutionJob>
  /// See `ConvolutionJob.notFinite`.
  private let notFinite: UnsafeMutablePointer<Int32>
  let blocking: ConvolutionBlocking
  let panels: [ConvolutionPanel]
  /// What the bytes mean that it reads, adds and makes.
  private let tables:
    (input: ByteChannelTable?, residual: ByteChannelTable?, output: ByteChannelTable?)
  let inputBytes: ByteScaling?
  /// Of weights that become bytes.
  private let rounding: ByteRounding?

  /// nil where `algorithm` does not serve the request in `precision`.
  init?(
    _ operation: Convolution, _ request: FormRequest, _ algorithm: ConvolutionAlgorithm,
    _ precision: ConvolutionPrecision = .float32
  ) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    let isForTraining =
      precision == .bfloat16 && algorithm == .winograd4 && input.c % channelBlock == 0
    guard operation.groups == 1, algorithm.serves(window, input.c, request.epilogue),
      algorithm.multiplies(precision) || isForTraining,
      !precision.isInteger || operation.mayUseIntegers(input.c),
      algorithm != .shifted || request.loops.multipliesTiles
    else { return nil }
    let bytes = request.bytes
    // Of what becomes bytes anyway.
    if precision == .bfloat16, !isForTraining {
      guard input.c <= ConvolutionJob.gridFloatChannels, bytes.output != nil,
        !request.epilogue.addsResidual
      else { return nil }
    }
    inputBytes = precision == .int8 ? bytes.input : nil
    guard precision != .int8 || inputBytes != nil else { return nil }
    makesBytes =
      bytes.output != nil
      && (precision == .int8 || precision == .bfloat16 || algorithm == .planar)
    tables = (
      inputBytes.flatMap(ByteChannelTable.init), bytes.residual.flatMap(ByteChannelTable.init),
      makesBytes ? bytes.output.flatMap(ByteChannelTable.init) : nil
    )
    guard (tables.input != nil) == (inputBytes != nil), (tables.output != nil) == makesBytes,
      (tables.residual != nil) == (bytes.residual != nil)
    else { return nil }
    var prototype = ConvolutionJob(
      algorithm: algorithm, pictures: input.n, input: (input.c, input.h, input.w),
      output: (output.c, output.h, output.w), kernel: window.kernel.pair,
      stride: window.stride.pair, padding: window.padding.pair, dilation: window.dilation.pair,
      activation: request.epilogue.activation,
      pooled: request.epilogue.pooled.map { ($0.h, $0.w) })
    prototype.precision = precision
    prototype.multipliesBytes =
      precision == .int8 && !algorithm.isWinograd && algorithm != .shifted
      && request.loops.multipliesBytes
    rounding =
      prototype.multipliesBytes || algorithm == .shifted && precision == .int8
      ? ByteRounding(prototype) : nil
    (prototype.tapOrder, prototype.tapShares) = (rounding?.order, rounding?.shares)
    prototype.inputBytes = tables.input?.channels
    prototype.residualBytes = tables.residual?.channels
    prototype.outputBytes = tables.output?.channels
    guard algorithm != .shifted || prototype.depth <= ConvolutionJob.tileTerms else { return nil }
    job = .allocate(capacity: 1)
    notFinite = .allocate(capacity: 1)
    notFinite.initialize(to: 0)
    prototype.notFinite = notFinite
    loops = request.loops
    blocking = ConvolutionBlocking(prototype, panelBlocks: loops.panelBlocks)
    job.initialize(to: prototype)
    job.pointee.keepsKernels = blocking.division == .byKernels
    panels = ConvolutionPanel.dividing(prototype.outputBlocks, by: loops.panelBlocks)
    hasBias = operation.bias
  }

  deinit {
    job.deallocate()
    notFinite.deallocate()
  }

  let hasBias: Bool
  let makesBytes: Bool
  var addsBytes: Bool { tables.residual != nil }

  func hidNotFinite() -> Bool {
    defer { notFinite.pointee = 0 }
    return notFinite.pointee != 0
  }

  var cost: Double? { ConvolutionCost.estimate(job.pointee, loops) }

  var work: StepWork? {
    let job = job.pointee
    let outputs = Double(job.outputChannels)
    let pixels = Double(job.pictures * job.outputHeight * job.outputWidth)
    let taps = Double(job.kernelHeight * job.kernelWidth * job.inputChannels)
    let products = Double(job.algorithm.positions * job.depth) * outputs
    let inputs = Double(job.pictures * job.inputHeight * job.inputWidth * job.inputChannels)
    let results = job.pooled.map { Double(job.pictures * $0.height * $0.width) } ?? pixels
    return StepWork(
      nominal: 2 * pixels * taps * outputs, performed: 2 * Double(job.rows) * products,
      bytes: 4 * (inputs + results * outputs) + Double(job.precision.byteCount) * products)
  }

  // MARK: Computing

  var workspacePerWorker: Int { blocking.workspacePerWorker }
  var sharedWorkspace: Int { blocking.sharedWorkspace }

  func forward(_ call: ForwardCall) {
    let packed = call.packed
    compute(
      call.input.pointer, residual: call.inputs.count > 1 ? call.inputs[1].pointer : nil,
      packed: packed.pointer, to: call.output.pointer, call.workers)
  }

  /// The same on blocked memory, with weights as `pack` left them.
  func compute(
    _ input: UnsafePointer<Float>, residual: UnsafePointer<Float>?, packed: UnsafePointer<Float>,
    to output: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    job.pointee.input = input
    job.pointee.residual = residual
    job.pointee.output = output
    job.pointee.bias = packed
    job.pointee.weights = packed + job.pointee.outputBlocks * channelBlock
    switch blocking.division {
    case .inPlace: multiplyInPlace(workers)
    case .apart: computeApart(workers)
    case .byPanel: computeByPanel(workers)
    case .byPosition: computeByPosition(workers)
    case .byKernels: computeByKernels(workers)
    case .byBand: computeByBand(workers)
    }
  }

  /// A task makes its rows and multiplies them by all weights.
  private func computeApart(_ workers: Workers) {
    let (job, loops, blocking, panels) = (job, loops, blocking, panels)
    let finishesPixels = job.pointee.finishesPixels
    let count = job.pointee.rows
    let blocks = 0..<job.pointee.inputBlocks
    let positions = 0..<job.pointee.algorithm.positions
    workers.run(blocking.taskCount(count)) { task, scratch in
      let rows = part(task, of: count, size: blocking.rows)
      let (a, m) = (scratch + blocking.patchCount, scratch + blocking.patchCount + blocking.aCount)
      loops.prepare(job, rows, blocks, blocking.rows, 0, a, scratch)
      for panel in panels {
        if finishesPixels {
          loops.multiplyPixels(job, panel.block, panel.width, a, blocking.rows, rows, m)
          continue
        }
        loops.multiply(
          job, positions, panel.block, panel.width, a, blocking.rows, 0..<rows.count, m)
        loops.finish(job, rows, panel.block, panel.width, m, scratch)
      }
    }
  }

  /// Makes `rows` of the left-hand matrices in shared memory, all threads together.
  private func prepareTogether(_ rows: Range<Int>, _ workers: Workers) {
    let (job, loops, blocking) = (job, loops, blocking)
    let blocks = job.pointee.inputBlocks
    let a = workers.shared
    let slices = blocking.taskCount(rows.count, of: blocking.preparedRows)
    workers.run(slices * (blocking.preparesByBlock ? blocks : 1)) { task, scratch in
      let slice = part(task % slices, of: rows.count, size: blocking.preparedRows)
      let some = blocking.preparesByBlock ? task / slices..<task / slices + 1 : 0..<blocks
      loops.prepare(
        job, rows.lowerBound + slice.lowerBound..<rows.lowerBound + slice.upperBound, some,
        blocking.rows, slice.lowerBound, a, scratch)
    }
  }

  /// Rows are made by all; then a task multiplies some of them by a panel.
  private func computeByPanel(_ workers: Workers) {
    let (job, loops, blocking, panels) = (job, loops, blocking, panels)
    let count = job.pointee.rows
    let positions = 0..<job.pointee.algorithm.positions
    let a = workers.shared
    for first in stride(from: 0, to: count, by: blocking.rows) {
      let rows = first..<min(count, first + blocking.rows)
      prepareTogether(rows, workers)
      let parts = blocking.taskCount(rows.count, of: blocking.multipliedRows)
      workers.run(parts * panels.count) { task, scratch in
        let panel = panels[task / parts]
        let slice = part(task % parts, of: rows.count, size: blocking.multipliedRows)
        let m = scratch + blocking.patchCount
        loops.multiply(
          job, positions, panel.block, panel.width, a, blocking.rows, slice, m)
        loops.finish(
          job, first + slice.lowerBound..<first + slice.upperBound, panel.block, panel.width, m,
          scratch)
      }
    }
  }

  /// Rows are made by all; then a task transforms the kernels of a panel and multiplies by them.
  private func computeByKernels(_ workers: Workers) {
    let (job, loops, blocking, panels) = (job, loops, blocking, panels)
    let a = workers.shared
    for first in stride(from: 0, to: job.pointee.rows, by: blocking.rows) {
      let rows = first..<min(job.pointee.rows, first + blocking.rows)
      prepareTogether(rows, workers)
      workers.run(panels.count) { task, scratch in
        let (panel, m) = (panels[task], scratch + blocking.patchCount)
        loops.multiplyKernels(
          job, panel.block, panel.width, a, blocking.rows, rows.count, m, m + blocking.mCount)
        loops.finish(job, rows, panel.block, panel.width, m, scratch)
      }
    }
  }

  /// Rows are made by all, then all products of a position by one, then all results.
  private func computeByPosition(_ workers: Workers) {
    let (job, loops, blocking, panels) = (job, loops, blocking, panels)
    let count = job.pointee.rows
    let positions = job.pointee.algorithm.positions
    let (a, m) = (workers.shared, workers.shared + blocking.aCount)
    for first in stride(from: 0, to: count, by: blocking.rows) {
      let rows = first..<min(count, first + blocking.rows)
      let padded = ConvolutionJob.productRows(rows.count)
      prepareTogether(rows, workers)
      let groups = (panels.count + blocking.panelsAtATime - 1) / blocking.panelsAtATime
      workers.run(positions * groups) { task, _ in
        let position = task / groups
        for index in part(task % groups, of: panels.count, size: blocking.panelsAtATime) {
          let panel = panels[index]
          loops.multiply(
            job, position..<position + 1, panel.block, panel.width, a, blocking.rows,
            0..<rows.count,
            m + panel.block * channelBlock * positions * padded)
        }
      }
      workers.run(panels.count) { task, scratch in
        let panel = panels[task]
        loops.finish(
          job, rows, panel.block, panel.width,
          m + panel.block * channelBlock * positions * padded, scratch)
      }
    }
  }

  /// The input is the left-hand matrix as it lies.
  private func multiplyInPlace(_ workers: Workers) {
    let (job, loops, blocking, panels) = (job, loops, blocking, panels)
    let pixels = job.pointee.inputHeight * job.pointee.inputWidth
    let all = job.pointee.pictures * pixels
    let parts = blocking.taskCount(pixels)
    let groups = (panels.count + blocking.panelsAtATime - 1) / blocking.panelsAtATime
    workers.run(job.pointee.pictures * parts * groups) { task, scratch in
      let picture = task / (parts * groups)
      let rows = part(task / groups % parts, of: pixels, size: blocking.rows)
      let floats = job.pointee.multipliesBytes ? channelBlock / 4 : channelBlock
      let a = job.pointee.input + (picture * pixels + rows.lowerBound) * floats
      for index in part(task % groups, of: panels.count, size: blocking.panelsAtATime) {
        let panel = panels[index]
        loops.multiplyPixels(
          job, panel.block, panel.width, a, all,
          picture * pixels + rows.lowerBound..<picture * pixels + rows.upperBound, scratch)
      }
    }
  }
}

extension ConvolutionJob {
  /// Whether products are finished as they are made: those of float32 and of bytes whose rows are pixels.
  fileprivate var finishesPixels: Bool {
    (precision == .float32 || multipliesBytes) && !algorithm.isWinograd
  }
}
