/// A row of the table of all options of a training: what is checked, what a checkpoint keeps, what a
/// command offers and what is told before it begins follow from it. Its name is that of the property.
package struct TrainingOption: Sendable {
  package let name: String
  /// What it is, and what it is where nobody names it, in sentences; other options stand in them by their
  /// names, in backquotes. Empty where that depends on how a door spells it.
  package let help: String
  /// What its number is: the rate of "above 0, at most 1000"; nil of what is none.
  package let number: Number?
  /// Where it belongs among the others.
  package let group: Group
  let keeping: Keeping
  /// What is told of it before a training begins; nil of what is not told, or stands in another's words.
  let telling: Telling?
  /// Throws where it is out of range.
  let check: @Sendable (TrainingOptions) throws -> Void
  /// It as text.
  let text: @Sendable (TrainingOptions) -> String
  /// Sets it to what a text says; leaves it where that is not understood.
  let read: @Sendable (inout TrainingOptions, String) -> Void

  /// What options are about.
  package enum Group: Sendable {
    /// What is learned, and how long.
    case learning
    /// What is done to pictures before.
    case augmentation
    /// What is looked at and written while it is learned.
    case output
    /// Where it runs.
    case machine
  }

  /// What becomes of an option in a training that is resumed.
  enum Keeping: Sendable {
    /// It decides the numbers, so it must be as it was.
    case decides
    /// The same where this says so; elsewhere it is not named, so that older checkpoints can be resumed.
    case decidesWhere(@Sendable (TrainingOptions) -> Bool)
    /// It is as it was where nobody names it.
    case kept
    /// It is of one run alone.
    case once
  }

  /// A number from text.
  package struct Number: Sendable {
    /// What its value is called where a door has no better word: `n`, `factor`.
    package let unit: String
    /// What is wanted, in words: "an integer, 1…1024".
    package let wanted: String
    /// Sets it to what a text says; false, and no change, where that is no such number.
    package let set: @Sendable (inout TrainingOptions, String) -> Bool
  }

  /// A part of what is told before a training begins.
  struct Telling: Sendable {
    let topic: TrainingTopic
    /// Nil where there is nothing to tell.
    let words: @Sendable (TrainingOptions) -> String?
    /// Whether it stands apart from what comes before it in its topic.
    let isApart: Bool
  }

  /// A number; by its unit a door calls its value.
  init<Value>(
    _ number: TrainingNumber<Value>, unit: String = "n", _ help: String = "",
    in group: Group = .learning, resumed keeping: Keeping = .decides, told telling: Telling? = nil
  ) {
    let (path, range) = (number.path, number.range)
    let kind = Value.self is any BinaryInteger.Type ? "an integer" : "a number"
    self.init(
      number.name, path, Value.init, help, in: group, resumed: keeping, told: telling,
      number: Number(unit: unit, wanted: "\(kind), \(range.words)") { options, text in
        guard let value = Value(text), range.contains(value) else { return false }
        options[keyPath: path] = value
        return true
      },
      check: { try range.check($0, spelledOut(number.name)) })
  }

  /// An option that `value` reads from text.
  init<Value>(
    _ name: String, _ path: WritableKeyPath<TrainingOptions, Value> & Sendable,
    _ value: @escaping @Sendable (String) -> Value?, _ help: String = "",
    in group: Group = .learning, resumed keeping: Keeping = .decides, told telling: Telling? = nil,
    number: Number? = nil, text: @escaping @Sendable (Value) -> String = { "\($0)" },
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) {
    (self.name, self.help, self.number, self.group) = (name, help, number, group)
    (self.keeping, self.telling) = (keeping, telling)
    self.check = { try check($0[keyPath: path]) }
    self.text = { text($0[keyPath: path]) }
    read = { if let value = value($1) { $0[keyPath: path] = value } }
  }
}

/// What is told of a training before it begins, in this order.
package enum TrainingTopic: String, Sendable, CaseIterable {
  case length, minibatch, optimizer, rate, biases, loss, pictures, models
}

extension TrainingOptions {
  /// What there is to tell on `topic`; empty where that is nothing.
  package func words(on topic: TrainingTopic) -> String {
    let text = TrainingOption.all.reduce("") { text, option in
      guard let telling = option.telling, telling.topic == topic, let words = telling.words(self)
      else { return text }
      return text.isEmpty ? words : text + (telling.isApart ? "; " : ", ") + words
    }
    return text.isEmpty && topic == .pictures ? "as they are" : text
  }

  /// How long it is.
  package var lengthInWords: String {
    iterations > 0 ? counted(iterations, "iteration") : counted(epochs, "epoch")
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
    TrainingOption.all.reduce(into: [:]) {
      switch $1.keeping {
      case .decides: $0[$1.name] = $1.text(self)
      case .decidesWhere(let decides) where decides(self): $0[$1.name] = $1.text(self)
      case .decidesWhere, .kept, .once: break
      }
    }
  }

  /// Every option that is kept though it decides nothing, as text by name.
  var kept: [String: String] {
    TrainingOption.all.reduce(into: [:]) {
      if case .kept = $1.keeping { $0[$1.name] = $1.text(self) }
    }
  }

  /// The options whose `decisive` is `text`. Throws `corrupt` where they cannot be told from it.
  init(decisive text: [String: String]) throws {
    self.init()
    try read(text, as: \.decisive)
  }

  /// Sets the options that `text`, of another's `kept`, names; throws `corrupt` where it cannot.
  mutating func keep(_ text: [String: String]) throws { try read(text, as: \.kept) }

  /// Sets the options that decide nothing but are kept to those of `other`.
  mutating func takeKept(of other: TrainingOptions) {
    let text = other.kept
    for option in TrainingOption.all {
      if let value = text[option.name] { option.read(&self, value) }
    }
  }

  private mutating func read(
    _ text: [String: String], as place: KeyPath<TrainingOptions, [String: String]>
  ) throws {
    for option in TrainingOption.all {
      if let value = text[option.name] { option.read(&self, value) }
    }
    // Nothing is taken that was not understood.
    let understood = self[keyPath: place]
    for (name, value) in text.sorted(by: { $0.key < $1.key }) where understood[name] != value {
      throw FCNError(
        .corrupt,
        "the checkpoint's option \(name), \(quoted(value)), is not understood: another version "
          + "wrote it, or it is damaged; resume with that version, or start afresh in another "
          + "folder")
    }
  }
}
