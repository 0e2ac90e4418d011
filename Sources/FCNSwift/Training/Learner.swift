/// The weights that are being learned and what it takes to make a step of a training.
protocol Learner: AnyObject {
  /// Makes one step, learning from as many minibatches of `next` as the options say, and returns their
  /// mean loss; adds the predictions made before the update to `confusion`. Throws `notFinite`, before
  /// any weight is changed, where a loss or gradient is not.
  func learn(
    from next: () throws -> Minibatch, iteration: Int, rate: Float,
    _ confusion: inout ConfusionMatrix
  ) throws -> Double

  /// Weights and optimizer as they are now.
  func currentState() throws -> LearnerState

  /// What it has counted.
  var counts: LearnerCounts { get }

  /// Puts all back to what they were when `checkpoint` was written, after `iterations` steps.
  func restore(_ checkpoint: Checkpoint, iterations: Int) throws

  /// What segments with the weights as they are now, until the next step.
  func segmenter() throws -> any PictureSegmenter
}

/// Learns on the processor: forward, loss, backward, update.
final class ProcessorLearner: Learner {
  private let state: LearnerState
  private let network: Network
  private let preprocessing: Preprocessing
  private let classCount: Int
  private let options: TrainingOptions
  private let loss: SoftmaxCrossEntropy
  private let pool: WorkerPool
  private let evaluating: Segmenter
  /// Of the minibatch shape that came last.
  private var plan: TrainingPlan<ProcessorTraining>?
  private var predictions: [UInt8] = []
  /// The mean gradients of a step's minibatches, where it has several.
  private var accumulated: ParameterTable = [:]
  /// Steps made, which Adam's bias correction counts.
  private var made = 0

  init(model: Model, options: TrainingOptions, loss: SoftmaxCrossEntropy, pool: WorkerPool) throws {
    network = model.network
    preprocessing = model.description.preprocessing
    classCount = model.description.classNames.count
    self.options = options
    self.loss = loss
    self.pool = pool
    state = try LearnerState(model, options)
    evaluating = try Segmenter(
      model.network.withoutAuxiliaryScores(), parameters: state.parameters,
      preprocessing: preprocessing, pool: pool)
  }

  func currentState() -> LearnerState { state }

  var counts: LearnerCounts { LearnerCounts(iterations: made) }

  func restore(_ checkpoint: Checkpoint, iterations: Int) throws {
    try state.restore(checkpoint)
    made = checkpoint.counts?.iterations ?? iterations
  }

  func segmenter() -> any PictureSegmenter {
    evaluating.parametersChanged()
    return evaluating
  }

  func learn(
    from next: () throws -> Minibatch, iteration: Int, rate: Float,
    _ confusion: inout ConfusionMatrix
  ) throws -> Double {
    let parts = options.accumulation
    var (value, gradients) = (0.0, ParameterTable())
    for part in 0..<parts {
      let plan = try differentiate(
        try next(), draw: iteration * parts + part, loss: &value, &confusion)
      gradients = plan.backend.gradients
      if parts > 1 { gradients = try accumulate(gradients, part, of: parts) }
    }
    let scale = try gradientScale(gradients)
    made += 1
    for parameter in state.learned {
      let gradient = try gradients.gradient(parameter.name)
      if scale != 1 { scaleInPlace(gradient, by: scale) }
      options.optimizer.update(
        parameter.weight, gradient: gradient, state: parameter.state, iteration: made,
        rate: rate * parameter.rate, decay: options.weightDecay * parameter.decay, pool)
    }
    return value / Double(parts)
  }

  /// The plan with the gradients of `minibatch`, whose loss is added to `loss`. Random choices follow
  /// from `draw`.
  private func differentiate(
    _ minibatch: Minibatch, draw: Int, loss: inout Double, _ confusion: inout ConfusionMatrix
  ) throws -> TrainingPlan<ProcessorTraining> {
    let shape = Shape(
      minibatch.pictures.count, network.inputChannels, minibatch.height, minibatch.width)
    let plan = try plan(for: shape)
    for (n, picture) in minibatch.pictures.enumerated() {
      try picture.withPixelView { preprocessing.write($0, to: plan.input, n, pool) }
    }
    try pool.requireMatrixMemory()
    let seed = SeededGenerator(seed: options.seed, stream: UInt64(draw)).state.0
    try plan.forward(seed: seed)
    loss += try evaluateLoss(minibatch, plan, seed, &confusion)
    try plan.backward(seed: seed)
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

  private func plan(for shape: Shape) throws -> TrainingPlan<ProcessorTraining> {
    if let plan, plan.input.shape == shape { return plan }
    plan = nil
    let made = try TrainingPlan(
      network, inputShape: shape,
      ProcessorTraining(
        network, parameters: state.parameters, learned: Set(state.learned.map(\.name)), pool: pool,
        precision: options.precision))
    try loss.checkScores(made.scores.map(\.value.shape), of: shape, classes: classCount)
    plan = made
    return made
  }

  private func evaluateLoss(
    _ minibatch: Minibatch, _ plan: TrainingPlan<ProcessorTraining>, _ seed: UInt64,
    _ confusion: inout ConfusionMatrix
  ) throws -> Double {
    try requireMemory(minibatch.labels.count)
    predictions = [UInt8](repeating: 0, count: minibatch.labels.count)
    return try minibatch.labels.withUnsafeBufferPointer { labels in
      let value = predictions.withUnsafeMutableBufferPointer { predictions in
        // The network's own scores come last, and their predictions stay.
        plan.scores.reduce(0.0) { value, scores in
          let own = loss.reduced(
            loss.evaluate(
              scores.value, labels, gradient: scores.gradient, predictions: predictions, pool))
          if scores.factor != 1 { scaleInPlace(scores.gradient, by: scores.factor) }
          return value + Double(scores.factor) * own
        }
      }
      guard value.isFinite else {
        throw FCNError(
          .notFinite,
          "the loss is \(value); the first values that are not finite are those of "
            + "\(try plan.firstNotFinite(seed: seed) ?? "the loss itself"). Lower the learning rate, "
            + "warm it up, or clip the gradients")
      }
      try predictions.withUnsafeBufferPointer { try confusion.add(minibatch, $0) }
      return value
    }
  }

  /// What the gradients are multiplied by, so that their common norm is within the limit.
  private func gradientScale(_ gradients: ParameterTable) throws -> Float {
    var squares = 0.0
    // Backward: the layer where trouble began comes first.
    for parameter in state.learned.reversed() {
      let gradient = try gradients.gradient(parameter.name)
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

extension ParameterTable {
  /// The gradient of parameter `name`, which is learned.
  fileprivate func gradient(_ name: String) throws -> Tensor {
    guard let gradient = self[name] else {
      throw FCNError(.internalDefect, "the gradient of \(name) was lost")
    }
    return gradient
  }
}
