/// A network ready to be trained on minibatches of one shape: forward, keeping what backward needs,
/// then backward, leaving a gradient for every parameter that is learned. The same for every backend,
/// which does the work at once or is handed it.
final class TrainingPlan<Backend: TrainingBackend> {
  let backend: Backend
  /// Where the minibatch goes; both passes leave it.
  let input: Backend.Value
  /// Those of auxiliary heads, then the network's own.
  let scores: [Scores]
  private let memory: Backend.Memory
  private let steps: [Step]

  /// Scores that the loss sees, valid between `forward` and `backward`; where it puts its gradient by
  /// them before `backward`, and the factor on it.
  typealias Scores = (value: Backend.Value, gradient: Backend.Value, factor: Float)

  /// A layer's passes. After its own pass back come sums, where a value has several readers; there is
  /// none where nobody wants a gradient.
  private struct Step {
    let name: String
    let output: Backend.Value
    let forward: TrainingPass
    let backward: [TrainingPass]
  }

  init(_ network: Network, inputShape: Shape, _ backend: Backend) throws {
    let network = try network.concrete(for: inputShape)
    var topology = try TrainingTopology(network, inputShape: inputShape)
    backend.decide(&topology)
    let placement = try TrainingPlacement(topology, learned: backend.learned, backend.size)
    let forms = try network.layers.enumerated().map { index, layer in
      try backend.prepare(
        layer, inputs: network.inputIndices[index].map(topology.value),
        output: topology.value(index))
    }
    let memory = try backend.memory(placement.total, for: forms)
    func placed(_ layer: Int, _ offset: Int) -> Backend.Value {
      backend.place(topology.value(layer), in: memory, at: offset)
    }
    func value(_ layer: Int) -> Backend.Value { placed(layer, placement.value(layer)) }
    func gradient(_ layer: Int) -> Backend.Value { placed(layer, placement.gradient(layer)) }
    (self.backend, self.memory, input) = (backend, memory, value(-1))
    scores = try topology.scoreLayers.map {
      (value($0), gradient($0), try topology.factor(of: $0))
    }
    steps = try forms.enumerated().map { index, form in
      let layer = TrainedLayer<Backend>(
        network: network, index: index, prepared: form,
        inputs: network.inputIndices[index].map(value), output: value(index), memory: memory)
      var backward: [TrainingPass] = []
      if placement.wantsGradient[index] {
        let targets = placement.inputGradients(index)
        backward.append(
          try backend.backward(
            layer, outputGradient: gradient(index),
            inputGradients: targets.map { $0.map { placed($0.layer, $0.written) } }))
        for case let (source, written, total?)? in targets {
          backward.append(
            try backend.adding(placed(source, written), to: placed(source, total), memory))
        }
      }
      return Step(
        name: "layer \(network.layers[index].name)", output: layer.output,
        forward: try backend.forward(layer), backward: backward)
    }
  }

  /// The network's own scores.
  var own: Scores { scores[scores.count - 1] }

  /// Computes the scores from `input`. Random choices follow from `seed`.
  func forward(seed: UInt64) throws {
    for (index, step) in steps.enumerated() {
      try naming(step.name) { try step.forward(layerSeed(seed, index)) }
    }
  }

  /// Computes the gradients of what is learned from those by the scores; `seed` as in the forward pass
  /// before.
  func backward(seed: UInt64) throws {
    for (index, step) in steps.enumerated().reversed() {
      try naming(step.name) {
        for pass in step.backward { try pass(layerSeed(seed, index)) }
      }
    }
  }

  /// The first values that are not finite in a forward pass like the last one, which it makes again, in
  /// words; nil where all are.
  func firstNotFinite(seed: UInt64) throws -> String? {
    if try !backend.isAllFinite(input) { return "the input" }
    for (index, step) in steps.enumerated() {
      try step.forward(layerSeed(seed, index))
      if try !backend.isAllFinite(step.output) { return step.name }
    }
    return nil
  }
}
