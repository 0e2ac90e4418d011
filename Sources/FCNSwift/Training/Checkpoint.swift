/// The whole state of a training after an epoch: weights in float32, the optimizer's tensors, and
/// how far it is. A safetensors file, so that any tool can look into it; optimizer tensors are named
/// `optimizer.<state>.<parameter>`. A training writes one after each whole epoch.
struct Checkpoint {
  /// Epochs that are done.
  var epoch: Int
  /// The best mean IU on the validation pictures so far, and the epoch that had it; nil before the first.
  var best: (meanIU: Double, epoch: Int)?
  /// Seconds that training has taken so far, over all its runs.
  var seconds: Double
  /// Pictures that were learned from; nil in checkpoints of before it was kept.
  var pictureCount: Int?
  /// Whether labels were read as binary masks; nil in checkpoints of before it was kept.
  var binaryMasks: Bool?
  /// `TrainingOptions.decisive` of the training.
  var options: [String: String]
  /// `TrainingOptions.kept` of the training.
  var kept: [String: String] = [:]
  /// What was counted; nil in checkpoints of before it was kept.
  var counts: LearnerCounts?
  /// What it ran on; nil in checkpoints of before that was kept.
  var place: TrainingPlace?
  /// The model's description, which also says what its network is.
  var description: ModelDescription
  /// By parameter name.
  var parameters: [String: WeightTensor]
  /// By parameter name, in the order of `Optimizer.stateNames`.
  var optimizerState: [String: [WeightTensor]]

  static let prefix = "training."
  private static let (optionPrefix, keptPrefix) = ("\(prefix)option.", "\(prefix)kept.")

  /// Writes it to `path` under a temporary name that is renamed once whole.
  func write(to path: String, _ optimizer: Optimizer) throws {
    var metadata = description.metadata
    metadata["fcn.kind"] = "checkpoint"
    metadata["\(Self.prefix)epoch"] = "\(epoch)"
    metadata["\(Self.prefix)best_epoch"] = "\(best?.epoch ?? 0)"
    metadata["\(Self.prefix)best_mean_iu"] = "\(best?.meanIU ?? -Double.infinity)"
    metadata["\(Self.prefix)seconds"] = "\(seconds)"
    metadata["\(Self.prefix)pictures"] = pictureCount.map { "\($0)" }
    metadata["\(Self.prefix)binary_masks"] = binaryMasks.map { "\($0)" }
    for (name, value) in counts?.metadata ?? [:] { metadata[name] = value }
    for (name, value) in place?.metadata ?? [:] { metadata[name] = value }
    for (name, value) in options { metadata[Self.optionPrefix + name] = value }
    for (name, value) in kept { metadata[Self.keptPrefix + name] = value }
    var tensors = Array(parameters.values)
    for (name, state) in optimizerState {
      for (stateName, tensor) in zip(optimizer.stateNames, state) {
        tensors.append(tensor.named("optimizer.\(stateName).\(name)"))
      }
    }
    try naming(path) { try Safetensors.write(tensors, metadata: metadata, to: path) }
  }

  /// How far a training is, as metadata tell; throws `corrupt` where they cannot be a training's.
  struct Progress {
    var epoch = 0
    var best: (meanIU: Double, epoch: Int)?
    var seconds = 0.0
    /// As it was kept before `kept` had it.
    var evaluationInterval: Int?
    var pictureCount: Int?
    var binaryMasks: Bool?

    init(_ metadata: [String: String]) throws {
      func value<Value: LosslessStringConvertible>(
        _ name: String, _ isProper: (Value) -> Bool
      ) throws -> Value {
        let name = Checkpoint.prefix + name
        guard let value = metadata[name].flatMap(Value.init), isProper(value) else {
          throw FCNError(.corrupt, "the checkpoint has no proper \(name)")
        }
        return value
      }
      let epochs = TrainingNumber.iterations.range
      epoch = try value("epoch") { epochs.contains($0) }
      let meanIU: Double = try value("best_mean_iu") { _ in true }
      let bestEpoch: Int = try value("best_epoch") { epochs.contains($0) }
      // Minus infinity and 0 stand there before the first.
      best = bestEpoch > 0 && meanIU.isFinite ? (meanIU: meanIU, epoch: bestEpoch) : nil
      seconds = try value("seconds") { $0 >= 0 && $0.isFinite }
      let interval = "evaluation_interval"
      if metadata[Checkpoint.prefix + interval] != nil {
        evaluationInterval = try value(interval) {
          TrainingNumber.evaluationInterval.range.contains($0)
        }
      }
      if metadata[Checkpoint.prefix + "pictures"] != nil {
        pictureCount = try value("pictures") { (1...Int.max).contains($0) }
      }
      if metadata[Checkpoint.prefix + "binary_masks"] != nil {
        binaryMasks = try value("binary_masks") { _ in true }
      }
    }
  }

  /// The options that `metadata` holds.
  static func options(in metadata: [String: String]) -> [String: String] {
    values(in: metadata, optionPrefix)
  }

  /// What `metadata` holds of `TrainingOptions.kept`; some, or nothing, in older checkpoints.
  static func kept(in metadata: [String: String]) -> [String: String] {
    values(in: metadata, keptPrefix)
  }

  private static func values(
    in metadata: [String: String], _ prefix: String
  ) -> [String: String] {
    metadata.reduce(into: [:]) {
      if $1.key.hasPrefix(prefix) { $0[String($1.key.dropFirst(prefix.count))] = $1.value }
    }
  }

  /// Steps after which the training was to end, whatever its epochs.
  func iterationLimit() throws -> Int {
    guard let text = options["iterations"] else { return .max }
    guard let limit = Int(text), limit > 0 else {
      throw FCNError(.corrupt, "the checkpoint's option iterations, \(quoted(text)), is no count")
    }
    return limit
  }

  /// Throws `invalidArgument` where the data have become more or fewer than those that it began with:
  /// the order of pictures and the learning rate would be another training's.
  func checkPictures(_ count: Int) throws {
    guard let pictureCount, pictureCount != count else { return }
    throw FCNError(
      .invalidArgument,
      "the training to resume learned from \(pictureCount) pictures, now there are \(count); resume with "
        + "the same, or start a new one from its best model")
  }

  /// Throws `invalidArgument` where labels are read in another way than it began with.
  func checkLabels(binaryMasks now: Bool) throws {
    guard let binaryMasks, binaryMasks != now else { return }
    func words(_ areMasks: Bool) -> String { areMasks ? "binary masks" : "indices of classes" }
    throw FCNError(
      .invalidArgument,
      "the training to resume read its labels as \(words(binaryMasks)), now they are read as "
        + "\(words(now)); resume with the same, or start afresh in another folder")
  }

  /// Throws `invalidArgument` that names each option which differs from those of `other`. The length
  /// may differ where `mayExtend` says so.
  func checkOptions(_ other: [String: String], mayExtend: Bool) throws {
    let lengths: Set = ["epochs", "iterations"]
    var different = Set(options.keys).union(other.keys).sorted().filter { options[$0] != other[$0] }
    if mayExtend { different.removeAll { lengths.contains($0) } }
    guard !different.isEmpty else { return }
    let isLength = different.allSatisfy { lengths.contains($0) }
    throw FCNError(
      .invalidArgument,
      "the training to resume was started with other options: "
        + different.map {
          "\(spelledOut($0)) was \(options[$0] ?? "not set"), is \(other[$0] ?? "not set")"
        }.joined(separator: "; ")
        + (isLength
          ? ". Its learning rate falls to 0 over its whole length, so another length is another "
            + "training; resume with the same, allow it to be extended, or start a new one from its "
            + "best model"
          : "; resume with the same, or start afresh in another folder"))
  }
}

extension Checkpoint {
  /// Reads the checkpoint at `path`.
  init(contentsOf path: String, _ optimizer: Optimizer) throws {
    let file = try Safetensors(contentsOf: path)
    self = try naming(path) { try Checkpoint(file, optimizer) }
  }

  private init(_ file: Safetensors, _ optimizer: Optimizer) throws {
    let metadata = file.metadata
    guard metadata["fcn.kind"] == "checkpoint" else {
      throw FCNError(
        .unsupported,
        "this is not a checkpoint; to train on from a model, name it as the one to start from")
    }
    let progress = try Progress(metadata)
    (epoch, best, seconds) = (progress.epoch, progress.best, progress.seconds)
    (pictureCount, binaryMasks) = (progress.pictureCount, progress.binaryMasks)
    options = Self.options(in: metadata)
    counts = try LearnerCounts(metadata: metadata)
    place = try TrainingPlace(metadata: metadata)
    description = try ModelDescription(metadata: metadata)
    parameters = [:]
    optimizerState = [:]
    for parameter in try Model.network(for: description).parameters {
      let tensor = try file.tensor(named: parameter.name)
      guard tensor.shape == parameter.shape else {
        throw FCNError(
          .corrupt,
          "tensor \(parameter.name) is \(tensor.shape); the network wants \(parameter.shape)")
      }
      parameters[parameter.name] = tensor
      let state = optimizer.stateNames.map { "optimizer.\($0).\(parameter.name)" }
      guard state.allSatisfy({ file.entry(named: $0) != nil }) else { continue }
      optimizerState[parameter.name] = try state.map { try file.tensor(named: $0) }
    }
  }
}
