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
    /// The file's tensors that it does without: a classifier's last layer, or what stands beside it.
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
  /// What is said of channel order, mean and scale beyond that.
  public var adjustment = PreprocessingAdjustment()
  /// Other names for tensors of the file, one after another.
  public var renamings: [Renaming] = []
  /// How many names of each kind an error's message lists.
  public var longestList = 4
  /// The size at which the network sees pictures, where it is not as usual.
  public var size: Preprocessing.SizeRule?
  /// Free text that the model carries.
  public var note = ""
  /// Of an ONNX graph with several outputs, the one that makes the scores; the first otherwise.
  public var output: String?

  /// Nothing beyond what the file says.
  public init() {}

  /// `description` with what these options say in place of what it said.
  fileprivate func applied(to description: ModelDescription) throws -> ModelDescription {
    var description = description
    if let classNames { description.classNames = classNames }
    if let palette { description.palette = palette }
    if let preprocessing { description.preprocessing = preprocessing }
    description.preprocessing = try adjustment.applied(to: description.preprocessing)
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
    try identified(options).found
  }

  /// As `recognized`, with what was left out, filled in and assumed.
  public func identified(_ options: ImportOptions = ImportOptions()) throws -> ImportResult {
    if let description,
      description.architecture == options.architecture ?? description.architecture
    {
      let model = try Model(description: options.applied(to: description), weights: tensors)
      return ImportResult(found: .model(model), report: ImportReport())
    }
    let candidates =
      try options.architecture.map { [try Architecture.named($0)] }
      ?? Architecture.all
    let guesses = try candidates.compactMap { try ArchitectureGuess.best($0, self) }
    let stated = statedNames.first { Architecture.meant(by: $0) != nil }
    let meant = stated.flatMap { Architecture.meant(by: $0)?.name }
    if let guess = try exact(guesses, options, meant) {
      var report = ImportReport()
      report.leftOut = guess.leftOut + setAside
      report.leftOutLayers =
        others.filter(\.isLayer).map(\.name) + besides.filter(\.isLayer).map(\.name)
      report.assumed = guess.architecture.assumptions
      report.filledIn = guess.filledIn
      report.preprocessingIsAssumed =
        options.preprocessing == nil && options.adjustment.isEmpty && statedPreprocessing == nil
      if meant == guess.architecture.name { report.statedName = stated }
      return ImportResult(found: .model(try model(guess, options)), report: report)
    }
    if options.architecture == nil,
      let guess = guesses.filter(\.lacksOnlyItsHead).max(by: { $0.fitted.count < $1.fitted.count })
    {
      return try trunk(guess, options)
    }
    let nearest =
      guesses.first { $0.architecture.name == meant }
      ?? guesses.min { $0.distance < $1.distance }
    guard let nearest else {
      throw FCNError(.unsupported, unrecognized(candidates, options))
    }
    throw FCNError(
      .shapeMismatch,
      "the weights are no network's that is known; \(nearest.architecture.name) is nearest, and "
        + "\(nearest.coverage). \(nearest.faults(most: options.longestList))")
  }

  /// The guess that fits in full, nil where none does; where several do, the one that the file names.
  private func exact(
    _ guesses: [ArchitectureGuess], _ options: ImportOptions, _ meant: String?
  ) throws -> ArchitectureGuess? {
    var exact = guesses.filter(\.isExact)
    // A Caffe file trained at once would hold the scales that tell it from FCN-8s.
    let isAtOnce = tensors.contains { $0.name.hasPrefix("scale_pool") }
    if format == .caffe, options.architecture == nil, !isAtOnce {
      exact.removeAll { $0.architecture.name == Architecture.fcn8sAtOnce.name }
    }
    if let named = exact.first(where: { $0.architecture.name == meant }) { return named }
    guard exact.count <= 1 else {
      let names = exact.map(\.architecture.name)
      throw FCNError(
        .invalidArgument,
        "the weights fit \(names.joined(separator: " and ")) alike; say which architecture they are"
      )
    }
    return exact.first
  }

  /// A trunk for a network to start from. Whoever has a decoder or scores of another kind on it would
  /// miss them: that is no trunk, but a network that is not known.
  private func trunk(
    _ guess: ArchitectureGuess, _ options: ImportOptions
  ) throws -> ImportResult {
    let layers = others.filter(\.isLayer)
    guard layers.isEmpty else {
      throw FCNError(
        .unsupported,
        "the weights are no network's that is known: a trunk, with which \(guess.architecture.name) "
          + "could start, and \(layers.count) weights of other layers, which make the scores: "
          + listed(layers.map { "\($0.name) \($0.shape)" }, most: options.longestList))
    }
    var report = ImportReport()
    report.leftOut = guess.leftOver.map(\.name) + guess.leftOut + setAside
    let rule = try (options.preprocessing ?? preprocessing).map {
      try options.adjustment.applied(to: $0)
    }
    report.preprocessingIsAssumed =
      rule != nil && options.preprocessing == nil && options.adjustment.isEmpty
      && statedPreprocessing == nil
    let trunk = Import.Trunk(
      architecture: guess.architecture.name, weights: guess.fitted, leftOver: report.leftOut,
      preprocessing: rule)
    return ImportResult(found: .trunk(trunk), report: report)
  }

  private func unrecognized(_ candidates: [Architecture], _ options: ImportOptions) -> String {
    let names = listed(candidates.map(\.name), most: 6)
    return tensors.isEmpty
      ? "the file holds no tensor of floats"
      : "the weights are not those of \(names): no tensor is named as their first layer's; found "
        + listed(tensors.map { "\(quoted($0.name)) \($0.shape)" }, most: options.longestList)
  }

  private func model(_ guess: ArchitectureGuess, _ options: ImportOptions) throws -> Model {
    let isSingle = guess.options.classes == 1
    let (architecture, weights) =
      try isSingle ? guess.withBackground() : (guess.options, guess.fitted)
    let classes = architecture.classes
    var preprocessing =
      options.preprocessing ?? preprocessing ?? guess.architecture.preprocessing
    if options.preprocessing == nil, guess.options.inputChannels == 1 { preprocessing = .grey }
    preprocessing = try options.adjustment.applied(to: preprocessing)
    if let size = options.size { preprocessing.size = size }
    let names =
      isSingle
      ? ArchitectureGuess.namesWithBackground(options.classNames)
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

extension WeightTensor {
  /// Whether it is a layer's weights, by its shape and name: convolutions have three axes or more.
  fileprivate var isLayer: Bool { TensorNames.isLayer(name, rank: shape.count) }
}

extension ForeignWeights.Beside {
  fileprivate var isLayer: Bool { TensorNames.isLayer(name, rank: rank) }
}

extension Import {
  /// Throws `notFinite`, with the tensor's name, where a weight is NaN or infinite.
  fileprivate func checkFinite() throws {
    switch self {
    case .model(let model): try model.checkFinite()
    case .trunk(let trunk): for weight in trunk.weights { try weight.checkFinite() }
    }
  }

  /// Reads the weights that another framework wrote to `path` and finds out what they are: Caffe's
  /// `.caffemodel`, Chainer's `.npz` or pickled model, PyTorch's `.pth` or `.pt`, an ONNX graph, or
  /// safetensors, a model of our own among them. What a file is, is told from its bytes, never from its name;
  /// nothing in it is executed.
  ///
  /// Weights stay in the mapped file where they are stored plainly, so it must not be truncated or
  /// overwritten in place while they live.
  public static func read(_ path: String, _ options: ImportOptions = ImportOptions()) throws
    -> Import
  {
    try identify(path, options).found
  }

  /// As `read`, with what was left out, filled in and assumed.
  public static func identify(
    _ path: String, _ options: ImportOptions = ImportOptions()
  ) throws -> ImportResult {
    try naming(path) { try refuseSavedModel(path) }
    let storage = try ByteStorage(mapping: path)
    return try naming(path) {
      if case .onnx = WeightsFileKind(of: storage.bytes) {
        let file = try ONNXModelFile(storage, folder: File.folder(of: path))
        let result = try ONNXNetwork(file, output: options.output).imported(options)
        try result.found.checkFinite()
        return result
      }
      let weights = try ForeignWeights(storage)
      let result = try weights.translated(options.renamings).identified(options)
      try result.found.checkFinite()
      return result
    }
  }

  /// Throws where `path` is a folder that TensorFlow wrote a network to.
  private static func refuseSavedModel(_ path: String) throws {
    guard File.exists("\(path)/saved_model.pb") else { return }
    throw FCNError(
      .unsupported,
      "the folder is a TensorFlow network (SavedModel); write it as ONNX, python3 -m tf2onnx.convert "
        + "--saved-model \(path) --output net.onnx, to be imported")
  }
}

extension Model {
  /// Names of learned weights that are zero throughout, which makes a network that sees nothing: most
  /// often weights that were never copied into it.
  public var zeroWeights: [String] {
    network.parameters.filter { $0.role == .weight && weights[$0.name]?.isZero == true }.map(\.name)
  }
}
