/// What a training changes: the parameters, and for those that are learned the optimizer's tensors.
final class LearnerState {
  /// Every parameter, by name; those that are learned, and running statistics, change in place.
  let parameters: ParameterTable
  /// The parameters that are learned, in the network's order.
  let learned: [Learned]
  private let network: Network

  /// A parameter that is learned, with its multipliers and the optimizer's tensors.
  struct Learned {
    let name: String
    let weight: Tensor
    let state: [Tensor]
    let rate: Float
    let decay: Float
  }

  /// Copies the parameters of `model`. Throws `invalidArgument` where none is to be learned, `notFinite`
  /// where one is NaN or infinite.
  init(_ model: Model, _ options: TrainingOptions) throws {
    network = model.network
    var parameters = ParameterTable()
    var learned: [Learned] = []
    for (name, shared) in try model.parameterTable() {
      let copy = try Tensor(uninitialized: shared.shape)
      copy.pointer.update(from: shared.pointer, count: shared.shape.count)
      try LearnerState.checkFinite(copy, name, "The model to begin with")
      parameters[name] = copy
    }
    for specification in network.parameters {
      let (rate, decay) = options.multipliers(for: specification)
      guard rate > 0 else { continue }
      guard let weight = parameters[specification.name] else {
        throw FCNError(.internalDefect, "the parameter \(specification.name) was lost")
      }
      learned.append(
        Learned(
          name: specification.name, weight: weight,
          state: try options.optimizer.stateNames.map { _ in try Tensor(weight.shape) },
          rate: rate, decay: decay))
    }
    guard !learned.isEmpty else {
      throw FCNError(.invalidArgument, "every layer is frozen; there is nothing to train")
    }
    self.parameters = parameters
    self.learned = learned
  }

  private static func checkFinite(_ tensor: Tensor, _ name: String, _ whose: String) throws {
    guard !isFinite(tensor), let fault = tensor.firstNotFinite else { return }
    throw FCNError(
      .notFinite,
      "layer \(TensorNames.layer(of: name)): \(fault) in \(name). \(whose) is damaged; use another "
        + "one")
  }

  /// A model of the weights as they are now. Throws `notFinite` where one is not.
  func model(_ description: ModelDescription) throws -> Model {
    try Model(
      description: description,
      weights: network.parameters.map { specification in
        guard let tensor = parameters[specification.name] else {
          throw FCNError(.internalDefect, "the parameter \(specification.name) was lost")
        }
        guard isFinite(tensor) else {
          throw FCNError(
            .notFinite,
            "\(specification.name) is not finite after this epoch; the last checkpoint is kept. "
              + "Lower the learning rate, warm it up, or clip the gradients")
        }
        return try WeightTensor(
          name: specification.name, shape: specification.shape, copying: tensor)
      })
  }

  /// The optimizer's tensors by parameter name, in the order of `Optimizer.stateNames`.
  func optimizerState() throws -> [String: [WeightTensor]] {
    try learned.reduce(into: [:]) { result, parameter in
      result[parameter.name] = try parameter.state.map {
        try WeightTensor(name: parameter.name, shape: [$0.shape.count], copying: $0)
      }
    }
  }

  /// Puts weights and state back to what they were when `checkpoint` was written.
  func restore(_ checkpoint: Checkpoint) throws {
    for (name, tensor) in parameters {
      guard let saved = checkpoint.parameters[name], saved.count == tensor.shape.count else {
        throw FCNError(.corrupt, "the checkpoint has no proper tensor \(name)")
      }
      saved.copyFloats(to: tensor.pointer)
      try LearnerState.checkFinite(tensor, name, "The checkpoint")
    }
    for parameter in learned {
      guard let saved = checkpoint.optimizerState[parameter.name],
        saved.count == parameter.state.count,
        saved.allSatisfy({ $0.count == parameter.weight.shape.count })
      else {
        throw FCNError(.corrupt, "the checkpoint has no proper state for \(parameter.name)")
      }
      for (tensor, saved) in zip(parameter.state, saved) { saved.copyFloats(to: tensor.pointer) }
    }
  }
}
