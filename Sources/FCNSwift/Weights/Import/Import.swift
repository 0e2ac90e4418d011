/// What a foreign weight file turned out to be.
public enum Import: Sendable {
  /// A whole network.
  case model(Model)
  /// A trunk without scores: something for a network to start from, by our names and in our shapes.
  case trunk(Trunk)

  /// The weights of a network's first layers.
  public struct Trunk: Sendable {
    /// An architecture that it fits.
    public let architecture: String
    /// Its tensors.
    public let weights: [WeightTensor]
    /// The file's tensors that it does without: a classifier's last layer.
    public let leftOver: [String]
    /// How pictures are prepared for it, nil where that is not known.
    public let preprocessing: Preprocessing?

    /// Writes a safetensors file of the tensors and, as metadata, the preprocessing; errors as
    /// `Model.write`.
    public func write(to path: String, elementType: ElementType = .float32) throws {
      try naming(path) {
        let converted = try weights.map { try $0.converted(to: elementType) }
        try Safetensors.write(
          converted, metadata: ModelDescription.metadata(ofTrunkFor: preprocessing), to: path)
      }
    }
  }
}

/// What an import is told beyond what the file says.
public struct ImportOptions: Sendable, Hashable {
  /// The architecture, where names and shapes fit several, or to say which one was meant.
  public var architecture: String?
  /// Names of the classes, as many as the weights have; VOC's where there are 21, by number otherwise.
  public var classNames: [String]?
  /// Colours of the classes; those of VOC otherwise.
  public var palette: [RGB]?
  /// Channel order, mean and scale, where they are not as usual for the file's kind.
  public var preprocessing: Preprocessing?
  /// The size at which the network sees pictures, where it is not as usual.
  public var size: Preprocessing.SizeRule?
  /// Free text that the model carries.
  public var note = ""

  /// Nothing beyond what the file says.
  public init() {}

  /// `description` with what these options say in place of what it said.
  fileprivate func applied(to description: ModelDescription) -> ModelDescription {
    var description = description
    if let classNames { description.classNames = classNames }
    if let palette { description.palette = palette }
    if let preprocessing { description.preprocessing = preprocessing }
    if let size { description.preprocessing.size = size }
    if !note.isEmpty { description.note = note }
    return description
  }
}

extension TranslatedWeights {
  /// Finds out which network the weights are, from names and shapes alone; a model file of our own is
  /// what it says.
  ///
  /// Throws `unsupported` where they are no network's that is known, `invalidArgument` where they
  /// fit several, `shapeMismatch` where tensors are missing, left over or of another shape than the
  /// nearest network wants; the message lists them.
  public func recognized(_ options: ImportOptions = ImportOptions()) throws -> Import {
    if let description,
      description.architecture == options.architecture ?? description.architecture
    {
      return .model(
        try Model(description: options.applied(to: description), weights: tensors))
    }
    let candidates =
      try options.architecture.map { [try Architecture.named($0)] }
      ?? Architecture.all
    let guesses = try candidates.compactMap { try ArchitectureGuess.best($0, self) }
    var exact = guesses.filter(\.isExact)
    // A Caffe file trained at once would hold the scales that tell it from FCN-8s.
    let isAtOnce = tensors.contains { $0.name.hasPrefix("scale_pool") }
    if format == .caffe, options.architecture == nil, !isAtOnce {
      exact.removeAll { $0.architecture.name == Architecture.fcn8sAtOnce.name }
    }
    guard exact.count <= 1 else {
      let names = exact.map(\.architecture.name)
      throw FCNError(
        .invalidArgument,
        "the weights fit \(names.joined(separator: " and ")) alike; say which one they are "
          + "(--architecture)")
    }
    if let guess = exact.first { return .model(try model(guess, options)) }
    if let trunk = guesses.filter(\.lacksOnlyItsHead).max(by: { $0.fitted.count < $1.fitted.count }
    ),
      options.architecture == nil
    {
      return .trunk(
        Import.Trunk(
          architecture: trunk.architecture.name, weights: trunk.fitted,
          leftOver: trunk.leftOver, preprocessing: options.preprocessing ?? preprocessing))
    }
    guard let nearest = guesses.min(by: { $0.faultCount < $1.faultCount }) else {
      throw FCNError(.unsupported, unrecognized(candidates))
    }
    throw FCNError(
      .shapeMismatch,
      "the weights are no network's that is known; \(nearest.architecture.name) is nearest: "
        + nearest.faults)
  }

  private func unrecognized(_ candidates: [Architecture]) -> String {
    let names = candidates.map(\.name).joined(separator: ", ")
    return tensors.isEmpty
      ? "the file holds no tensor of floats"
      : "the weights are not those of \(names): no tensor is named as their first layer's; found "
        + listed(tensors.map { "\(quoted($0.name)) \($0.shape)" })
  }

  private func model(_ guess: ArchitectureGuess, _ options: ImportOptions) throws -> Model {
    let isSingle = guess.options.classes == 1
    let (architecture, weights) =
      try isSingle ? guess.withBackground() : (guess.options, guess.fitted)
    let classes = architecture.classes
    var preprocessing =
      options.preprocessing ?? preprocessing ?? guess.architecture.preprocessing
    if options.preprocessing == nil, guess.options.inputChannels == 1 { preprocessing = .grey }
    if let size = options.size { preprocessing.size = size }
    let names =
      isSingle
      ? guess.namesWithBackground(options.classNames)
      : options.classNames
        ?? (classes == 21 ? Palette.vocClassNames : (0..<classes).map { "class \($0)" })
    return try Model(
      description: ModelDescription(
        architecture: guess.architecture.name, options: architecture, classNames: names,
        palette: options.palette ?? Palette.voc(count: classes), preprocessing: preprocessing,
        note: isSingle && options.note.isEmpty ? ArchitectureGuess.backgroundNote : options.note),
      weights: weights)
  }
}

extension Import {
  /// Itself. Throws `notFinite`, with the tensor's name, where a weight is NaN or infinite.
  fileprivate func checkedFinite() throws -> Import {
    switch self {
    case .model(let model): try model.checkFinite()
    case .trunk(let trunk): for weight in trunk.weights { try weight.checkFinite() }
    }
    return self
  }

  /// Reads the weights that another framework wrote to `path` and finds out what they are: Caffe's
  /// `.caffemodel`, Chainer's `.npz`, PyTorch's `.pth`, or safetensors. What a file is, is told from
  /// its bytes, never from its name; nothing in it is executed.
  ///
  /// Weights stay in the mapped file where they are stored plainly, so it must not be truncated or
  /// overwritten in place while they live.
  public static func read(_ path: String, _ options: ImportOptions = ImportOptions()) throws
    -> Import
  {
    let weights = try ForeignWeights(contentsOf: path)
    return try naming(path) { try weights.translated().recognized(options).checkedFinite() }
  }
}

extension Model {
  /// Names of learned weights that are zero throughout, which makes a network that sees nothing: most
  /// often weights that were never copied into it.
  public var zeroWeights: [String] {
    network.parameters.filter { $0.role == .weight && weights[$0.name]?.isZero == true }.map(\.name)
  }
}
