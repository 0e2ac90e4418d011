import FCNLoopTypes

/// Convolution of each channel by itself, or of a few with each other, with all its gradients. Too few
/// products share an operand for matrix products to pay: sums over taps of whole rows do.
final class DepthwiseTrainingConvolution: PreparedTrainingForm {
  private let input: Shape
  private let output: Shape
  private let groups: Int
  private let hasBias: Bool
  private let loops: LoopTable
  /// Weights of an output channel.
  private let kernelCount: Int
  /// A group's channels, as its forward and backward see them.
  private let roomyInput: RoomyPlanes
  private let roomyOutput: RoomyPlanes
  private let ahead: WindowTaps
  private let back: WindowTaps

  /// nil where groups are too large for that.
  init?(_ operation: Convolution, _ request: FormRequest) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    let (inputs, outputs) = (input.c / operation.groups, output.c / operation.groups)
    let taps = window.kernel.h * window.kernel.w
    guard operation.groups > 1, inputs <= Self.most, outputs <= Self.most,
      taps * max(inputs, outputs) <= Self.mostTaps,
      window.stride.h * window.stride.w <= Self.mostSteps, request.epilogue == Epilogue()
    else { return nil }
    (self.input, self.output) = (input, output)
    groups = operation.groups
    hasBias = operation.bias
    loops = request.loops
    kernelCount = inputs * taps
    let inputSize = Extent(input.h, input.w)
    let outputSize = Extent(output.h, output.w)
    roomyInput = RoomyPlanes(input: inputSize, of: inputs, under: window, output: outputSize)
    roomyOutput = RoomyPlanes(output: outputSize, of: outputs, under: window, input: inputSize)
    // Where windows reach far beyond small planes there would be more room than planes.
    let planes = inputs * input.planeCount + outputs * output.planeCount
    guard roomyInput.floatCount + roomyOutput.floatCount <= 8 * planes + 1 << 16 else { return nil }
    ahead = WindowTaps(window, roomyInput, output: outputSize)
    back = WindowTaps(window, back: roomyOutput, input: inputSize, inputs: inputs)
  }

  /// The most channels of a group, taps of all of them, and pixels from one window to the next.
  private static let most = 16
  private static let mostTaps = 4096
  private static let mostSteps = 64

  private var inputs: Int { input.c / groups }
  private var outputs: Int { output.c / groups }

  /// Planes with room at their sides; weights of a run's taps; sums of an output channel's weights.
  var workspacePerWorker: Int { roomyCount + weightCount + 2 * kernelCount }
  private var roomyCount: Int { roomyInput.floatCount + roomyOutput.floatCount }
  private var weightCount: Int {
    roundUp(max(ahead.mostTaps, back.mostTaps), toMultipleOf: channelBlock)
  }

  /// Each picture's part of the gradient by the weights, or a group's planes.
  var sharedWorkspace: Int {
    max(input.n * output.c * kernelCount, isDivided ? roomyInput.floatCount : 0)
  }

  /// Whether a group is more than a task should be, within which nobody is asked.
  private var isDivided: Bool {
    outputs * output.planeCount * kernelCount > 1 << 27 || roomyInput.floatCount > 1 << 22
  }

  /// Groups of a picture that a task takes, so that it is worth handing out.
  private var groupsPerTask: Int { max(1, min(groups, (1 << 15) / max(roomyCount, 1))) }

  func forward(_ call: ForwardCall) {
    guard !isDivided else { return forwardByRows(call) }
    let (source, target) = (call.input.pointer, call.output.pointer)
    let weight = call.parameters[0].pointer
    let bias = hasBias ? call.parameters[1].pointer : nil
    forEachGroup(call.workers) { [self] n, group, scratch in
      let (planes, weights) = (scratch, scratch + roomyCount)
      let first = n * input.c + group * inputs
      roomyInput.fill(planes, from: source + first * input.planeCount)
      for o in group * outputs..<(group + 1) * outputs {
        sum(
          ahead, planes, weight + o * kernelCount, from: bias?[o] ?? 0, weights,
          to: target + (n * output.c + o) * output.planeCount)
      }
    }
  }

  /// The same one group after the other; tasks are some rows of its planes, then of an output channel's.
  private func forwardByRows(_ call: ForwardCall) {
    let (workers, planes, target) = (call.workers, call.workers.shared, call.output.pointer)
    let weight = call.parameters[0].pointer
    let bias = hasBias ? call.parameters[1].pointer : nil
    let filled = max(1, (1 << 20) / roomyInput.rowCount)
    let summed = max(1, (1 << 24) / (kernelCount * output.w))
    let bands = (output.h + summed - 1) / summed
    for group in 0..<input.n * groups {
      let source = call.input.pointer + group * inputs * input.planeCount
      let rows = roomyInput.rowsOfAll
      workers.run((rows + filled - 1) / filled) { [roomyInput] task, _ in
        roomyInput.fill(planes, from: source, part(task, of: rows, size: filled))
      }
      workers.run(outputs * bands) { [self] task, scratch in
        let made = group * outputs + task / bands
        let o = made % output.c
        sum(
          ahead, planes, weight + o * kernelCount, from: bias?[o] ?? 0, scratch + roomyCount,
          part(task % bands, of: output.h, size: summed), to: target + made * output.planeCount)
      }
    }
  }

  func backward(_ call: BackwardCall) {
    let (source, upstream) = (call.input.pointer, call.outputGradient)
    let weight = call.parameters[0].pointer
    let inputGradient = call.inputGradients[0]?.pointer
    let weightGradient = call.parameterGradients[0]?.pointer
    let parts = call.workers.shared
    if hasBias, let gradient = call.parameterGradients[1] {
      sumPlanes(upstream, to: gradient.pointer, call.workers)
    }
    guard inputGradient != nil || weightGradient != nil else { return }
    forEachGroup(call.workers) { [self] n, group, scratch in
      let (gradients, values) = (scratch, scratch + roomyOutput.floatCount)
      let weights = scratch + roomyCount
      let first = n * input.c + group * inputs
      roomyOutput.fill(
        gradients, from: upstream.pointer + (n * output.c + group * outputs) * output.planeCount)
      if let inputGradient {
        for i in 0..<inputs {
          sum(
            back, gradients,
            weight + group * outputs * kernelCount + i * (kernelCount / inputs), from: 0, weights,
            to: inputGradient + (first + i) * input.planeCount)
        }
      }
      if weightGradient != nil {
        roomyInput.fill(values, from: source + first * input.planeCount)
        for o in 0..<outputs {
          multiply(
            gradients + o * roomyOutput.planeCount + roomyOutput.left, values, weights,
            to: parts + (n * output.c + group * outputs + o) * kernelCount)
        }
      }
    }
    guard let weightGradient else { return }
    let count = output.c * kernelCount
    forEachChunk(4096, of: count, call.workers) { [input] range in
      for i in range {
        var total = 0.0
        for n in 0..<input.n { total += Double(parts[n * count + i]) }
        weightGradient[i] = Float(total)
      }
    }
  }

  /// Calls `body` for each group of each picture, with the scratch memory of the worker.
  private func forEachGroup(
    _ workers: Workers,
    _ body: @escaping (_ n: Int, _ group: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) {
    let (all, size, groups) = (input.n * groups, groupsPerTask, groups)
    workers.run((all + size - 1) / size) { task, scratch in
      for index in part(task, of: all, size: size) { body(index / groups, index % groups, scratch) }
    }
  }

  /// Makes a plane, or some rows of an output's: of each pixel `start` and its taps' products with `kernels`.
  private func sum(
    _ taps: WindowTaps, _ planes: UnsafePointer<Float>, _ kernels: UnsafePointer<Float>,
    from start: Float, _ weights: UnsafeMutablePointer<Float>, _ rows: Range<Int>? = nil,
    to target: UnsafeMutablePointer<Float>
  ) {
    taps.forEachRun { run, offsets, places in
      let first = rows == nil ? 0 : run.start / run.rowStep
      let some = rows?.clamped(to: first..<first + run.rows) ?? 0..<run.rows
      guard !some.isEmpty else { return }
      let skipped = some.lowerBound - first
      for tap in 0..<run.taps.count { weights[tap] = kernels[places[tap]] }
      var job = TapJob(
        rows: some.count, columns: run.columns, plane: target + run.start + skipped * run.rowStep,
        rowStep: run.rowStep, columnStep: run.columnStep,
        source: planes + run.source + skipped * run.sourceStep, sourceStep: run.sourceStep,
        offsets: offsets, count: run.taps.count)
      loops.sumTaps(&job, weights, start)
    }
  }

  /// Sums the products of an output channel's gradients and what its weights were multiplied by.
  /// `scratch` has room for a run's sums and, as numbers of twice the size, for all.
  private func multiply(
    _ gradients: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let sums = UnsafeMutableRawPointer(scratch).bindMemory(to: Double.self, capacity: kernelCount)
    defer { _ = UnsafeMutableRawPointer(scratch).bindMemory(to: Float.self, capacity: 1) }
    target.update(repeating: 0, count: kernelCount)
    var y = 0
    ahead.forEachRun { run, offsets, places in
      sums.update(repeating: 0, count: run.taps.count)
      var job = TapJob(
        rows: run.rows, columns: run.columns, plane: gradients + y * roomyOutput.rowCount,
        rowStep: roomyOutput.rowCount, columnStep: 1, source: values + run.source,
        sourceStep: run.sourceStep, offsets: offsets, count: run.taps.count)
      loops.multiplyTaps(&job, sums)
      for tap in 0..<run.taps.count { target[places[tap]] += Float(sums[tap]) }
      y += run.rows
    }
  }
}
