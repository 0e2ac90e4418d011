import CDeviceCalls

/// Parameters of a layer on a device, as its form reads them.
final class DeviceParameters: Sendable {
  let memories: [DeviceMemory]

  init(_ memories: [DeviceMemory]) { self.memories = memories }
}

/// A network ready to run on a device on inputs of one shape: the counterpart of `Plan`. One thread at
/// a time may use it, with the context current.
final class DevicePlan {
  /// Where preprocessing puts the pictures. Its contents do not survive a run.
  let input: DeviceTensor
  /// Bytes of activations.
  let byteCount: Int
  /// What runs, in order; without the last one where `scores` stands for it.
  let steps: [Step]
  /// The step that makes the scores, where they can be had pixel by pixel.
  private let last: Step?
  private let output: DeviceTensor
  private let memory: DeviceMemory
  /// What its forms read instead of the model's own weights.
  let parameters: [DeviceParameters]

  /// A prepared form with all that it works on.
  struct Step {
    let name: String
    let formName: String
    fileprivate let prepared: any PreparedDeviceForm
    fileprivate let call: DeviceCall

    var work: StepWork? { prepared.work }
  }

  /// What device functions of scores.cu read, and what they are compiled for.
  struct Scores {
    let source: fcn_score_source
    let definitions: [String]
  }

  /// Parameters on the device come from `weights`, or are put there. It runs on `stream`, or, where
  /// none is named, on any, without NVIDIA's libraries. Throws `outOfMemory` where activations would take
  /// more bytes than `largestMemory`.
  init(
    _ whole: Network, parameters source: any ParameterSource, inputShape: Shape,
    weights: PackedWeights<DeviceParameters>, disabledForms: Set<String>,
    precision: Precision, context: DeviceContext, stream: DeviceStream? = nil,
    largestMemory: Int = .max
  ) throws {
    try BilinearAxis.requireMemory(height: inputShape.h, width: inputShape.w)
    let whole = try whole.concrete(for: inputShape)
    let network =
      disabledForms.contains(BorderReduction.name)
      ? whole : try whole.reducingBorders(for: inputShape)
    let schedule = try NetworkSchedule(
      network, inputShape: inputShape,
      DeviceSchedule(
        network, inputShape: inputShape, disabledForms: disabledForms, precision: precision,
        context: context, stream: stream))
    // The plan counts in units of four bytes and keeps buffers 64 bytes apart.
    let values = zip(schedule.bufferSizes(), try schedule.lifetimes()).map {
      MemoryPlan.Buffer(count: ($0 + 3) / 4, lifetime: $1)
    }
    let workspaces = schedule.steps.enumerated().map { index, step in
      MemoryPlan.Buffer(count: (step.prepared.workspaceByteCount + 3) / 4, lifetime: index...index)
    }
    let arena = MemoryPlan(values + workspaces)
    try MemoryLimit(largestMemory).check(arena.total, packed: 0, for: inputShape)
    let memory = try DeviceMemory(arena.total * 4, in: context)
    self.memory = memory
    byteCount = memory.byteCount
    let tensors = schedule.values.map { value in
      var tensor = value.place
      tensor.base = memory.address + UInt64(arena.offsets[value.buffer] * 4)
      return tensor
    }
    var loader: DeviceLoader?
    var all: [DeviceParameters] = []
    let steps = try schedule.steps.enumerated().map { index, step in
      var addresses: [CUDADriver.Address] = []
      if let layer = step.layers.first {
        let name = "\(network.layers[layer].name) \(ObjectIdentifier(context))"
        let packed = try weights.packed(name, step.prepared.packing) {
          let loader = try loader ?? DeviceLoader(context)
          let tensors = try source.finiteTensors(of: layer, in: network)
          let packed = DeviceParameters(try step.prepared.pack(tensors, loader))
          source.forget(layer, in: network)
          return packed
        }
        all.append(packed)
        addresses = packed.memories.map(\.address)
      }
      return Step(
        name: step.name, formName: step.formName, prepared: step.prepared,
        call: DeviceCall(
          inputs: step.inputs.map { tensors[$0] }, output: tensors[step.output],
          parameters: addresses,
          workspace: memory.address + UInt64(arena.offsets[values.count + index] * 4)))
    }
    loader = nil
    parameters = all
    input = tensors[0]
    output = tensors[schedule.output]
    let endsWithScores =
      schedule.steps.last.map {
        $0.prepared is any DeviceScoreMaker && $0.output == schedule.output
      }
      ?? false
    last = endsWithScores ? steps.last : nil
    self.steps = endsWithScores ? Array(steps.dropLast()) : steps
  }

  /// Shape of the scores, N×classes×H×W.
  var outputShape: Shape { output.shape }

  /// Hands everything but the last upsampling to `stream`. Before each step, `progress` hears its name
  /// and how many are handed over; false stops with `aborted`.
  func enqueue(
    _ stream: DeviceStream,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)? = nil,
    timer: DeviceStepTimer? = nil
  ) throws {
    let total = steps.count + (last == nil ? 0 : 1)
    for (index, step) in (steps + (last.map { [$0] } ?? [])).enumerated() {
      if let progress, !progress(step.name, index, total) {
        throw FCNError(.aborted, "stopped before layer \(step.name)")
      }
      guard index < steps.count else { break }
      try timer?.begin(step.name, step.formName, step.work)
      try naming("layer \(step.name)") { try step.prepared.enqueue(step.call, stream) }
    }
  }

  /// Runs every step on what `input` was filled with anew, to find the first values that are not finite,
  /// in words; nil where all are. Waits for the device.
  func firstNotFinite(_ stream: DeviceStream) throws -> String? {
    let loader = try DeviceLoader(stream.context)
    for step in steps + (last.map { [$0] } ?? []) {
      try step.prepared.enqueue(step.call, stream)
      try stream.synchronize()
      if try !loader.isFinite(step.call.output) { return "layer \(step.name)" }
    }
    return nil
  }

  /// The layers whose work is done where `scores` are read.
  var scoreLayers: String? { last?.name }

  /// The scores at the network's size, made pixel by pixel; after `enqueue`.
  var scores: Scores {
    guard let last, let maker = last.prepared as? any DeviceScoreMaker else { return plainScores }
    return Scores(source: maker.source(last.call), definitions: maker.sourceDefinitions)
  }

  /// The scores between ticks of the picture's size; `makeWhole` must have been handed over.
  func scores(rows: CUDADriver.Address, columns: CUDADriver.Address) -> Scores {
    Scores(
      source: .resized(output.view, rows: rows, columns: columns),
      definitions: ["INPUT=float", "SOURCE=Bilinear"])
  }

  /// Hands over the last upsampling too, so that all scores are in memory.
  func makeWhole(_ stream: DeviceStream, timer: DeviceStepTimer? = nil) throws {
    guard let last else { return }
    try timer?.begin(last.name, last.formName, last.work)
    try last.prepared.enqueue(last.call, stream)
  }

  private var plainScores: Scores {
    Scores(source: .plain(output.view), definitions: ["INPUT=float", "SOURCE=Plain"])
  }
}
