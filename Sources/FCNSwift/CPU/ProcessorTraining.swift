import FCNLoopTypes

/// The processor, as a plan for training asks it: values lie planar or in channel blocks, and are counted in
/// floats; all is done when it returns.
struct ProcessorTraining: TrainingBackend {
  let learned: Set<String>
  /// Of every parameter that is learned, by name; valid after `TrainingPlan.backward`.
  let gradients: ParameterTable
  private let parameters: ParameterTable
  private let pool: WorkerPool
  private let disabledForms: Set<String>
  /// Whether convolutions may multiply floats of 16 bits.
  private let allowsBFloats: Bool
  private let loops: LoopTable

  init(
    _ network: Network, parameters: ParameterTable, learned: Set<String>, pool: WorkerPool,
    disabledForms: Set<String> = [], precision: Precision = .float32
  ) throws {
    (self.parameters, self.learned, self.pool) = (parameters, learned, pool)
    self.disabledForms = disabledForms
    loops = try Loops.chosen()
    allowsBFloats = precision == .bfloat16
    gradients = try network.parameters.filter { learned.contains($0.name) }
      .reduce(into: [:]) { $0[$1.name] = try Tensor(uninitialized: $1.tensorShape) }
  }

  typealias Memory = (values: AlignedMemory, workers: Workers)

  func decide(_ topology: inout TrainingTopology) {
    let network = topology.network
    func serves(_ index: Int, _ takes: Layout, _ makes: Layout, _ epilogue: Epilogue) -> Bool {
      let inputs = network.inputIndices[index].map { topology.value($0).shape }
      return network.layers[index].trainingForm(
        FormRequest(
          inputs: inputs, output: topology.value(index).shape, epilogue: epilogue, loops: loops,
          allowsBFloats: allowsBFloats),
        disabledForms, takes: takes, makes: makes) != nil
    }
    let layouts = TrainingLayouts(topology) { serves($0, $1, $2, Epilogue()) }
    topology.layouts = network.layers.indices.map(layouts.layout)
    for (index, readers) in network.readers.enumerated()
    where topology.layouts[index] == .blocked && readers.count == 1 {
      if network.layers[readers[0]].operation is ReLU,
        topology.buffer(readers[0]) == topology.buffer(index),
        serves(
          index, topology.value(network.inputIndices[index][0]).layout, .blocked,
          Epilogue(activation: .relu))
      {
        topology.rectifying.insert(index)
      }
    }
  }

  func size(of value: TrainingValue) -> Int { value.layout.count(value.shape) }

  func prepare(
    _ layer: Layer, inputs: [TrainingValue], output: TrainingValue
  ) throws -> any PreparedTrainingForm {
    if inputs[0].isRectified { return RectifiedBefore() }
    let request = FormRequest(
      inputs: inputs.map(\.shape), output: output.shape,
      epilogue: output.isRectified ? Epilogue(activation: .relu) : Epilogue(), loops: loops,
      allowsBFloats: allowsBFloats)
    let layouts = Set(inputs.map(\.layout))
    if layouts.count == 1, let takes = layouts.first,
      let choice = layer.trainingForm(request, disabledForms, takes: takes, makes: output.layout)
    {
      return try trained(layer, choice)
    }
    guard
      let choice = layer.trainingForm(
        request, disabledForms, takes: .planar, makes: output.layout)
    else { throw layer.allFormsAreOff() }
    return PlanarCopies(try trained(layer, choice), inputs)
  }

  private func trained(
    _ layer: Layer, _ choice: FormChoice
  ) throws -> any PreparedTrainingForm {
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
    Tensor(value.shape, value.layout, memory: memory.values, offset: offset)
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
      forEachChunk(of: total.layout.count(total.shape), memory.workers) { range in
        for i in range { target[i] += source[i] }
      }
    }
  }

  func isAllFinite(_ tensor: Tensor) -> Bool { isFinite(tensor) }
}
