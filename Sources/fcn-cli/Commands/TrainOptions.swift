import FCNSwift

/// The options of `train` that decide what is learned and how.
enum TrainOptions {
  private static let recipe = Option.value(
    "recipe", "NAME",
    "A training's settings, each of which another option overrides; modern by default. They are "
      + "listed below, and the defaults named here are modern's."
  ).choosing(from: Recipe.all.map(\.name))
  private static let optimizer = Option.value(
    "optimizer", "NAME", "adamw (the default) or sgd."
  ).choosing(from: ["adamw", "sgd"])
  private static let momentum = Option.value(
    "momentum", "FACTOR", "Of sgd; 0.9 by default.")
  private static let schedule = Option.value(
    "schedule", "RULE",
    "How the learning rate changes: poly or poly:POWER (the default: falling to 0; power 0.9), "
      + "constant, step:EPOCHS:FACTOR (times FACTOR every so many epochs)."
  ).choosing(from: ["poly", "constant"])
  private static let classWeights = Option.value(
    "class-weights", "RULE",
    "Weights of the classes in the loss: none, enet (1 / ln(1.1 + share)), a list a,b,c or a file with "
      + "a number a line. By default enet where a class is rare.")
  private static let lossReduction = Option.value(
    "loss-reduction", "NAME", help("lossReduction")
  ).choosing(from: LossReduction.self)
  private static let layerRate = Option.value(
    "layer-rate", "NAME=FACTOR",
    "A factor on the learning rate of the layers whose names begin so; may be repeated.")
  private static let freeze = Option.value(
    "freeze", "NAME", "Layers whose names begin so do not learn; may be repeated.")
  private static let crop = Option.value(
    "crop", "WIDTHxHEIGHT",
    "Learn from pieces of this size, cut out at random places of the picture as the network sees it; "
      + "256x256 by default, 384x384 on a device, smaller where pictures are. 0x0: from whole "
      + "pictures.")
  private static let scale = Option.value(
    "scale", "LOW:HIGH", "Scale pictures by a random factor first; 0.6:1.6 by default.")
  private static let flip = Option.flag("flip", "Mirror every second picture: the default.")
  private static let noFlip = Option.flag("no-flip", "Mirror none, whatever the recipe says.")
  private static let brightness = Option.value(
    "brightness", "B", "Brighten by a random factor of 1 ± B; 0.2 by default.")
  private static let contrast = Option.value(
    "contrast", "C", "Change the contrast by a random factor of 1 ± C; 0.2 by default.")
  private static let timeLimit = Option.value(
    "time-limit", "TIME",
    "End after so long, 90s, 5m, 2h or 1h30m, with the last epoch that fits, the first at the "
      + "earliest; --resume can go on.")
  private static let keepAll = Option.flag("keep-all", help("keepsEveryEpoch"))
  private static let noKeepAll = Option.flag(
    "no-keep-all", "Keep them no longer, in a training that is resumed.")
  private static let half = Option.flag("half", help("elementType"))
  private static let noHalf = Option.flag(
    "no-half", "Store them as float32 again, in a training that is resumed.")

  /// An option, and what it does to a training's.
  private struct Row: Sendable {
    let option: Option
    let set: @Sendable (inout TrainingOptions, Arguments) throws -> Void

    /// One that is set together with others, in `make`.
    init(_ option: Option) {
      (self.option, set) = (option, { _, _ in })
    }

    /// One of the table's that is a number.
    init(_ option: Option, _ number: TrainingOption.Number?) {
      self.option = option
      set = { options, arguments in
        guard let number, let text = arguments.text(option) else { return }
        guard number.set(&options, text) else {
          throw arguments.outside(option, text, number.wanted)
        }
      }
    }

    /// One that is a part of a row of the table.
    init<Number>(_ option: Option, _ number: TrainingNumber<Number>) {
      self.option = option
      set = { options, arguments in
        guard let value = try arguments.number(option, number) else { return }
        try options.set(number, to: value, "--\(option.name)")
      }
    }
  }

  // MARK: From the table

  /// The table's options that the command calls by other names than theirs.
  private static let names = [
    "batchSize": "batch", "accumulation": "accumulate", "learningRate": "lr", "clipNorm": "clip",
    "evaluationInterval": "eval-every",
  ]

  /// The table's options that are several here, or have values of their own spelling.
  private static let spelledHere = [
    "optimizer": [Row(optimizer), Row(momentum)], "schedule": [Row(schedule)],
    "classWeights": [Row(classWeights)], "lossReduction": [Row(lossReduction)],
    "layerRates": [Row(layerRate), Row(freeze)], "timeLimit": [Row(timeLimit)],
    "augmentation": [
      Row(crop), Row(scale), Row(flip), Row(noFlip), Row(brightness, .brightness),
      Row(contrast, .contrast),
    ],
    "keepsEveryEpoch": [Row(keepAll), Row(noKeepAll)], "elementType": [Row(half), Row(noHalf)],
  ]

  /// How the command calls an option of the table: `bias-rate` for `biasRate`.
  private static func name(of option: String) -> String {
    names[option] ?? option.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
  }

  /// What the table tells of an option, others in it as they are spelled here.
  private static func help(_ name: String) -> String {
    let text = TrainingOption.all.first { $0.name == name }?.help ?? ""
    return text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map {
      $0.isMultiple(of: 2) ? String($1) : "--\(self.name(of: String($1)))"
    }.joined()
  }

  private static func rows(_ group: TrainingOption.Group) -> [Row] {
    TrainingOption.all.filter { $0.group == group }.flatMap { option in
      spelledHere[option.name] ?? [Row(self.option(option), option.number)]
    }
  }

  private static func option(_ option: TrainingOption) -> Option {
    .value(name(of: option.name), option.number?.unit.uppercased() ?? "VALUE", help(option.name))
  }

  /// What the command line says of a number of the table, within `range` where not all of its own will
  /// do.
  private static func given<Number>(
    _ number: TrainingNumber<Number>, in range: NumberRange<Number>? = nil, _ arguments: Arguments
  ) throws -> Number? {
    try arguments.number(
      .value(name(of: number.name), "", ""), in: range ?? number.range)
  }

  private static let learningRows = [Row(recipe)] + rows(.learning)
  private static let fileRows = rows(.output)
  private static let augmentationRows = rows(.augmentation)
  static let learning = OptionGroup("Learning", learningRows.map(\.option))
  static let augmentation = OptionGroup(
    "Augmentation of the training pictures", augmentationRows.map(\.option))
  static let precision = Option.value(
    "precision", "NUMBERS",
    "What convolutions multiply: float32, the default; bfloat16, on the processor where that has "
      + "AVX512_BF16; on a CUDA device also tf32 or float16. Weights and the optimizer stay float32."
  ).choosing(from: ["float32", "tf32", "float16", "bfloat16"])
  static let files = fileRows.map(\.option)

  /// What `--recipe` says.
  static func recipe(_ arguments: Arguments) throws -> Recipe? {
    try arguments.named(recipe) { try Recipe.named($0) }
  }

  /// What `--seed` says, 1 without it.
  static func seed(_ arguments: Arguments) throws -> UInt64 { try given(.seed, arguments) ?? 1 }

  /// What the command line settles of what else follows from the data.
  static func settled(_ arguments: Arguments) throws -> TrainingFacts.Settled {
    var settled = TrainingFacts.Settled()
    settled.epochs = try given(.epochs, arguments)
    settled.iterations = try given(
      .iterations, in: TrainingNumber.iterations.range.withoutZero, arguments)
    settled.batchSize = try given(.batchSize, arguments)
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
    options.timeLimit = try arguments.text(timeLimit).map { try seconds($0, arguments) } ?? 0
    options.keepsEveryEpoch =
      try arguments.either(keepAll, or: noKeepAll) ?? options.keepsEveryEpoch
    if let isHalf = try arguments.either(half, or: noHalf) {
      options.elementType = isHalf ? .float16 : .float32
    }
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
