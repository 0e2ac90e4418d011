/// The weights that are being learned, the optimizer's state, and one step: forward, loss, backward,
/// update.
final class Learner {
  /// Live: every step changes them in place.
  let parameters: ParameterTable
  private let network: Network
  private let preprocessing: Preprocessing
  private let options: TrainingOptions
  private let loss: SoftmaxCrossEntropy
  private let pool: WorkerPool
  /// The parameters that change, with their multipliers and the optimizer's tensors.
  private let learned: [Learned]
  /// Of the minibatch shape that came last.
  private var plan: TrainingPlan?
  private var predictions: [UInt8] = []
  /// The mean gradients of a step's minibatches, where it has several.
  private var accumulated: ParameterTable = [:]
  /// Steps made, which Adam's bias correction counts.
  private var steps = 0

  private struct Learned {
    let name: String
    let weight: Tensor
    let state: [Tensor]
    let rate: Float
    let decay: Float
  }

  init(model: Model, options: TrainingOptions, loss: SoftmaxCrossEntropy, pool: WorkerPool) throws {
    network = model.network
    preprocessing = model.description.preprocessing
    self.options = options
    self.loss = loss
    self.pool = pool
    var parameters = ParameterTable()
    var learned: [Learned] = []
    for (name, shared) in try model.parameterTable() {
      let copy = try Tensor(uninitialized: shared.shape)
      copy.pointer.update(from: shared.pointer, count: shared.shape.count)
      parameters[name] = copy
    }
    for specification in network.parameters {
      let (rate, decay) = options.multipliers(for: specification)
      guard rate > 0, let weight = parameters[specification.name] else { continue }
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

  /// Makes one step, learning from as many minibatches of `next` as the options say, and returns their
  /// mean loss; adds the predictions made before the update to `confusion`. Throws `notFinite`, before
  /// any weight is changed, where a loss or gradient is not.
  func learn(
    from next: () throws -> Minibatch, iteration: Int, rate: Float,
    _ confusion: inout ConfusionMatrix
  ) throws -> Double {
    let parts = options.accumulation
    var (value, gradients) = (0.0, ParameterTable())
    for part in 0..<parts {
      let plan = try differentiate(
        try next(), draw: iteration * parts + part, loss: &value, &confusion)
      gradients = parts == 1 ? plan.gradients : try accumulate(plan.gradients, part, of: parts)
    }
    let scale = try gradientScale(gradients)
    steps += 1
    for parameter in learned {
      guard let gradient = gradients[parameter.name] else { continue }
      if scale != 1 { scaleInPlace(gradient, by: scale) }
      options.optimizer.update(
        parameter.weight, gradient: gradient, state: parameter.state, step: steps,
        rate: rate * parameter.rate, decay: options.weightDecay * parameter.decay, pool)
    }
    return value / Double(parts)
  }

  /// The plan with the gradients of `minibatch`, whose loss is added to `loss`. Random choices follow
  /// from `draw`.
  private func differentiate(
    _ minibatch: Minibatch, draw: Int, loss: inout Double, _ confusion: inout ConfusionMatrix
  ) throws -> TrainingPlan {
    let shape = Shape(
      minibatch.pictures.count, network.inputChannels, minibatch.height, minibatch.width)
    let plan = try plan(for: shape)
    for (n, picture) in minibatch.pictures.enumerated() {
      try picture.withPixelView { preprocessing.write($0, to: plan.input, n) }
    }
    let seed = SeededGenerator(seed: options.seed, stream: UInt64(draw)).state.0
    plan.forward(seed: seed)
    loss += try evaluateLoss(minibatch, plan, &confusion)
    plan.backward(seed: seed)
    return plan
  }

  /// Adds `gradients` of part `part` to the mean over `parts`, which is whole after the last one.
  private func accumulate(
    _ gradients: ParameterTable, _ part: Int, of parts: Int
  ) throws -> ParameterTable {
    let share = 1 / Float(parts)
    for (name, gradient) in gradients {
      let mean = try accumulated[name] ?? Tensor(gradient.shape)
      accumulated[name] = mean
      let (total, source) = (mean.pointer, gradient.pointer)
      let isFirst = part == 0
      for i in 0..<gradient.shape.count {
        total[i] = (isFirst ? 0 : total[i]) + share * source[i]
      }
    }
    return accumulated
  }

  private func plan(for shape: Shape) throws -> TrainingPlan {
    if let plan, plan.input.shape == shape { return plan }
    plan = nil
    let made = try TrainingPlan(
      network, parameters: parameters, learned: Set(learned.map(\.name)), inputShape: shape,
      pool: pool)
    plan = made
    return made
  }

  private func evaluateLoss(
    _ minibatch: Minibatch, _ plan: TrainingPlan, _ confusion: inout ConfusionMatrix
  ) throws -> Double {
    let plane = minibatch.height * minibatch.width
    predictions = [UInt8](repeating: 0, count: minibatch.labels.count)
    return try minibatch.labels.withUnsafeBufferPointer { labels in
      let value = predictions.withUnsafeMutableBufferPointer { predictions in
        var value = 0.0
        for (scores, gradient, factor) in plan.auxiliary {
          let auxiliary = loss.reduced(
            loss.evaluate(scores, labels, gradient: gradient, predictions: predictions, pool))
          value += Double(factor) * auxiliary
          scaleInPlace(gradient, by: factor)
        }
        // Last, so that the predictions are those of the network's own scores.
        return value
          + loss.reduced(
            loss.evaluate(
              plan.output, labels, gradient: plan.outputGradient, predictions: predictions, pool))
      }
      guard value.isFinite else {
        throw FCNError(
          .notFinite,
          "the loss is \(value); the first values that are not finite are those of "
            + "\(plan.firstLayerNotFinite() ?? "the loss itself"). Lower the learning rate, warm it "
            + "up, or clip the gradients")
      }
      try predictions.withUnsafeBufferPointer { predictions in
        for n in minibatch.pictures.indices {
          let pixels = n * plane..<(n + 1) * plane
          _ = try confusion.add(
            truth: UnsafeBufferPointer(rebasing: labels[pixels]),
            prediction: UnsafeBufferPointer(rebasing: predictions[pixels]))
        }
      }
      return value
    }
  }

  /// What the gradients are multiplied by, so that their common norm is within the limit.
  private func gradientScale(_ gradients: ParameterTable) throws -> Float {
    var squares = 0.0
    // Backward: the layer where trouble began comes first.
    for parameter in learned.reversed() {
      guard let gradient = gradients[parameter.name] else { continue }
      let square = dot(gradient.pointer, gradient.pointer, gradient.shape.count)
      guard square.isFinite else {
        throw FCNError(
          .notFinite,
          "the gradient of \(parameter.name) is not finite. Lower the learning rate, warm it up, or "
            + "clip the gradients")
      }
      squares += square
    }
    let norm = Float(squares.squareRoot())
    return options.clipNorm > 0 && norm > options.clipNorm ? options.clipNorm / norm : 1
  }

  private func scaleInPlace(_ tensor: Tensor, by factor: Float) {
    let values = tensor.pointer
    for i in 0..<tensor.shape.count { values[i] *= factor }
  }
}

// MARK: What is saved

extension Learner {
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
          name: specification.name, shape: specification.shape, floats: tensor.elements)
      })
  }

  /// The optimizer's tensors by parameter name, in the order of `Optimizer.stateNames`.
  func optimizerState() throws -> [String: [WeightTensor]] {
    try learned.reduce(into: [:]) { result, parameter in
      result[parameter.name] = try parameter.state.map {
        try WeightTensor(
          name: parameter.name, shape: [$0.shape.count], floats: $0.elements)
      }
    }
  }

  /// Puts weights and state back to what they were when `checkpoint` was written, after
  /// `iterations` steps.
  func restore(_ checkpoint: Checkpoint, iterations: Int) throws {
    for (name, tensor) in parameters {
      guard let saved = checkpoint.parameters[name], saved.count == tensor.shape.count else {
        throw FCNError(.corrupt, "the checkpoint has no proper tensor \(name)")
      }
      saved.copyFloats(to: tensor.pointer)
    }
    for parameter in learned {
      guard let saved = checkpoint.optimizerState[parameter.name],
        saved.allSatisfy({ $0.count == parameter.weight.shape.count })
      else {
        throw FCNError(.corrupt, "the checkpoint has no proper state for \(parameter.name)")
      }
      for (tensor, saved) in zip(parameter.state, saved) { saved.copyFloats(to: tensor.pointer) }
    }
    steps = iterations
  }
}
