import CDeviceCalls

/// Learns on a device: preprocessing, forward, loss, backward and update happen there; the host sees the
/// loss, the predictions and the gradients' norms of each step.
///
/// In float16 the loss is multiplied by a factor, so that small gradients do not become zero, and
/// gradients by parameters are divided by it again. A step with a gradient that is not finite is left
/// out and the factor halved; after many good ones it is doubled (Micikevicius et al., 2018).
final class DeviceLearner: Learner {
  private let model: Model
  private let options: TrainingOptions
  private let loss: SoftmaxCrossEntropy
  private let pool: WorkerPool
  private let context: DeviceContext
  private let runtime: CUDARuntime
  private let stream: DeviceStream
  private let state: LearnerState
  private let store: DeviceParameterStore
  /// Mean gradients of a step's minibatches, where it has several.
  private let accumulated: DeviceParameterStore?
  private let update: DeviceFunction
  private let accumulate: DeviceFunction
  private var plan: (plan: TrainingPlan<DeviceTraining>, loss: DeviceLoss)?
  private var pictures: DeviceStaging?
  private var lossScale: LossScale
  /// Steps made, which Adam's bias correction counts.
  private var made = 0

  init(
    model: Model, options: TrainingOptions, loss: SoftmaxCrossEntropy, pool: WorkerPool,
    runtime: CUDARuntime, device: Int
  ) throws {
    let context = try runtime.context(device)
    try options.precision.check(on: context.device)
    self.model = model
    self.options = options
    self.loss = loss
    self.pool = pool
    self.runtime = runtime
    self.context = context
    let state = try LearnerState(model, options)
    self.state = state
    lossScale = LossScale(isNeeded: options.precision == .float16)
    let stateCount = options.optimizer.stateNames.count
    (stream, store, accumulated, update, accumulate) = try context.run {
      let kernel: String =
        switch options.optimizer {
        case .sgd: "update_sgd"
        case .adamW: "update_adamw"
        }
      return (
        try DeviceStream(context),
        try DeviceParameterStore(state, stateCount: stateCount, in: context),
        options.accumulation > 1
          ? try DeviceParameterStore(state.parameters, in: context) : nil,
        try context.functions.function(kernel, of: .optimizer, [], context),
        try context.functions.function("accumulate", of: .reductions, [], context)
      )
    }
  }

  func currentState() throws -> LearnerState {
    try context.run { try store.download(to: state) }
    return state
  }

  var counts: LearnerCounts {
    LearnerCounts(iterations: made, lossScale: lossScale.factor, goodSteps: lossScale.goodSteps)
  }

  func restore(_ checkpoint: Checkpoint, iterations: Int) throws {
    try state.restore(checkpoint)
    try context.run { try store.upload(state) }
    made = checkpoint.counts?.iterations ?? iterations
    // Where none was kept, the factor on the loss begins anew.
    if let counts = checkpoint.counts { lossScale.restore(counts) }
  }

  func segmenter() throws -> any PictureSegmenter {
    let trained = try currentState().model(model.description)
    let weights = try trained.inferenceWeights(folding: true)
    return try DeviceSegmenter(
      weights, preprocessing: model.description.preprocessing, pool: pool, disabledForms: [],
      precision: options.precision, runtime: runtime, device: context.device.index)
  }

  func learn(
    from next: () throws -> Minibatch, iteration: Int, rate: Float,
    _ confusion: inout ConfusionMatrix
  ) throws -> Double {
    let parts = options.accumulation
    var value = 0.0
    var squares: [Double] = []
    for part in 0..<parts {
      let minibatch = try next()
      (value, squares) = try context.run {
        let (loss, squares) = try differentiate(
          minibatch, draw: iteration * parts + part, part: part, &confusion)
        return (value + loss, squares)
      }
    }
    guard let scale = try gradientScale(squares) else { return value / Double(parts) }
    made += 1
    try context.run {
      for parameter in state.learned { try enqueueUpdate(parameter, rate: rate, scale: scale) }
      try stream.synchronize()
    }
    return value / Double(parts)
  }

  /// Computes the gradients of `minibatch`; returns its loss and the squares of the step's gradients.
  private func differentiate(
    _ minibatch: Minibatch, draw: Int, part: Int, _ confusion: inout ConfusionMatrix
  ) throws -> (loss: Double, squares: [Double]) {
    let shape = Shape(
      minibatch.pictures.count, model.network.inputChannels, minibatch.height, minibatch.width)
    let (plan, deviceLoss) = try plan(for: shape)
    try enqueuePictures(minibatch, plan)
    let seed = SeededGenerator(seed: options.seed, stream: UInt64(draw)).state.0
    try plan.forward(seed: seed)
    let weight = loss.totalWeight(minibatch.labels)
    let reduction: Float =
      loss.reduction == .sum ? 1 : weight > 0 ? Float(1 / weight) : 0
    try deviceLoss.enqueue(
      stream, labels: minibatch.labels, scale: reduction * lossScale.factor)
    plan.backend.gradientScale = 1 / lossScale.factor
    try plan.backward(seed: seed)
    let gradients = try gradientsOfStep(part)
    try deviceLoss.enqueueResults(stream, gradients: gradients)
    try stream.synchronize()
    let value = zip(plan.scores, deviceLoss.losses).reduce(0.0) {
      $0 + Double($1.0.factor) * loss.reduced((sum: $1.1, weight: weight))
    }
    guard value.isFinite else {
      throw FCNError(
        .notFinite,
        "the loss is \(value); the first values that are not finite are those of "
          + "\(try plan.firstNotFinite(seed: seed) ?? "the loss itself"). Lower the learning rate, "
          + "warm it up, or clip the gradients")
    }
    try confusion.add(minibatch, deviceLoss.predictions)
    return (value, gradients.indices.map { deviceLoss.square($0) })
  }

  /// Where the step's gradients are once part `part` is in; adds it where there are several.
  private func gradientsOfStep(
    _ part: Int
  ) throws -> [(address: CUDADriver.Address, count: Int)] {
    try state.learned.map { parameter in
      let gradient = try store.gradient(parameter.name)
      let count = try store.count(parameter.name)
      guard let total = try accumulated?.gradient(parameter.name) else { return (gradient, count) }
      try stream.launch(
        accumulate, over: count,
        fcn_accumulate_call(
          values: gradient, total: total, count: Int64(count), keep: part == 0 ? 0 : 1,
          share: 1 / Float(options.accumulation)))
      return (total, count)
    }
  }

  private func enqueuePictures(
    _ minibatch: Minibatch, _ plan: TrainingPlan<DeviceTraining>
  ) throws {
    try withPixelViews(of: minibatch.pictures[...]) { views in
      let batch = DeviceBatch(views)
      let pictures = try staging(batch.byteCount)
      try batch.writeHeader(to: pictures.host.base)
      for (n, view) in views.enumerated() { batch.writePixels(view, n, to: pictures.host.base) }
      try stream.upload(pictures.host.base, batch.byteCount, to: pictures.device.address)
      try stream.enqueuePreprocessing(
        pictures.device.address, to: plan.input, model.description.preprocessing)
    }
  }

  /// The block through which pictures travel, of `byteCount` bytes or more.
  private func staging(_ byteCount: Int) throws -> DeviceStaging {
    if let pictures, pictures.byteCount >= byteCount { return pictures }
    pictures = nil
    let made = try DeviceStaging(byteCount, context)
    pictures = made
    return made
  }

  private func plan(
    for shape: Shape
  ) throws -> (plan: TrainingPlan<DeviceTraining>, loss: DeviceLoss) {
    if let plan, plan.plan.input.shape == shape { return plan }
    plan = nil
    let made = try TrainingPlan(
      model.network, inputShape: shape,
      DeviceTraining(
        store, learned: Set(state.learned.map(\.name)), precision: options.precision,
        stream: stream))
    try loss.checkScores(
      made.scores.map(\.value.shape), of: shape, classes: model.description.classNames.count)
    let loss = try DeviceLoss(
      made, classWeights: loss.classWeights, parameterCount: state.learned.count, context)
    plan = (made, loss)
    return (made, loss)
  }

  /// What the gradients are multiplied by, so that their common norm is within the limit; nil where
  /// the step is to be left out.
  private func gradientScale(_ squares: [Double]) throws -> Float? {
    guard squares.allSatisfy(\.isFinite) else {
      if lossScale.shrink() { return nil }
      let index = squares.lastIndex { !$0.isFinite } ?? 0
      throw FCNError(
        .notFinite,
        "the gradient of \(state.learned[index].name) is not finite. Lower the learning rate, warm "
          + "it up, or clip the gradients")
    }
    lossScale.stepWasMade()
    let norm = Float(squares.reduce(0, +).squareRoot())
    return options.clipNorm > 0 && norm > options.clipNorm ? options.clipNorm / norm : 1
  }

  private func enqueueUpdate(
    _ parameter: LearnerState.Learned, rate: Float, scale: Float
  ) throws {
    let name = parameter.name
    var call = fcn_update_call()
    call.weight = try store.weight(name)
    call.gradient = try (accumulated ?? store).gradient(name)
    call.first = try store.state(0, name)
    call.count = Int64(try store.count(name))
    (call.rate, call.decay) = (rate * parameter.rate, options.weightDecay * parameter.decay)
    call.scale = scale
    switch options.optimizer {
    case .sgd(let momentum): call.momentum = momentum
    case .adamW(let beta1, let beta2):
      call.second = try store.state(1, name)
      (call.beta1, call.beta2) = (beta1, beta2)
      (call.correction1, call.correction2) = Optimizer.corrections(beta1, beta2, iteration: made)
    }
    try stream.launch(update, over: Int(call.count), call)
  }
}

/// The factor on the loss that keeps half-precision gradients from vanishing.
struct LossScale {
  private(set) var factor: Float = 1
  private let isNeeded: Bool
  private(set) var goodSteps = 0

  /// Good steps after which it is doubled.
  private static let patience = 2000
  static let largest: Float = 65536

  init(isNeeded: Bool) {
    self.isNeeded = isNeeded
    if isNeeded { factor = Self.largest }
  }

  /// Puts it back to what it was.
  mutating func restore(_ counts: LearnerCounts) {
    guard isNeeded else { return }
    (factor, goodSteps) = (counts.lossScale, counts.goodSteps)
  }

  mutating func stepWasMade() {
    goodSteps += 1
    guard isNeeded, goodSteps >= Self.patience else { return }
    goodSteps = 0
    factor = min(2 * factor, Self.largest)
  }

  /// After a gradient that is not finite; false where a smaller factor would not help.
  mutating func shrink() -> Bool {
    goodSteps = 0
    guard isNeeded, factor > 1 else { return false }
    factor /= 2
    return true
  }
}
