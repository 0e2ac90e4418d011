/// What a folder's checkpoint says of the training that left it, without its tensors.
public struct SavedTraining: Sendable {
  /// The model that is trained.
  public let description: ModelDescription
  /// The options that decide the numbers, what it ran on, and what is looked at and written meanwhile;
  /// threads and the time limit, which are of a single run, are as they are by default.
  public let options: TrainingOptions
  /// Whether the options have the training's own epochs between evaluations; not where the checkpoint
  /// was written before it told.
  public let knowsEvaluationInterval: Bool
  /// Whether its labels were read as binary masks; nil where the checkpoint was written before it told.
  public let binaryMasks: Bool?
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
    let kept = Checkpoint.kept(in: metadata)
    try options.keep(kept)
    if let interval = progress.evaluationInterval { options.evaluationInterval = interval }
    do {
      try options.validate(classCount: description.classNames.count)
    } catch let error as FCNError {
      throw FCNError(
        .corrupt, "the checkpoint's options are not such as training leaves: \(error.message)")
    }
    knowsEvaluationInterval =
      kept["evaluationInterval"] != nil || progress.evaluationInterval != nil
    binaryMasks = progress.binaryMasks
    self.options = options
  }

  /// Whether a training of these options can go on to another length and still be one training: its
  /// learning rate must not depend on how long it is.
  public var canBeExtended: Bool { options.schedule.isIndependentOfLength }
}

extension RateSchedule {
  /// Whether the rate of an iteration is the same however many there are.
  var isIndependentOfLength: Bool {
    if case .poly = self { false } else { true }
  }
}
