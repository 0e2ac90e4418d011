/// An option of a training that is a number: what it is called, where it stands, what it may be. Those
/// that there are bear the names of their properties in `TrainingOptions`, which tell what they mean.
public struct TrainingNumber<Number: Comparable & LosslessStringConvertible & Sendable>: Sendable {
  let name: String
  let path: WritableKeyPath<TrainingOptions, Number> & Sendable
  /// What it may be.
  public let range: NumberRange<Number>

  fileprivate init(
    _ name: String, _ path: WritableKeyPath<TrainingOptions, Number> & Sendable,
    _ range: NumberRange<Number>
  ) {
    (self.name, self.path, self.range) = (name, path, range)
  }
}

extension TrainingNumber<Int> {
  public static var epochs: Self { .init("epochs", \.epochs, .init(1...1_000_000)) }
  public static var iterations: Self { .init("iterations", \.iterations, .init(0...1_000_000_000)) }
  public static var accumulation: Self { .init("accumulation", \.accumulation, .init(1...1024)) }
  public static var batchSize: Self { .init("batchSize", \.batchSize, .init(1...1024)) }
  public static var warmup: Self { .init("warmup", \.warmup, .init(0...1_000_000_000)) }
  public static var threads: Self { .init("threads", \.threads, .threads) }
  public static var evaluationInterval: Self {
    .init("evaluationInterval", \.evaluationInterval, .init(1...1_000_000))
  }
  public static var patience: Self { .init("patience", \.patience, .init(0...1_000_000)) }
}

extension TrainingNumber<Float> {
  public static var learningRate: Self {
    .init("learningRate", \.learningRate, .init(above: 0, atMost: 1000))
  }
  public static var weightDecay: Self { .init("weightDecay", \.weightDecay, .init(0...1)) }
  public static var biasRate: Self { .init("biasRate", \.biasRate, .init(0...1000)) }
  public static var biasDecay: Self { .init("biasDecay", \.biasDecay, .init(0...1000)) }
  public static var clipNorm: Self { .init("clipNorm", \.clipNorm, .init(atLeast: 0)) }
  // Parts of the augmentation, which checks them itself.
  public static var brightness: Self {
    .init("brightness", \.augmentation.brightness, Augmentation.lightRange)
  }
  public static var contrast: Self {
    .init("contrast", \.augmentation.contrast, Augmentation.lightRange)
  }
}

extension TrainingNumber<Double> {
  public static var timeLimit: Self { .init("timeLimit", \.timeLimit, .init(0...1e9)) }
}

extension TrainingNumber<UInt64> {
  public static var seed: Self { .init("seed", \.seed, .init(0...UInt64.max)) }
}

/// A row of the table of all options that have a range or decide the numbers: what is checked, and what
/// a checkpoint keeps, follow from it. Its name is that of the property.
struct TrainingOption: Sendable {
  let name: String
  /// Throws where it is out of range.
  let check: @Sendable (TrainingOptions) throws -> Void
  /// It as text, which a resumed training must share; nil where it decides nothing.
  let text: @Sendable (TrainingOptions) -> String?
  /// Sets it to what a text says; leaves it where that is not understood.
  let read: @Sendable (inout TrainingOptions, String) -> Void

  static let all = [
    TrainingOption(.epochs),
    // Named where they decide something, so that older checkpoints can be resumed.
    TrainingOption(.iterations) { $0.iterations > 0 },
    TrainingOption(.accumulation) { $0.accumulation > 1 },
    TrainingOption(.batchSize),
    TrainingOption(
      "optimizer", \.optimizer, Optimizer.init(described:), check: { try $0.validate() }),
    TrainingOption(.learningRate),
    TrainingOption(.weightDecay),
    TrainingOption(.biasRate),
    TrainingOption(.biasDecay),
    TrainingOption(
      "layerRates", \.layerRates, TrainingOptions.layerRates(in:), text: TrainingOptions.text(of:),
      check: { rates in
        for (layer, rate) in rates {
          try TrainingOptions.layerRateRange.check(rate, "the rate of layers \(layer)…")
        }
      }),
    TrainingOption(
      "schedule", \.schedule, RateSchedule.init(described:), check: { try $0.validate() }),
    TrainingOption(.warmup),
    TrainingOption(.clipNorm),
    TrainingOption("lossReduction", \.lossReduction, LossReduction.init(rawValue:)),
    TrainingOption(
      "classWeights", \.classWeights, TrainingOptions.ClassWeights.init(described:),
      check: { try $0.validate() }),
    TrainingOption(
      "augmentation", \.augmentation, Augmentation.init(described:), check: { try $0.validate() }),
    TrainingOption(.seed),
    TrainingOption(.threads) { _ in false },
    TrainingOption(.evaluationInterval) { _ in false },
    TrainingOption(.patience) { _ in false },
    TrainingOption(.timeLimit) { _ in false },
  ]

  /// A number.
  private init<Number>(
    _ number: TrainingNumber<Number>,
    where decides: @escaping @Sendable (TrainingOptions) -> Bool = { _ in true }
  ) {
    self.init(
      number.name, number.path, Number.init, where: decides,
      check: { try number.range.check($0, spelledOut(number.name)) })
  }

  /// An option that `value` reads from text; it decides something where `decides` says so.
  private init<Value>(
    _ name: String, _ path: WritableKeyPath<TrainingOptions, Value> & Sendable,
    _ value: @escaping @Sendable (String) -> Value?,
    text: @escaping @Sendable (Value) -> String = { "\($0)" },
    where decides: @escaping @Sendable (TrainingOptions) -> Bool = { _ in true },
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) {
    self.name = name
    self.check = { try check($0[keyPath: path]) }
    self.text = { decides($0) ? text($0[keyPath: path]) : nil }
    read = { if let value = value($1) { $0[keyPath: path] = value } }
  }
}

extension TrainingOptions {
  /// Throws `invalidArgument` with the option's name where one is out of range.
  public func validate(classCount: Int) throws {
    for option in TrainingOption.all { try option.check(self) }
    if case .explicit(let weights) = classWeights, weights.count != classCount {
      throw FCNError(
        .invalidArgument,
        "the number of class weights is \(weights.count); it must be \(classCount), one for each class"
      )
    }
  }

  /// Sets a number; throws `invalidArgument` where `value`, which the caller calls `name`, is out of
  /// range.
  public mutating func set<Number>(
    _ number: TrainingNumber<Number>, to value: Number, _ name: String, or open: String? = nil
  ) throws {
    try number.range.check(value, name, or: open)
    self[keyPath: number.path] = value
  }

  /// Every option that decides the numbers, as text by name: what a resumed training must share.
  var decisive: [String: String] {
    TrainingOption.all.reduce(into: [:]) { $0[$1.name] = $1.text(self) }
  }

  /// The options whose `decisive` is `text`. Throws `corrupt` where they cannot be told from it.
  init(decisive text: [String: String]) throws {
    self.init()
    for option in TrainingOption.all {
      if let value = text[option.name] { option.read(&self, value) }
    }
    // Nothing is taken that was not understood.
    let understood = decisive
    for (name, value) in text.sorted(by: { $0.key < $1.key }) where understood[name] != value {
      throw FCNError(
        .corrupt,
        "the checkpoint's option \(name), \(quoted(value)), is not understood: another version "
          + "wrote it, or it is damaged; resume with that version, or start afresh in another "
          + "folder")
    }
  }
}
