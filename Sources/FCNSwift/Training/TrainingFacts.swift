/// What the settings of a training follow from where nobody names them: the data, the start and what
/// it runs on. See `SuitedTraining`.
public struct TrainingFacts: Sendable, Hashable {
  /// Pictures to learn from.
  public var pictures: Int
  /// Columns and rows of a usual picture.
  public var size: (width: Int, height: Int) {
    get { (width, height) }
    set { (width, height) = newValue }
  }
  private var width: Int
  private var height: Int
  /// Labelled pixels of each class in the pictures to learn from; empty where nobody counted.
  public var classPixels: [Int]
  /// Pictures to measure by.
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
    pictures: Int, size: (width: Int, height: Int), classPixels: [Int], validationPictures: Int,
    cores: Int? = nil, usesDevice: Bool = false
  ) {
    self.pictures = pictures
    (width, height) = size
    self.classPixels = classPixels
    self.validationPictures = validationPictures
    self.cores = cores ?? WorkerPool.availableCores
    self.usesDevice = usesDevice
  }
}

extension TrainingFacts {
  /// What `survey` counted, for a training on `threads` threads, 0 for one on every core, or a device.
  public init(_ survey: DatasetSurvey, threads: Int, device: Session.Device) {
    let median = survey.training.median
    self.init(
      pictures: survey.training.pictureCount, size: median.map { ($0.width, $0.height) } ?? (1, 1),
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
    switch description.preprocessing.size {
    case .native: facts.settled.longestSide = max(size.width, size.height)
    case .exact(let width, let height): facts.size = (width, height)
    case .longestSide(let side): facts.settled.longestSide = side
    case .atMost(let side):
      facts.settled.longestSide = min(side, max(size.width, size.height))
    }
    return facts
  }
}
