/// A network ready to be trained on minibatches of one shape: forward, keeping what backward needs,
/// then backward, leaving a gradient for every parameter that is learned. The same for every backend,
/// which does the work at once or is handed it.
final class TrainingPlan<Backend: TrainingBackend> {
  /// Scores that the loss sees, where it puts its gradient by them before `backward`, and the factor on
  /// it; the scores are valid between `forward` and `backward`.
  typealias Scores = (value: Backend.Value, gradient: Backend.Value, factor: Float)

  /// Where the minibatch goes; both passes leave it.
  let input: Backend.Value
  /// Those of auxiliary heads, then the network's own.
  let scores: [Scores]
  var backend: Backend
  private let memory: Backend.Memory
  private let steps: [Step]

  /// A layer's form with all that it works on.
  private struct Step {
    let name: String
    let prepared: Backend.Prepared
    let output: Backend.Value
    let forward: Backend.Forward
    /// nil where nobody wants a gradient of it or of what is before it.
    let backward: Backend.Backward?
    /// To be made after that, where a value has several readers.
    let sums: [Backend.Addition]
  }

  init(_ network: Network, inputShape: Shape, _ backend: Backend) throws {
    self.backend = backend
    let network = try network.resizingScores(for: inputShape)
    let topology = try TrainingTopology(network, inputShape: inputShape)
    let placement = try TrainingPlacement(topology, learned: backend.learned, backend.size)
    let forms = try network.layers.enumerated().map { index, layer in
      try backend.prepare(
        layer, inputs: network.inputIndices[index].map(topology.value),
        output: topology.value(index))
    }
    let memory = try backend.memory(placement.total, for: forms)
    self.memory = memory
    func placed(_ layer: Int, _ offset: Int) -> Backend.Value {
      backend.place(topology.value(layer), in: memory, at: offset)
    }
    func value(_ layer: Int) -> Backend.Value {
      placed(layer, placement.value(topology.buffer(layer)))
    }
    func gradient(_ layer: Int) -> Backend.Value {
      placed(layer, placement.gradient(topology.buffer(layer)))
    }
    input = value(-1)
    scores = try topology.scoreLayers.map {
      (value($0), gradient($0), try topology.factor(of: $0))
    }
    steps = try zip(network.layers, forms).enumerated().map { index, made in
      let output = value(index)
      let forward = try backend.forwardCall(
        index, of: network, inputs: network.inputIndices[index].map(value), output: output, memory)
      var backward: Backend.Backward?
      var sums: [Backend.Addition] = []
      if placement.wantsGradient[index] {
        let targets = placement.inputGradients(index)
        backward = try backend.backwardCall(
          index, of: network, after: forward, outputGradient: gradient(index),
          inputGradients: targets.map { $0.map { placed($0.layer, $0.written) } })
        for case let (layer, written, total?)? in targets {
          sums.append(
            try backend.addition(of: placed(layer, written), to: placed(layer, total), memory))
        }
      }
      return Step(
        name: "layer \(made.0.name)", prepared: made.1, output: output, forward: forward,
        backward: backward, sums: sums)
    }
  }

  /// The network's own scores.
  var own: Scores { scores[scores.count - 1] }

  /// Computes the scores from `input`. Random choices follow from `seed`.
  func forward(seed: UInt64) throws {
    for (index, step) in steps.enumerated() { try forward(step, layerSeed(seed, index)) }
  }

  private func forward(_ step: Step, _ seed: UInt64) throws {
    try naming(step.name) { try backend.forward(step.prepared, step.forward, seed: seed) }
  }

  /// Computes the gradients of what is learned from those by the scores; `seed` as in the forward pass
  /// before.
  func backward(seed: UInt64) throws {
    for (index, step) in steps.enumerated().reversed() {
      guard let call = step.backward else { continue }
      try naming(step.name) {
        try backend.backward(step.prepared, call, seed: layerSeed(seed, index))
        for sum in step.sums { try backend.add(sum) }
      }
    }
  }

  /// The first values that are not finite in a forward pass like the last one, which it makes again, in
  /// words; nil where all are.
  func firstNotFinite(seed: UInt64) throws -> String? {
    if try !backend.isAllFinite(input) { return "the input" }
    for (index, step) in steps.enumerated() {
      try forward(step, layerSeed(seed, index))
      if try !backend.isAllFinite(step.output) { return step.name }
    }
    return nil
  }
}
