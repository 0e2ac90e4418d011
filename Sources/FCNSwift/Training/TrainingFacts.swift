/// What the settings of a training follow from where nobody names them: the data, the start and what
/// it runs on. See `SuitedTraining`.
public struct TrainingFacts: Sendable, Hashable {
  /// Pictures to learn from.
  public var pictures: Int
  /// Columns and rows of a usual picture.
  public var size: DatasetSurvey.Size
  /// Labelled pixels of each class in the pictures to learn from; empty where nobody counted.
  public var classPixels: [Int]
  /// Validation pictures.
  public var validationPictures: Int
  /// Cores that the training may use.
  public var cores: Int
  /// Whether a CUDA device does the work.
  public var usesDevice: Bool
  /// Whether the weights come from a network that has learned already.
  public var startsTrained = false
  /// Whether the network can have batch normalisation and does not always have it.
  public var offersBatchNorm = true
  /// Whether the network has batch normalisation whatever one chooses.
  public var alwaysHasBatchNorm = false
  /// Whether the network can be made narrower.
  public var offersWidth = true

  /// What somebody has settled already; the rest follows from it too.
  public struct Settled: Sendable, Hashable {
    /// Times that every picture is seen.
    public var epochs: Int?
    /// Steps, in place of epochs.
    public var iterations: Int?
    /// Pictures of a minibatch.
    public var batchSize: Int?
    /// Columns of the pieces that are learned from.
    public var cropWidth: Int?
    /// Rows of the pieces that are learned from.
    public var cropHeight: Int?
    /// The longer side at which the network sees pictures.
    public var longestSide: Int?
    /// Whether there is batch normalisation.
    public var batchNorm: Bool?

    /// Nothing is settled.
    public init() {}
  }

  /// What is settled.
  public var settled = Settled()

  /// Facts of a fresh network on the processor or a device. `cores` are by default those that the
  /// process may use.
  public init(
    pictures: Int, size: DatasetSurvey.Size, classPixels: [Int], validationPictures: Int,
    cores: Int? = nil, usesDevice: Bool = false
  ) {
    self.pictures = pictures
    self.size = size
    self.classPixels = classPixels
    self.validationPictures = validationPictures
    self.cores = cores ?? WorkerPool.availableCores
    self.usesDevice = usesDevice
  }
}

extension TrainingFacts {
  /// What `survey` counted, for a training on `threads` threads, 0 for one on every core, or a device.
  public init(_ survey: DatasetSurvey, threads: Int, device: Device) {
    self.init(
      pictures: survey.training.pictureCount, size: survey.training.median ?? .init(1, 1),
      classPixels: survey.training.classPixels,
      validationPictures: survey.validation?.pictureCount ?? 0,
      cores: threads > 0 ? threads : nil, usesDevice: device != .processor)
  }

  /// The facts with what `model` settles.
  public func of(_ model: Model) -> TrainingFacts {
    var facts = self
    let description = model.description
    facts.settled.batchNorm = description.options.batchNorm
    facts.alwaysHasBatchNorm = model.network.layers.contains { $0.operation is BatchNorm }
    // It is seen as the model says, never smaller.
    let seen = description.preprocessing.networkSize(width: size.width, height: size.height)
    facts.size = .init(seen.width, seen.height)
    facts.settled.longestSide = max(seen.width, seen.height)
    return facts
  }
}
