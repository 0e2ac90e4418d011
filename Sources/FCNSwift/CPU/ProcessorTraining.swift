import FCNLoopTypes

/// The processor, as a plan for training asks it: values lie planar, N×C×H×W, and are counted in
/// floats; all is done when it returns.
struct ProcessorTraining: TrainingBackend {
  let learned: Set<String>
  /// Of every parameter that is learned, by name; valid after `TrainingPlan.backward`.
  let gradients: ParameterTable
  private let parameters: ParameterTable
  private let pool: WorkerPool
  private let disabledForms: Set<String>
  private let loops: LoopTable

  init(
    _ network: Network, parameters: ParameterTable, learned: Set<String>, pool: WorkerPool,
    disabledForms: Set<String> = []
  ) throws {
    (self.parameters, self.learned, self.pool) = (parameters, learned, pool)
    self.disabledForms = disabledForms
    loops = try Loops.chosen()
    gradients = try network.parameters.filter { learned.contains($0.name) }
      .reduce(into: [:]) { $0[$1.name] = try Tensor(uninitialized: $1.tensorShape) }
  }

  typealias Memory = (values: AlignedMemory, workers: Workers)

  func size(of value: TrainingValue) -> Int { value.shape.count }

  func prepare(
    _ layer: Layer, inputs: [TrainingValue], output: TrainingValue
  ) throws -> any PreparedTrainingForm {
    let choice = try layer.choose(
      FormRequest(inputs: inputs.map(\.shape), output: output.shape, loops: loops),
      disabledForms, forTraining: true)
    guard choice.prepared.packing == nil else {
      throw FCNError(
        .internalDefect,
        "layer \(layer.name): \(choice.form.name) trains, and wants weights that training does not "
          + "pack")
    }
    guard let prepared = choice.prepared as? any PreparedTrainingForm else {
      throw FCNError(
        .internalDefect,
        "layer \(layer.name): \(choice.form.name) is to train, and has no backward pass")
    }
    return prepared
  }

  func memory(_ floats: Int, for forms: [any PreparedTrainingForm]) throws -> Memory {
    let workers = try Workers(pool: pool, forms: forms)
    return (try AlignedMemory(count: floats), workers)
  }

  func place(_ value: TrainingValue, in memory: Memory, at offset: Int) -> Tensor {
    Tensor(value.shape, memory: memory.values, offset: offset)
  }

  func forward(_ layer: TrainedLayer<Self>) throws -> TrainingPass {
    let call = ForwardCall(
      inputs: layer.inputs, output: layer.output,
      parameters: try parameters.tensors(of: layer.index, in: layer.network),
      workers: layer.memory.workers, training: true)
    return { seed in
      var call = call
      call.seed = seed
      layer.prepared.forward(call)
    }
  }

  func backward(
    _ layer: TrainedLayer<Self>, outputGradient: Tensor, inputGradients: [Tensor?]
  ) throws -> TrainingPass {
    let call = BackwardCall(
      inputs: layer.inputs, output: layer.output,
      parameters: try parameters.tensors(of: layer.index, in: layer.network),
      outputGradient: outputGradient, inputGradients: inputGradients,
      parameterGradients: layer.parameters.map { gradients[$0] },
      workers: layer.memory.workers)
    return { seed in
      var call = call
      call.seed = seed
      layer.prepared.backward(call)
    }
  }

  func adding(_ part: Tensor, to total: Tensor, _ memory: Memory) -> TrainingPass {
    { _ in
      let (source, target) = (part.pointer, total.pointer)
      forEachChunk(of: total.shape.count, memory.workers) { range in
        for i in range { target[i] += source[i] }
      }
    }
  }

  func isAllFinite(_ tensor: Tensor) -> Bool { isFinite(tensor) }
}
