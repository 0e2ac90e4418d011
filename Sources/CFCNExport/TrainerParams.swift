public import CFCN
import FCNSwift

extension fcn_trainer_params: GrowingStruct {
  static var name: StaticString { "fcn_trainer_params" }
  static var firstSize: Int { offset(of: \.backend) }

  /// What marks a field whose value follows from the data or the recipe: 0 where that is no value,
  /// else -1.
  static let chosen: Int32 = -1

  /// The recipe that learns, and what it leaves to the data.
  static var defaults: fcn_trainer_params { settings(of: .modern) }

  /// What `recipe` sets. Where a field can leave something open it does, and `recipe` says it later.
  static func settings(of recipe: Recipe) -> fcn_trainer_params {
    let options = recipe.options
    var params = fcn_trainer_params()
    params.recipe = recipe.name == Recipe.modern.name ? nil : recipeNames[recipe.name]
    params.batch_norm = chosen
    params.weight_decay = Float(chosen)
    params.bias_rate = options.biasRate
    params.bias_decay = options.biasDecay
    params.clip_norm = Float(chosen)
    // What another one would use has that one's default.
    for optimizer in [.sgd(), options.optimizer] { params.setOptimizer(optimizer) }
    for schedule in [.step(), .poly(), options.schedule] { params.setSchedule(schedule) }
    params.warm_up = chosen
    params.loss = Int32(options.lossReduction == .sum ? FCN_LOSS_SUM : FCN_LOSS_MEAN)
    params.class_weights = chosen
    (params.crop_width, params.crop_height) = (chosen, chosen)
    params.scale_least = options.augmentation.scale.lowerBound
    params.scale_greatest = options.augmentation.scale.upperBound
    params.flip = options.augmentation.flip ? 1 : 0
    params.brightness = options.augmentation.brightness
    params.contrast = options.augmentation.contrast
    params.seed = options.seed
    (params.keep_every_epoch, params.half_precision) = (chosen, chosen)
    (params.patience, params.binary_masks) = (chosen, chosen)
    return params
  }

  private mutating func setOptimizer(_ optimizer: Optimizer) {
    switch optimizer {
    case .sgd(let momentum):
      (self.optimizer, self.momentum) = (Int32(FCN_OPTIMIZER_SGD), momentum)
    case .adamW: self.optimizer = Int32(FCN_OPTIMIZER_ADAMW)
    }
  }

  private mutating func setSchedule(_ schedule: RateSchedule) {
    switch schedule {
    case .constant: self.schedule = Int32(FCN_SCHEDULE_CONSTANT)
    case .step(let epochs, let factor):
      self.schedule = Int32(FCN_SCHEDULE_STEP)
      (schedule_epochs, schedule_factor) = (Int32(epochs), factor)
    case .poly(let power):
      (self.schedule, schedule_power) = (Int32(FCN_SCHEDULE_POLY), power)
    }
  }

  /// The recipes' names, which stand there for ever.
  private nonisolated(unsafe) static let recipeNames = Dictionary(
    uniqueKeysWithValues: Recipe.all.map { ($0.name, permanentCString(copying: $0.name)) })

  /// The recipe that the fields were filled by. Its name alone would say nothing of them, so that of
  /// the host's own making is refused.
  func chosenRecipe() throws -> Recipe {
    guard let recipe else { return .modern }
    guard let found = Self.recipeNames.first(where: { $0.value == recipe }) else {
      throw FCNError(
        .invalidArgument,
        "recipe was not set by fcn_trainer_params_named, which sets the other fields with it; call "
          + "that in place of fcn_trainer_params_init")
    }
    return try Recipe.named(found.key)
  }

  /// How label files are read; what nobody says is as in `saved`.
  func reading(_ saved: SavedTraining?) throws -> VOCFolder.Reading {
    VOCFolder.Reading(
      classNames: try saved?.description.classNames
        ?? start.map { try ModelObject.from($0).model.description.classNames },
      binaryMasks: try chosenFlag(binary_masks, "binary_masks") ?? saved?.binaryMasks ?? false)
  }

  /// What `survey` counted, and what these parameters settle.
  func facts(_ survey: DatasetSurvey) throws -> TrainingFacts {
    var facts = TrainingFacts(
      survey, threads: Int(threads), device: try Device(backend: backend, device: device))
    facts.startsTrained = start != nil || weights != nil
    facts.settled.epochs = epochs == 0 ? nil : Int(epochs)
    facts.settled.iterations = iterations == 0 ? nil : Int(iterations)
    facts.settled.batchSize = batch_size == 0 ? nil : Int(batch_size)
    facts.settled.cropWidth = crop_width == Self.chosen ? nil : Int(crop_width)
    facts.settled.cropHeight = crop_height == Self.chosen ? nil : Int(crop_height)
    return facts
  }

  /// How to train: as these parameters say, and where they leave it open, as `usual` is.
  func options(usual: TrainingOptions) throws -> TrainingOptions {
    guard reserved == 0 else {
      throw FCNError(.invalidArgument, "reserved is \(reserved); it must be 0")
    }
    try checkStart()
    var options = usual
    func set<Number: Numeric>(
      _ number: TrainingNumber<Number>, _ value: Number, _ name: String, open: Int? = nil
    ) throws {
      if let open, value == Number(exactly: open) { return }
      try options.set(number, to: value, name, or: open.map(String.init))
    }
    try set(.threads, Int(threads), "threads")
    options.device = try Device(backend: backend, device: device)
    options.precision = try Precision(precision)
    guard epochs == 0 || iterations == 0 else {
      throw FCNError(
        .invalidArgument,
        "epochs is \(epochs) and iterations \(iterations); set one, and leave the other 0")
    }
    // One takes the other's place.
    if epochs != 0 { options.iterations = 0 }
    try set(.epochs, Int(epochs), "epochs", open: 0)
    try set(.iterations, Int(iterations), "iterations", open: 0)
    try set(.accumulation, Int(accumulation), "accumulation", open: 0)
    try set(.batchSize, Int(batch_size), "batch_size", open: 0)
    options.setOptimizer(try chosenOptimizer())
    try set(.learningRate, learning_rate, "learning_rate", open: 0)
    try set(.weightDecay, weight_decay, "weight_decay", open: -1)
    try set(.biasRate, bias_rate, "bias_rate")
    try set(.biasDecay, bias_decay, "bias_decay")
    options.layerRates = try chosenLayerRates() ?? options.layerRates
    try set(.clipNorm, clip_norm, "clip_norm", open: -1)
    options.schedule = try chosenSchedule()
    try set(.warmup, Int(warm_up), "warm_up", open: -1)
    options.lossReduction = try choice(loss, "loss", [FCN_LOSS_MEAN: .mean, FCN_LOSS_SUM: .sum])
    options.classWeights = try chosenClassWeights() ?? options.classWeights
    options.augmentation = try augmentation(usual.augmentation)
    try set(.brightness, brightness, "brightness")
    try set(.contrast, contrast, "contrast")
    try set(.seed, seed, "seed")
    try set(.evaluationInterval, Int(evaluation_interval), "evaluation_interval", open: 0)
    try set(.patience, Int(patience), "patience", open: -1)
    try set(.timeLimit, time_limit, "time_limit")
    options.keepsEveryEpoch =
      try chosenFlag(keep_every_epoch, "keep_every_epoch") ?? options.keepsEveryEpoch
    if let isHalf = try chosenFlag(half_precision, "half_precision") {
      options.elementType = isHalf ? .float16 : .float32
    }
    return options
  }

  /// Whether a resumed training may take another length at any schedule.
  var mayExtend: Bool { get throws { try flag(extend, "extend") } }

  /// Whether to go on from a checkpoint.
  var resumes: Bool { get throws { try flag(resume, "resume") } }

  private func chosenOptimizer() throws -> Optimizer {
    let chosen: Optimizer = try choice(
      optimizer, "optimizer",
      [FCN_OPTIMIZER_SGD: .sgd(momentum: momentum), FCN_OPTIMIZER_ADAMW: .adamW()])
    if case .sgd = chosen { try Optimizer.momentumRange.check(momentum, "momentum") }
    return chosen
  }

  private func chosenSchedule() throws -> RateSchedule {
    let chosen: RateSchedule = try choice(
      schedule, "schedule",
      [
        FCN_SCHEDULE_CONSTANT: .constant,
        FCN_SCHEDULE_STEP: .step(epochs: Int(schedule_epochs), factor: schedule_factor),
        FCN_SCHEDULE_POLY: .poly(power: schedule_power),
      ])
    switch chosen {
    case .constant: break
    case .step(let epochs, let factor):
      try RateSchedule.epochRange.check(epochs, "schedule_epochs")
      try RateSchedule.factorRange.check(factor, "schedule_factor")
    case .poly(let power): try RateSchedule.powerRange.check(power, "schedule_power")
    }
    return chosen
  }

  /// What `layer_rates` says; nil where it leaves that open.
  private func chosenLayerRates() throws -> [String: Float]? {
    guard let text = try optionalString(layer_rates, "layer_rates") else { return nil }
    guard !text.isEmpty else { return [:] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).reduce(into: [:]) {
      guard let (name, factor) = TrainingOptions.layerRate(in: $1.drop { $0 == " " }) else {
        throw FCNError(
          .invalidArgument,
          "layer_rates is \"\(text)\"; it must be NAME=FACTOR, several separated by commas")
      }
      try TrainingOptions.layerRateRange.check(factor, "the factor of \(name) in layer_rates")
      $0[name] = factor
    }
  }

  /// How classes weigh; nil where the fields leave that open.
  private func chosenClassWeights() throws -> TrainingOptions.ClassWeights? {
    guard let values = class_weight_values else {
      guard class_weight_count == 0 else {
        throw FCNError(
          .invalidArgument,
          "class_weight_count is \(class_weight_count) but class_weight_values is NULL")
      }
      guard class_weights != Self.chosen else { return nil }
      // Said in full: `.none` alone would be nil here.
      let rules: [Int: TrainingOptions.ClassWeights] = [
        FCN_CLASS_WEIGHTS_NONE: .none, FCN_CLASS_WEIGHTS_ENET: .enet,
      ]
      return .some(try choice(class_weights, "class_weights", rules))
    }
    try check(class_weight_count, "class_weight_count", 1...Int32(FCN_LARGEST_CLASS_COUNT))
    let weights = Array(UnsafeBufferPointer(start: values, count: Int(class_weight_count)))
    for (index, weight) in weights.enumerated() {
      try TrainingOptions.ClassWeights.range.check(weight, "class_weight_values[\(index)]")
    }
    return .explicit(weights)
  }

  /// Throws where class_weight_values are more or fewer than the classes.
  func checkClassWeights(classCount: Int) throws {
    guard class_weight_values == nil || Int(class_weight_count) == classCount else {
      throw FCNError(
        .invalidArgument,
        "class_weight_count is \(class_weight_count), but there are \(classCount) classes; "
          + "class_weight_values must have one for each")
    }
  }

  private func augmentation(_ usual: Augmentation) throws -> Augmentation {
    func side(_ value: Int32, _ name: String, _ usual: Int) throws -> Int {
      guard value != Self.chosen else { return usual }
      try Augmentation.sideRange.check(Int(value), name, or: "-1")
      return Int(value)
    }
    try Augmentation.scaleRange.check(scale_least, "scale_least")
    try Augmentation.scaleRange.check(scale_greatest, "scale_greatest")
    // Before the range is made, which must not be empty.
    guard scale_least <= scale_greatest else {
      throw FCNError(
        .invalidArgument,
        "scale_least is \(scale_least), scale_greatest \(scale_greatest); the first must not be the "
          + "greater")
    }
    return Augmentation(
      cropWidth: try side(crop_width, "crop_width", usual.cropWidth),
      cropHeight: try side(crop_height, "crop_height", usual.cropHeight),
      scale: scale_least...scale_greatest, flip: try flag(flip, "flip"))
  }
}

func flag(_ value: Int32, _ name: StaticString) throws -> Bool {
  try choice(value, name, [0: false, 1: true])
}

/// A flag, nil where it is left open.
private func chosenFlag(_ value: Int32, _ name: StaticString) throws -> Bool? {
  try choice(value, name, [0: .some(false), 1: .some(true), Int(fcn_trainer_params.chosen): nil])
}
