/// A network ready to be trained on minibatches of one shape: forward, keeping what backward needs,
/// then backward, leaving a gradient for every parameter that is learned.
final class TrainingPlan {
  /// Where the minibatch goes, N×C×H×W.
  let input: Tensor
  /// The scores, N×classes×H×W; valid between `forward` and `backward`.
  let output: Tensor
  /// Where the loss puts its gradient by the scores before `backward`.
  let outputGradient: Tensor
  /// The scores of auxiliary heads, where the gradients by them go, and the factors on their losses.
  let auxiliary: [(scores: Tensor, gradient: Tensor, factor: Float)]
  /// Of every parameter that is learned, by name; valid after `backward`.
  let gradients: ParameterTable
  private let network: Network
  private var forwardSteps: [(prepared: any PreparedTrainingForm, call: ForwardCall)] = []
  private var backwardSteps: [BackwardStep] = []

  /// A layer's backward, and the sums to make after it where a value has several readers.
  private struct BackwardStep {
    let layer: Int
    let prepared: any PreparedTrainingForm
    var call: BackwardCall
    let sums: [(into: Tensor, of: Tensor)]
  }

  /// `learned` names the parameters that want gradients.
  init(
    _ network: Network, parameters: ParameterTable, learned: Set<String>, inputShape: Shape,
    pool: WorkerPool, disabledForms: Set<String> = []
  ) throws {
    let network = try network.resizingScores(for: inputShape)
    self.network = network
    let wiring = try Wiring(
      network, inputShape: inputShape, disabledForms: disabledForms)
    let workers = try Workers(pool: pool, forms: wiring.forms)
    let gradients = try network.parameters.filter { learned.contains($0.name) }
      .reduce(into: ParameterTable()) {
        $0[$1.name] = try Tensor(uninitialized: $1.tensorShape)
      }
    self.gradients = gradients
    let topology = wiring.topology
    let arena = try TrainingArena(topology, learned: learned)
    input = arena.value(0, inputShape)
    let last = topology.shapes.count - 1
    output = arena.value(topology.buffers[last], topology.shapes[last])
    outputGradient = arena.gradient(topology.buffers[last], topology.shapes[last])
    auxiliary = try topology.scoreLayers.filter { $0 != last }.map { index in
      let (buffer, shape) = (topology.buffers[index], topology.shapes[index])
      return (
        arena.value(buffer, shape), arena.gradient(buffer, shape), try topology.factor(of: index)
      )
    }

    for (index, prepared) in wiring.forms.enumerated() {
      let inputs = zip(topology.inputBuffers(index), topology.inputShapes(index)).map {
        arena.value($0, $1)
      }
      forwardSteps.append(
        (
          prepared,
          ForwardCall(
            inputs: inputs, output: arena.value(topology.buffers[index], topology.shapes[index]),
            parameters: try parameters.tensors(of: index, in: network), workers: workers,
            training: true)
        ))
    }
    for index in wiring.forms.indices.reversed() where arena.wantsGradient[index] {
      let forward = forwardSteps[index].call
      let targets = arena.inputGradients(index)
      backwardSteps.append(
        BackwardStep(
          layer: index, prepared: wiring.forms[index],
          call: BackwardCall(
            inputs: forward.inputs, output: forward.output, parameters: forward.parameters,
            outputGradient: arena.gradient(topology.buffers[index], topology.shapes[index]),
            inputGradients: targets.map { $0?.written },
            parameterGradients: network.parametersByLayer[index].map { gradients[$0.name] },
            workers: workers),
          sums: targets.compactMap { target in
            target.flatMap { target in target.total.map { (into: $0, of: target.written) } }
          }))
    }
  }

  /// Computes `output` from `input`. Random choices follow from `seed`.
  func forward(seed: UInt64) {
    for (index, step) in forwardSteps.enumerated() {
      var call = step.call
      call.seed = layerSeed(seed, index)
      step.prepared.forward(call)
    }
  }

  /// Computes `gradients` from those by the scores; `seed` as in the forward pass before.
  func backward(seed: UInt64) {
    for step in backwardSteps {
      var call = step.call
      call.seed = layerSeed(seed, step.layer)
      step.prepared.backward(call)
      for (total, part) in step.sums {
        let (target, source) = (total.pointer, part.pointer)
        forEachChunk(of: total.shape.count, call.workers) { range in
          for i in range { target[i] += source[i] }
        }
      }
    }
  }

  /// The first layer, in execution order, whose output is not finite; only between `forward` and
  /// `backward`, while outputs are whole.
  func firstLayerNotFinite() -> String? {
    if !isFinite(input) { return "the input" }
    return zip(network.layers, forwardSteps).first { !isFinite($1.call.output) }.map {
      "layer \($0.0.name)"
    }
  }
}
