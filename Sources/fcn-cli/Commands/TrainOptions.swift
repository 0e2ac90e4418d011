import FCNSwift

/// The options of `train` that decide what is learned and how.
enum TrainOptions {
  private static let recipe = Option.value(
    "recipe", "NAME",
    "A training's settings, each of which another option overrides; modern by default. They are "
      + "listed below, and the defaults named here are modern's.")
  private static let epochs = Option.value(
    "epochs", "N",
    "Times that every picture is seen; 5 to 300 by default, as follows from their number.")
  private static let iterations = Option.value(
    "iterations", "N", "Steps to make, in place of --epochs.")
  private static let batch = Option.value(
    "batch", "N", "Pictures of a minibatch; 8 by default, fewer for few.")
  private static let optimizer = Option.value(
    "optimizer", "NAME", "adamw (the default) or sgd.")
  private static let momentum = Option.value(
    "momentum", "FACTOR", "Of sgd; 0.9 by default.")
  private static let schedule = Option.value(
    "schedule", "RULE",
    "How the learning rate changes: poly or poly:POWER (the default: falling to 0; power 0.9), "
      + "constant, step:EPOCHS:FACTOR (times FACTOR every so many epochs).")
  private static let classWeights = Option.value(
    "class-weights", "RULE",
    "Weights of the classes in the loss: none, enet (1 / ln(1.1 + share)), a list a,b,c or a file with "
      + "a number a line. By default enet where a class is rare.")
  private static let lossReduction = Option.value(
    "loss-reduction", "NAME",
    "The loss of a minibatch is the mean (the default) or the sum of its labelled pixels' losses.")
  private static let layerRate = Option.value(
    "layer-rate", "NAME=FACTOR",
    "A factor on the learning rate of the layers whose names begin so; may be repeated.")
  private static let freeze = Option.value(
    "freeze", "NAME", "Layers whose names begin so do not learn; may be repeated.")
  private static let seed = Option.value(
    "seed", "N", "What initial weights, order and augmentation follow from; 1 by default.")
  private static let crop = Option.value(
    "crop", "WIDTHxHEIGHT",
    "Learn from pieces of this size, cut out at random places of the picture as the network sees it; "
      + "256x256 by default, 384x384 on a device, smaller where pictures are. 0x0: from whole "
      + "pictures.")
  private static let scale = Option.value(
    "scale", "LOW:HIGH", "Scale pictures by a random factor first; 0.6:1.6 by default.")
  private static let flip = Option.flag("flip", "Mirror every second picture: the default.")
  private static let noFlip = Option.flag("no-flip", "Mirror none, whatever the recipe says.")
  private static let patience = Option.value(
    "patience", "EPOCHS",
    "End when the mean IU has not grown for so many epochs; --resume can go on. Never by default.")
  private static let timeLimit = Option.value(
    "time-limit", "TIME",
    "End after so long, 90s, 5m, 2h or 1h30m, with the last epoch that fits, the first at the "
      + "earliest; --resume can go on.")
  private static let keepAll = Option.flag(
    "keep-all", "Keep the model of every epoch, as epoch-0001.safetensors and so on.")
  private static let half = Option.flag("half", "Store the models' weights as float16.")

  /// An option, and what it does to a training's.
  private struct Row: Sendable {
    let option: Option
    let set: @Sendable (inout TrainingOptions, Arguments) throws -> Void

    /// One that is set together with others, in `make`.
    init(_ option: Option) {
      (self.option, set) = (option, { _, _ in })
    }

    /// One that sets a number.
    init<Number>(_ option: Option, _ number: TrainingNumber<Number>) {
      self.option = option
      set = { options, arguments in
        guard let value = try arguments.number(option, number) else { return }
        try options.set(number, to: value, "--\(option.name)")
      }
    }

    init<Number>(_ name: String, _ value: String, _ number: TrainingNumber<Number>, _ help: String)
    {
      self.init(.value(name, value, help), number)
    }
  }

  private static let learningRows = [
    Row(recipe), Row(epochs, .epochs), Row(iterations, .iterations), Row(patience), Row(timeLimit),
    Row(batch, .batchSize),
    Row(
      "accumulate", "N", .accumulation,
      "Minibatches whose gradients are averaged for one step; 1 by default."),
    Row(optimizer),
    Row(
      "lr", "RATE", .learningRate,
      "The learning rate; for adamw 0.002 by default, 0.0005 with weights that were trained, 0.0001 "
        + "without batch normalisation; for sgd 0.01."),
    Row(momentum),
    Row(
      "weight-decay", "FACTOR", .weightDecay,
      "Of weights, not of biases; 0.01 by default, 0.0005 for sgd."),
    Row(
      "bias-rate", "FACTOR", .biasRate,
      "A factor on the learning rate of biases; 1 by default."),
    Row(
      "bias-decay", "FACTOR", .biasDecay,
      "A factor on the weight decay of biases; 0 by default."),
    Row(schedule),
    Row(
      "warmup", "N", .warmup,
      "Iterations over which the learning rate first rises; a tenth of all, 100 at most, by default."
    ),
    Row(
      "clip", "NORM", .clipNorm,
      "Gradients longer than this are shortened to it; 0: never, the default but without batch "
        + "normalisation, where it is 1."),
    Row(classWeights), Row(lossReduction), Row(layerRate), Row(freeze), Row(seed, .seed),
  ]
  private static let fileRows = [
    Row(
      "eval-every", "N", .evaluationInterval,
      "Epochs from one evaluation to the next; by default so many that evaluating takes a third of the "
        + "time at most."),
    Row(keepAll), Row(half),
  ]
  private static let augmentationRows = [
    Row(crop), Row(scale), Row(flip), Row(noFlip),
    Row(
      "brightness", "B", .brightness, "Brighten by a random factor of 1 ± B; 0.2 by default."),
    Row(
      "contrast", "C", .contrast, "Change the contrast by a random factor of 1 ± C; 0.2 by default."
    ),
  ]
  static let learning = OptionGroup("Learning", learningRows.map(\.option))
  static let augmentation = OptionGroup(
    "Augmentation of the training pictures", augmentationRows.map(\.option))
  static let precision = Option.value(
    "precision", "NUMBERS",
    "On a CUDA device: float32, the default, tf32, float16 or bfloat16; weights and the optimizer "
      + "stay float32.")
  static let files = fileRows.map(\.option)

  /// What `--recipe` says.
  static func recipe(_ arguments: Arguments) throws -> Recipe? {
    try arguments.named(recipe) { try Recipe.named($0) }
  }

  /// What `--seed` says, 1 without it.
  static func seed(_ arguments: Arguments) throws -> UInt64 { try arguments.seed(seed) ?? 1 }

  /// What the command line settles of what else follows from the data.
  static func settled(_ arguments: Arguments) throws -> TrainingFacts.Settled {
    var settled = TrainingFacts.Settled()
    settled.epochs = try arguments.number(epochs, .epochs)
    settled.iterations = try arguments.number(
      iterations, in: TrainingNumber.iterations.range.withoutZero)
    settled.batchSize = try arguments.number(batch, .batchSize)
    if let crop = try arguments.size(crop, in: Augmentation.sideRange.bounds) {
      (settled.cropWidth, settled.cropHeight) = crop
    }
    return settled
  }

  /// The options for the engine: `usual`, and what the command line says in its place.
  static func make(_ arguments: Arguments, usual: TrainingOptions) throws -> TrainingOptions {
    var options = usual
    let given = try settled(arguments)
    guard given.epochs == nil || given.iterations == nil else {
      throw UsageError("give --epochs or --iterations, not both")
    }
    // One takes the other's place.
    if given.epochs != nil { options.iterations = 0 }
    // Before its rate.
    try setOptimizer(&options, arguments)
    for row in learningRows + augmentationRows + fileRows { try row.set(&options, arguments) }
    if let rule = arguments.text(schedule) { options.schedule = try schedule(rule, arguments) }
    if let rule = arguments.text(classWeights) {
      options.classWeights = try classWeights(rule, arguments)
    }
    options.lossReduction = try arguments.choice(lossReduction) ?? options.lossReduction
    let rates = try layerRates(arguments)
    if !rates.isEmpty { options.layerRates = rates }
    options.augmentation.cropWidth = given.cropWidth ?? options.augmentation.cropWidth
    options.augmentation.cropHeight = given.cropHeight ?? options.augmentation.cropHeight
    try setAugmentation(&options.augmentation, arguments)
    options.threads = try arguments.threads()
    if arguments.has(.device) { options.device = try arguments.device() }
    options.precision = try arguments.choice(precision) ?? options.precision
    options.patience =
      try arguments.number(patience, in: TrainingNumber.patience.range.withoutZero) ?? 0
    options.timeLimit = try arguments.text(timeLimit).map { try seconds($0, arguments) } ?? 0
    options.keepsEveryEpoch = arguments.has(keepAll)
    options.elementType = arguments.has(half) ? .float16 : .float32
    return options
  }

  /// Throws where the command line is wrong whatever the data is.
  static func check(_ arguments: Arguments) throws {
    _ = try recipe(arguments)
    // Which optimizer it will be is not known yet; momentum is for the one that these have.
    _ = try make(arguments, usual: TrainingOptions())
  }

  private static func setOptimizer(
    _ options: inout TrainingOptions, _ arguments: Arguments
  ) throws {
    let usual = options.optimizer
    switch (arguments.text(optimizer), usual) {
    case (nil, _), ("sgd"?, .sgd): break
    case ("sgd"?, _): options.setOptimizer(.sgd())
    case ("adamw"?, _): options.setOptimizer(.adamW())
    case (let name?, _): throw arguments.outside(optimizer, name, "sgd or adamw")
    }
    if let factor = try arguments.number(momentum, in: Optimizer.momentumRange) {
      guard case .sgd = options.optimizer else {
        throw UsageError("--momentum is for sgd alone")
      }
      options.optimizer = .sgd(momentum: factor)
    }
  }

  /// A time such as 90s, 5m or 1h30m, in seconds; a number alone is seconds.
  private static func seconds(_ text: String, _ arguments: Arguments) throws -> Double {
    let units: [Character: Double] = ["h": 3600, "m": 60, "s": 1]
    var (sum, digits, last) = (0.0, "", Double.infinity)
    for character in text + (text.last?.isNumber == true ? "s" : "") {
      guard let unit = units[character] else {
        digits.append(character)
        continue
      }
      guard let number = Double(digits), number >= 0, unit < last else {
        throw arguments.outside(timeLimit, text, "a time such as 90s, 5m, 2h or 1h30m")
      }
      (sum, digits, last) = (sum + number * unit, "", unit)
    }
    guard digits.isEmpty, sum > 0, TrainingNumber.timeLimit.range.contains(sum) else {
      throw arguments.outside(timeLimit, text, "a time such as 90s, 5m, 2h or 1h30m")
    }
    return sum
  }

  private static func schedule(_ rule: String, _ arguments: Arguments) throws -> RateSchedule {
    let parts = rule.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("constant", 1): return .constant
    case ("poly", 1): return .poly()
    case ("poly", 2):
      return .poly(power: try arguments.number(parts[1], schedule, in: RateSchedule.powerRange))
    case ("step", 3):
      return .step(
        epochs: try arguments.number(parts[1], schedule, in: RateSchedule.epochRange),
        factor: try arguments.number(parts[2], schedule, in: RateSchedule.factorRange))
    default: break
    }
    throw arguments.outside(
      schedule, rule, "constant, poly, poly:POWER or step:EPOCHS:FACTOR")
  }

  private static func classWeights(
    _ rule: String, _ arguments: Arguments
  ) throws -> TrainingOptions.ClassWeights {
    if rule == "none" { return .none }
    if rule == "enet" { return .enet }
    var list = rule
    if File.exists(rule) { list = String(decoding: try File.read(rule), as: UTF8.self) }
    let numbers = list.split { $0 == "," || $0.isWhitespace }
    return .explicit(
      try numbers.map {
        try arguments.number(String($0), classWeights, in: TrainingOptions.ClassWeights.range)
      })
  }

  /// The file that `--class-weights` names; nil where it names none.
  static func classWeightsFile(_ arguments: Arguments) -> String? {
    arguments.text(classWeights).flatMap {
      $0 != "none" && $0 != "enet" && File.exists($0) ? $0 : nil
    }
  }

  private static func layerRates(_ arguments: Arguments) throws -> [String: Float] {
    var rates: [String: Float] = [:]
    for name in arguments.texts(freeze) { rates[name] = 0 }
    for text in arguments.texts(layerRate) {
      guard let (name, factor) = TrainingOptions.layerRate(in: text) else {
        throw arguments.outside(layerRate, text, "NAME=FACTOR")
      }
      guard TrainingOptions.layerRateRange.contains(factor) else {
        throw arguments.outside(
          layerRate, text, "a factor of \(TrainingOptions.layerRateRange.words)")
      }
      rates[name] = factor
    }
    return rates
  }

  private static func setAugmentation(
    _ augmentation: inout Augmentation, _ arguments: Arguments
  ) throws {
    if let scale = try arguments.pair(scale, separator: ":", in: Augmentation.scaleRange) {
      guard scale.0 <= scale.1 else { throw UsageError("--scale wants the lower factor first") }
      augmentation.scale = scale.0...scale.1
    }
    if arguments.has(flip) { augmentation.flip = true }
    if arguments.has(noFlip) { augmentation.flip = false }
  }
}
