import CDeviceCalls

/// A network ready to be trained on a device on minibatches of one shape: the counterpart of
/// `TrainingPlan`. To be used with the context current.
final class DeviceTrainingPlan {
  /// Where preprocessing puts the minibatch.
  let input: DeviceTensor
  /// The scores that the loss sees, where their gradients go, and the factors on their losses; the
  /// network's own come last.
  let scores: [(value: DeviceTensor, gradient: DeviceTensor, factor: Float)]
  private let network: Network
  private let memory: DeviceMemory
  private var forwardSteps: [Step] = []
  private var backwardSteps: [BackwardStep] = []

  private struct Step {
    let prepared: any PreparedDeviceTrainingForm
    let call: DeviceTrainingCall
  }

  /// A layer's backward, and the sums to make after it where a value has several readers.
  private struct BackwardStep {
    let layer: Int
    let prepared: any PreparedDeviceTrainingForm
    let call: DeviceTrainingCall
    let sums: [(into: DeviceTensor, of: DeviceTensor, by: DeviceFunction)]
  }

  /// `learned` names the parameters that want gradients. It runs on `stream`, or, where none is named,
  /// on any, without NVIDIA's libraries.
  init(
    _ network: Network, _ store: DeviceParameterStore, learned: Set<String>, inputShape: Shape,
    precision: Precision, context: DeviceContext, stream: DeviceStream? = nil
  ) throws {
    let network = try network.resizingScores(for: inputShape)
    self.network = network
    let topology = try TrainingTopology(network, inputShape: inputShape)
    let stored = try precision.requireDeviceElement()
    // The precision's, and float32 for scores and what follows from them.
    let elements = network.carriesScores.map { $0 ? DeviceElement.float32 : stored }
    func whole(_ layer: Int) -> DeviceTensor {
      layer < 0
        ? DeviceTensor(inputShape, stored)
        : DeviceTensor(topology.shapes[layer], elements[layer])
    }
    try whole(-1).checkCounts()
    for index in network.layers.indices { try whole(index).checkCounts() }
    let forms = try network.layers.enumerated().map { index, layer in
      try naming("layer \(layer.name)") {
        guard let form = layer.deviceTraining else {
          throw FCNError(
            .unsupported,
            "\(type(of: layer.operation).name) cannot be trained on a device; train on the processor"
          )
        }
        return try form.make(
          DeviceTrainingRequest(
            inputs: network.inputIndices[index].map(whole), output: whole(index),
            precision: precision, context: context, stream: stream))
      }
    }
    // In units of four bytes, 64 bytes apart.
    func size(_ tensor: DeviceTensor) -> Int {
      (DeviceTensor.byteCount(tensor.shape, tensor.element) + 3) / 4
    }
    let placement = try TrainingPlacement(
      topology, learned: learned, inputSize: size(whole(-1)),
      sizes: network.layers.indices.map { size(whole($0)) })
    let workspaceOffset = roundUp(placement.total * 4, toMultipleOf: 256)
    let workspaceByteCount = forms.map(\.workspaceByteCount).max() ?? 0
    let memory = try DeviceMemory(workspaceOffset + workspaceByteCount, in: context)
    self.memory = memory
    let workspace = memory.address + UInt64(workspaceOffset)
    func placed(_ layer: Int, at offset: Int) -> DeviceTensor {
      var tensor = whole(layer)
      tensor.base = memory.address + UInt64(offset * 4)
      return tensor
    }
    func value(_ layer: Int) -> DeviceTensor {
      placed(layer, at: placement.value(layer < 0 ? 0 : topology.buffers[layer]))
    }
    func gradient(_ layer: Int) -> DeviceTensor {
      placed(layer, at: placement.gradient(topology.buffers[layer]))
    }
    input = value(-1)
    let last = network.layers.count - 1
    scores = try topology.scoreLayers.map { index in
      (value(index), gradient(index), index == last ? 1 : try topology.factor(of: index))
    }
    func adding(_ element: DeviceElement) throws -> DeviceFunction {
      let type = element.typeName
      return try context.functions.function(
        "combine", of: .pointwise, ["INPUT=\(type)", "OUTPUT=\(type)"], context)
    }
    for (index, prepared) in forms.enumerated() {
      let parameters = try network.parametersByLayer[index].map { try store.weight($0.name) }
      forwardSteps.append(
        Step(
          prepared: prepared,
          call: DeviceTrainingCall(
            inputs: network.inputIndices[index].map(value), output: value(index),
            parameters: parameters, workspace: workspace)))
    }
    for index in forms.indices.reversed() where placement.wantsGradient[index] {
      var call = forwardSteps[index].call
      call.outputGradient = gradient(index)
      let targets = placement.inputGradients(index)
      call.inputGradients = targets.map { target in
        target.map { placed($0.layer, at: $0.written) }
      }
      call.parameterGradients = try network.parametersByLayer[index].map {
        learned.contains($0.name) ? try store.gradient($0.name) : nil
      }
      backwardSteps.append(
        BackwardStep(
          layer: index, prepared: forms[index], call: call,
          sums: try targets.compactMap { target in
            guard let target, let total = target.total else { return nil }
            let sum = placed(target.layer, at: total)
            return (sum, placed(target.layer, at: target.written), try adding(sum.element))
          }))
    }
  }

  /// Hands over the pass from `input` to the scores. Random choices follow from `seed`.
  func enqueueForward(_ stream: DeviceStream, seed: UInt64) throws {
    for (index, step) in forwardSteps.enumerated() {
      var call = step.call
      call.seed = layerSeed(seed, index)
      try naming("layer \(network.layers[index].name)") { try step.prepared.forward(call, stream) }
    }
  }

  /// The first layer whose output is not finite in a pass like the last one, which it makes again; nil
  /// if there is none. Waits for the device.
  func firstLayerNotFinite(_ stream: DeviceStream, seed: UInt64) throws -> String? {
    let loader = try DeviceLoader(stream.context)
    for (index, step) in forwardSteps.enumerated() {
      var call = step.call
      call.seed = layerSeed(seed, index)
      try step.prepared.forward(call, stream)
      try stream.synchronize()
      guard try loader.isFinite(call.output) else {
        return "layer \(network.layers[index].name)"
      }
    }
    return nil
  }

  /// Hands over the pass back from the gradients by the scores; those by parameters are multiplied by
  /// `gradientScale`. `seed` as in the forward pass before.
  func enqueueBackward(_ stream: DeviceStream, seed: UInt64, gradientScale: Float) throws {
    for step in backwardSteps {
      var call = step.call
      call.seed = layerSeed(seed, step.layer)
      call.gradientScale = gradientScale
      try naming("layer \(network.layers[step.layer].name)") {
        try step.prepared.backward(call, stream)
        for (total, part, function) in step.sums {
          try stream.launch(
            function, over: total.groupCount, fcn_combine_call([total, part], to: total))
        }
      }
    }
  }
}
