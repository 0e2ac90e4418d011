import CDeviceCalls

/// A network on the processor by its reference forms, on a tensor.
final class ProcessorRun {
  let output: Tensor
  private let plan: TrainingPlan<ProcessorTraining>
  private let parameters: ParameterTable

  init(
    _ network: Network, _ parameters: ParameterTable, _ input: Tensor, _ pool: WorkerPool
  ) throws {
    let references = Set(network.layers.compactMap { $0.operation.forms.last?.name })
    let others = Set(network.formNames).subtracting(references)
    let plan = try Plan(
      network, parameters: parameters, inputShape: input.shape, pool: pool, disabledForms: others)
    plan.input.pointer.update(from: input.pointer, count: input.shape.count)
    try plan.run()
    output = try Tensor(plan.output.shape, plan.output.elements)
    self.plan = try TrainingPlan(
      network, inputShape: input.shape,
      ProcessorTraining(
        network, parameters: parameters, learned: network.learnableParameters, pool: pool,
        disabledForms: others))
    self.plan.input.pointer.update(from: input.pointer, count: input.shape.count)
    self.parameters = parameters
  }

  /// The gradients by the parameters, given that by the output.
  func gradients(_ upstream: Tensor) throws -> ParameterTable {
    try plan.forward(seed: 0)
    plan.own.gradient.pointer.update(from: upstream.pointer, count: upstream.shape.count)
    try plan.backward(seed: 0)
    return try plan.backend.gradients.mapValues { try Tensor($0.shape, $0.elements) }
  }
}

/// The same on a device: by our own kernels, or convolutions by a form of NVIDIA's libraries.
final class DeviceRun {
  private let network: Network
  private let parameters: ParameterTable
  private let input: Tensor
  private let precision: Precision
  private let libraryForm: String?
  private let stream: DeviceStream
  private var context: DeviceContext { stream.context }

  init(
    _ network: Network, _ parameters: ParameterTable, _ input: Tensor,
    _ precision: Precision, _ context: DeviceContext, by libraryForm: String? = nil
  ) throws {
    (self.network, self.parameters, self.input) = (network, parameters, input)
    (self.precision, self.libraryForm) = (precision, libraryForm)
    stream = try DeviceStream(context)
  }

  /// What the network makes. Throws `unsupported` where the form does not serve.
  func output() throws -> Tensor {
    try context.run {
      let others = Set(network.layers.flatMap(\.deviceForms).map(\.name))
        .filter { $0.hasPrefix("convolution.") && $0 != libraryForm }
      let plan = try DevicePlan(
        network, parameters: parameters, inputShape: input.shape, weights: PackedWeights(),
        disabledForms: libraryForm == nil ? [] : others, precision: precision, context: context,
        stream: libraryForm == nil ? nil : stream)
      let staged = try DeviceCopy(input, plan.input, stream)
      try plan.enqueue(stream)
      let shape = plan.outputShape
      let function = try context.functions.function(
        "export_scores", of: .scores, plan.scores.definitions + ["OUTPUT=float"], context)
      let results = try DeviceMemory(shape.count * 4, in: context)
      let whole = DeviceTensor(shape, .float32)
      try stream.launch(
        function, over: whole.groupCount,
        fcn_scores_call(
          source: plan.scores.source, output: whole.view, results: results.address,
          first_picture: 0, reserved: 0))
      try stream.synchronize()
      return try withExtendedLifetime(staged) { try fetch(results.address, shape) }
    }
  }

  /// The gradients by the parameters, given that by the output.
  func gradients(_ upstream: Tensor) throws -> ParameterTable {
    try context.run {
      let store = try DeviceParameterStore(parameters, in: context)
      let plan = try TrainingPlan(
        network, inputShape: input.shape,
        DeviceTraining(
          store, learned: network.learnableParameters, precision: precision, stream: stream,
          usesLibraries: libraryForm != nil))
      let staged = try DeviceCopy(input, plan.input, stream)
      try plan.forward(seed: 0)
      let stagedUpstream = try DeviceCopy(upstream, plan.own.gradient, stream)
      try plan.backward(seed: 0)
      try stream.synchronize()
      return try withExtendedLifetime((staged, stagedUpstream)) {
        try network.learnableParameters.reduce(into: ParameterTable()) { table, name in
          guard let shape = parameters[name]?.shape else {
            throw FCNError(.internalDefect, "the parameter \(name) was lost")
          }
          table[name] = try fetch(store.gradient(name), shape)
        }
      }
    }
  }

  private func fetch(_ address: CUDADriver.Address, _ shape: Shape) throws -> Tensor {
    let tensor = try Tensor(shape)
    try DeviceLoader(context).fetch(
      address, to: UnsafeMutableBufferPointer(start: tensor.pointer, count: shape.count))
    return tensor
  }
}

/// A tensor of the host on its way to one of a device; must live until the stream has been waited for.
private final class DeviceCopy {
  private let memory: DeviceMemory

  init(_ source: Tensor, _ target: DeviceTensor, _ stream: DeviceStream) throws {
    let shape = source.shape
    let padded = DeviceTensor.wholeGroups(shape.c)
    var values = [Float](repeating: 0, count: shape.n * shape.planeCount * padded)
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        let plane = source.plane(n, c)
        for i in 0..<shape.planeCount { values[(n * shape.planeCount + i) * padded + c] = plane[i] }
      }
    }
    memory = try DeviceLoader(stream.context).upload(values)
    var staged = DeviceTensor(shape, .float32)
    staged.base = memory.address
    let function = try stream.context.functions.function(
      "combine", of: .pointwise, ["INPUT=float", "OUTPUT=\(target.element.typeName)"],
      stream.context)
    try stream.launch(
      function, over: target.groupCount, fcn_combine_call([staged], to: target))
  }
}
