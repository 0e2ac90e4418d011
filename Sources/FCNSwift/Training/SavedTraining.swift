/// What a folder's checkpoint says of the training that left it, without its tensors.
public struct SavedTraining: Sendable {
  /// The model that is trained.
  public let description: ModelDescription
  /// The options that decide the numbers, when it was evaluated, and what it ran on; all others are
  /// as they are by default.
  public let options: TrainingOptions
  /// Whether the options have the training's own epochs between evaluations; not where the checkpoint
  /// was written before it told.
  public let knowsEvaluationInterval: Bool
  /// What it ran on; nil where the checkpoint was written before it told.
  public let place: TrainingPlace?
  /// Epochs that are done.
  public let epochsDone: Int
  /// The best mean IU on the validation pictures so far, and the epoch that had it; nil before the first.
  public let best: (meanIU: Double, epoch: Int)?

  /// Reads the checkpoint in `folder`; nil where there is none yet. Throws `corrupt` where it says
  /// nothing that can be understood.
  public init?(folder: String) throws {
    let path = Trainer.checkpointPath(in: folder)
    guard File.exists(path) else { return nil }
    let metadata = try Safetensors(contentsOf: path).metadata
    self = try naming(path) { try SavedTraining(metadata) }
  }

  private init(_ metadata: [String: String]) throws {
    let progress = try Checkpoint.Progress(metadata)
    description = try ModelDescription(metadata: metadata)
    epochsDone = progress.epoch
    best = progress.best
    place = try TrainingPlace(metadata: metadata)
    var options = try TrainingOptions(decisive: Checkpoint.options(in: metadata))
    if let place { (options.device, options.precision) = (place.device, place.precision) }
    if let interval = progress.evaluationInterval { options.evaluationInterval = interval }
    do {
      try options.validate(classCount: description.classNames.count)
    } catch let error as FCNError {
      throw FCNError(
        .corrupt, "the checkpoint's options are not such as training leaves: \(error.message)")
    }
    knowsEvaluationInterval = progress.evaluationInterval != nil
    self.options = options
  }

  /// Whether a training of these options can go on to another length and still be one training: its
  /// learning rate must not depend on how long it is.
  public var canBeExtended: Bool { options.schedule.isIndependentOfLength }
}

extension Schedule {
  /// Whether the rate of an iteration is the same however many there are.
  var isIndependentOfLength: Bool {
    if case .poly = self { false } else { true }
  }
}

extension TrainingOptions {
  /// The options whose `decisive` is `text`. Throws `corrupt` where they cannot be told from it.
  init(decisive text: [String: String]) throws {
    self.init()
    for (name, value) in text { read(value, for: name) }
    // Nothing is taken that was not understood.
    let understood = self.decisive
    for (name, value) in text.sorted(by: { $0.key < $1.key }) where understood[name] != value {
      throw FCNError(
        .corrupt,
        "the checkpoint's option \(name), \(quoted(value)), is not understood: another version "
          + "wrote it, or it is damaged; resume with that version, or start afresh in another "
          + "folder")
    }
  }

  private mutating func read(_ value: String, for name: String) {
    switch name {
    case "epochs": epochs = Int(value) ?? epochs
    case "iterations": iterations = Int(value) ?? iterations
    case "accumulation": accumulation = Int(value) ?? accumulation
    case "batchSize": batchSize = Int(value) ?? batchSize
    case "learningRate": learningRate = Float(value) ?? learningRate
    case "weightDecay": weightDecay = Float(value) ?? weightDecay
    case "biasRate": biasRate = Float(value) ?? biasRate
    case "biasDecay": biasDecay = Float(value) ?? biasDecay
    case "warmup": warmup = Int(value) ?? warmup
    case "clipNorm": clipNorm = Float(value) ?? clipNorm
    case "seed": seed = UInt64(value) ?? seed
    case "lossReduction": lossReduction = LossReduction(rawValue: value) ?? lossReduction
    case "layerRates": layerRates = TrainingOptions.rates(in: value)
    default: readChoice(value, for: name)
    }
  }

  private mutating func readChoice(_ value: String, for name: String) {
    let numbers = TrainingOptions.numbers(in: value)
    switch (name, value.prefix { $0 != "(" }, numbers.count) {
    case ("optimizer", "sgd", 1): optimizer = .sgd(momentum: numbers[0])
    case ("optimizer", "adamW", 2): optimizer = .adamW(beta1: numbers[0], beta2: numbers[1])
    case ("schedule", "constant", _): schedule = .constant
    case ("schedule", "poly", 1): schedule = .poly(power: numbers[0])
    case ("schedule", "step", 2):
      schedule = .step(epochs: Int(exactly: numbers[0]) ?? 0, factor: numbers[1])
    case ("classWeights", "none", _): classWeights = .none
    case ("classWeights", "enet", _): classWeights = .enet
    case ("classWeights", "explicit", _): classWeights = .explicit(numbers)
    case ("augmentation", _, 6) where numbers[2] <= numbers[3]:
      augmentation = Augmentation(
        cropWidth: Int(exactly: numbers[0]) ?? 0, cropHeight: Int(exactly: numbers[1]) ?? 0,
        scale: numbers[2]...numbers[3], flip: value.contains("flip: true"),
        brightness: numbers[4], contrast: numbers[5])
    default: break
    }
  }

  private static func rates(in text: String) -> [String: Float] {
    text.split(separator: ",").reduce(into: [:]) { rates, part in
      guard let equals = part.lastIndex(of: "=") else { return }
      rates[String(part[..<equals])] = Float(part[part.index(after: equals)...])
    }
  }

  /// The numbers of a value as Swift describes it: `step(epochs: 3, factor: 0.1)`, `0.6...1.6`.
  private static func numbers(in text: String) -> [Float] {
    var words: [String] = [""]
    for character in text {
      if character.isLetter || character.isNumber || "+-.".contains(character) {
        words[words.count - 1].append(character)
      } else {
        words.append("")
      }
      if words[words.count - 1].hasSuffix("...") {
        words[words.count - 1].removeLast(3)
        words.append("")
      }
    }
    return words.filter { $0.first?.isLetter == false }.compactMap { Float($0) }
  }
}
