import FCNSwift

/// The options that describe a model that does not exist yet, alike for `init` and `train`.
enum FreshModel {
  static let architecture = Option.value(
    "architecture", "NAME", "The network; fcn-simple by default. `fcn info` lists them."
  ).choosing(from: Architecture.all.map(\.name))
  static let graph = Option.value(
    "graph", "FILE",
    "In place of --architecture: the network itself as JSON, as `fcn info --graph` prints it.")
  static let classes = Option.value(
    "classes", "LIST",
    "The classes' names in index order: a file with a name a line, or a,b,c. Also for data that has no "
      + "list of its own."
  )
  static let palette = Option.value(
    "palette", "LIST",
    "The classes' colours: voc, street, or #rrggbb,#rrggbb,… By default street where the classes "
      + "have its names, voc otherwise.")
  static let width = Option.value(
    "width", "FACTOR",
    "A factor on the trunk's channel counts, 0.01…4; that of --from, else what suits the machine when "
      + "training, 1 for init.")
  static let batchNorm = Option.flag(
    "batch-norm",
    "Batch normalisation after the trunk's convolutions; as --from has it, else when training, by "
      + "default.")
  static let noBatchNorm = Option.flag("no-batch-norm", "None, even where it is the default.")
  static let size = sizeOption(
    byDefault: "as --from has it, else their own; when training at most what suits the data and "
      + "the machine")
  /// `--size` of `import`.
  static let importedSize = sizeOption(byDefault: "as the file has it, else their own")
  static let scores = Option.value(
    "init", "RULE", "Initial weights of the score layers: he (the default) or zero."
  ).choosing(from: Model.ScoreInitialization.self)
  static let auxiliaryHead = Option.flag(
    "aux", "A second score head that training learns from too (ResNets).")
  static let denseUpsampling = Option.flag(
    "dense-upsampling",
    "Upsampling that may mix classes when it is learned (`--layer-rate upscore=1`), in place of a "
      + "kernel a class (the FCN papers' networks).")
  static let source = Option.value(
    "from", "FILE",
    "A trained network's weights, in any file that `fcn import` reads: they are taken wherever a name "
      + "and a shape agree, and so are their architecture, width, batch normalisation and "
      + "preprocessing.")

  /// The options of `init`.
  static let group = optionGroup(PreprocessingOptions.all)
  /// The options of `train`.
  static let trainingGroup = optionGroup(PreprocessingOptions.besideAugmentation)

  private static func optionGroup(_ preprocessing: [Option]) -> OptionGroup {
    OptionGroup(
      "A fresh model",
      [
        architecture, graph, classes, palette, width, batchNorm, noBatchNorm, auxiliaryHead,
        denseUpsampling,
      ] + preprocessing + [size, scores, source])
  }

  private static func sizeOption(byDefault standard: String) -> Option {
    Option.value(
      "size", "RULE",
      "The size at which the network sees pictures: native (their own), WIDTHxHEIGHT, longest:N "
        + "(the longer side becomes N pixels) or at-most:N (larger pictures alone are scaled); by "
        + "default \(standard).")
  }

  /// The options of a training that only a fresh model can follow.
  static func given(in arguments: Arguments) -> [Option] {
    trainingGroup.options.filter { arguments.has($0) }
  }

  /// Throws where the options are wrong whatever the data is. `takesScale` as for `make`.
  static func check(_ arguments: Arguments, takesScale: Bool) throws {
    _ = try arguments.named(architecture) { try Architecture.named($0) }
    _ = try PreprocessingOptions.given(in: arguments, takesScale: takesScale)
    _ = try givenSize(arguments)
    _ = try arguments.number(width, in: ArchitectureOptions.widthRange)
    _ = try givenBatchNorm(arguments)
    let _: Model.ScoreInitialization? = try arguments.choice(scores)
    if let text = arguments.text(FreshModel.palette) { _ = try palette(text, for: []) }
    for option in [source, graph] {
      guard let path = arguments.text(option), !File.exists(path) else { continue }
      throw FCNError(.notFound, "--\(option.name) \(path): there is no such file")
    }
    try checkGraphStandsAlone(arguments)
  }

  /// Throws where options say a network beside that of `--graph`.
  private static func checkGraphStandsAlone(_ arguments: Arguments) throws {
    guard let path = arguments.text(graph) else { return }
    if arguments.has(architecture) {
      throw UsageError("give --graph or --architecture, not both")
    }
    try refuseOptionsBeside(path, arguments)
  }

  /// Throws where options change a network that `file` describes as a whole.
  private static func refuseOptionsBeside(_ file: String, _ arguments: Arguments) throws {
    let fixed = [width, batchNorm, noBatchNorm, auxiliaryHead, denseUpsampling]
    if let option = fixed.first(where: { arguments.has($0) }) {
      throw UsageError(
        "--\(option.name) is for an architecture; \(file) says all of its network. Change it there: "
          + "`fcn info --graph` prints it, `fcn init --graph` and `fcn train --graph` take it")
    }
  }

  /// Makes the model that the options describe, and where they say nothing `--from`'s network, then
  /// `recipe`, then `usual`. `classNames` are those of the data, where there are any; what was and was
  /// not copied from `--from` goes to `report`. `takesScale` is false where `--scale` means another
  /// thing.
  static func make(
    _ arguments: Arguments, recipe: Recipe? = nil, classNames: [String]?, seed: UInt64,
    note: String, takesScale: Bool = true,
    usual: (Architecture) -> UsualTraining.Network = { _ in UsualTraining.Network() },
    report: (Transplant) -> Void
  ) throws -> Model {
    let named =
      try arguments.named(architecture) { try Architecture.named($0) }
      // A recipe's network gives way to one that is named, in whatever way.
      ?? (arguments.has(graph) ? nil : recipe?.architecture.map { try Architecture.named($0) })
    guard let names = try arguments.text(classes).map(classNames(in:)) ?? classNames else {
      throw UsageError("\(classes.spelling) is missing")
    }
    let weights = try arguments.text(source).map { try TranslatedWeights(contentsOf: $0) }
    let graph = try self.graph(arguments, named, weights, classes: names.count)
    var origin = try weights?.network(of: named)
    let architecture = named ?? origin?.architecture ?? .fcnSimple
    if origin == nil, graph == nil { origin = try weights?.network(of: architecture) }
    let network = usual(architecture)
    var preprocessing =
      try PreprocessingOptions.rule(
        arguments,
        otherwise: network.preprocessing ?? weights?.preprocessing
          ?? (graph?.network.inputChannels == 1 ? .grey : architecture.preprocessing),
        takesScale: takesScale)
    if preprocessing.size == .native, let size = network.size { preprocessing.size = size }
    if let size = try givenSize(arguments) ?? recipe?.size { preprocessing.size = size }
    if graph == nil { try checkAgainst(origin?.options, arguments) }
    let usual = origin?.options ?? network.options
    var description = ModelDescription(
      architecture: architecture.name,
      options: ArchitectureOptions(
        classes: names.count, inputChannels: preprocessing.channels,
        width: try arguments.number(width, in: ArchitectureOptions.widthRange) ?? usual.width,
        batchNorm: try givenBatchNorm(arguments) ?? usual.batchNorm,
        auxiliaryHead: arguments.has(auxiliaryHead) || usual.auxiliaryHead,
        denseUpsampling: arguments.has(denseUpsampling) || usual.denseUpsampling),
      classNames: names,
      palette: try palette(arguments.text(FreshModel.palette), for: names),
      preprocessing: preprocessing, note: note)
    if let graph {
      description = ModelDescription(
        graph: graph, classNames: names, palette: description.palette,
        preprocessing: preprocessing, note: note)
    }
    let model = try Model.fresh(
      description, seed: seed, scores: try arguments.choice(scores) ?? recipe?.scores ?? .he)
    guard let weights, let path = arguments.text(source) else { return model }
    let (started, transplant) = try model.copyingWeights(from: weights)
    guard !transplant.copied.isEmpty else {
      throw FCNError(
        .shapeMismatch,
        "\(path): no tensor has a name and a shape of "
          + (graph == nil ? "\(architecture.name) with these options; " : "the graph; ")
          + advice(for: weights, architecture, isNamed: named != nil || graph != nil))
    }
    report(transplant)
    return started
  }

  /// What may be done with `weights`, of which nothing fits.
  private static func advice(
    for weights: TranslatedWeights, _ architecture: Architecture, isNamed: Bool
  ) -> String {
    guard case .trunk(let trunk)? = try? weights.recognized() else {
      return "`fcn info --tensors` lists the network's"
    }
    return "the file has the trunk of \(trunk.architecture): "
      + (isNamed ? "say" : "none was named;")
      + " --architecture \(trunk.architecture), or another head on that trunk, starts from it"
  }

  /// The network of `--graph`, or of `--from` where its file describes one and no other is asked for.
  private static func graph(
    _ arguments: Arguments, _ named: Architecture?, _ weights: TranslatedWeights?, classes: Int
  ) throws -> NetworkGraph? {
    try checkGraphStandsAlone(arguments)
    let path = arguments.text(graph)
    guard let place = path ?? (named == nil ? arguments.text(source) : nil) else { return nil }
    let found = try naming(place) {
      try path == nil ? weights?.graph : network(in: File.read(place))
    }
    guard let found else { return nil }
    try refuseOptionsBeside(place, arguments)
    return try naming(place) {
      // A model's network is taken for its weights; what is written down in JSON is meant as it stands.
      if path == nil { return try found.havingClasses(classes) }
      try found.checkClasses(classes)
      return found
    }
  }

  private static func network(in bytes: [UInt8]) throws -> NetworkGraph {
    guard bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
      let text = String(validating: bytes, as: UTF8.self)
    else {
      throw FCNError(
        .unsupported, "this is no network as JSON; `fcn info MODEL --graph` prints one")
    }
    return try NetworkGraph(parsing: text)
  }

  /// What `--batch-norm` and `--no-batch-norm` say.
  static func givenBatchNorm(_ arguments: Arguments) throws -> Bool? {
    try arguments.either(batchNorm, or: noBatchNorm)
  }

  /// Throws where options ask for another network than `--from` has weights for.
  private static func checkAgainst(
    _ found: ArchitectureOptions?, _ arguments: Arguments
  ) throws {
    guard let found, let path = arguments.text(source) else { return }
    if let given = try arguments.number(width, in: ArchitectureOptions.widthRange),
      abs(given - found.width) > 1e-3
    {
      throw UsageError(
        "--width is \(given), but the network of --from \(path) has the width \(found.width), and "
          + "weights fit their own width alone; leave --width out, or --from")
    }
    if let given = try givenBatchNorm(arguments), given != found.batchNorm {
      throw UsageError(
        "the network of --from \(path) has \(found.batchNorm ? "" : "no ")batch normalisation, but "
          + "--\(given ? "" : "no-")batch-norm is given; leave that out, or --from")
    }
  }

  /// Names from a file, one a line, or from a list with commas.
  static func classNames(in text: String) throws -> [String] {
    if File.exists(text) { return try ClassList(contentsOf: text).names }
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map { name in
      String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    // Lists of files have an ending, and one name alone would be an odd list.
    let endings = [
      ".txt", ".csv", ".names", ".lst", ".list", ".json", ".yaml", ".yml", ".tsv", ".md",
    ]
    let isFile =
      names.count == 1
      ? text.contains("/") || text.contains(".")
      : endings.contains { text.lowercased().hasSuffix($0) }
    guard !isFile else {
      throw FCNError(.notFound, "\(text): there is no such file of class names")
    }
    if names.count == 1, let count = Int(names[0]), count > 1 {
      throw UsageError(
        "--\(classes.name) takes the classes' names, not how many there are: a,b,c or a file with a "
          + "name a line; found \(count)")
    }
    do {
      return try ClassList(names: names).names
    } catch let error as FCNError {
      let shown = text.count > 200 ? "\(text.prefix(200))…" : text
      throw UsageError("--\(classes.name) is \"\(shown)\": \(error.message)")
    }
  }

  /// What `--palette` says.
  static func palette(_ text: String?, for names: [String]) throws -> [RGB] {
    switch text {
    case nil where names == Palette.streetClassNames, "street"?: Palette.street
    case nil, "voc"?: Palette.voc(count: names.count)
    case let list?: try list.split(separator: ",").map { try colour(String($0)) }
    }
  }

  private static func colour(_ text: String) throws -> RGB {
    guard let colour = try? RGB(hexadecimal: text) else {
      throw UsageError(
        "--palette: \"\(text)\" is no colour; wanted voc, street or #rrggbb,#rrggbb,…")
    }
    return colour
  }

  /// What `--size` says.
  static func givenSize(_ arguments: Arguments) throws -> Preprocessing.SizeRule? {
    try arguments.text(size).map { try sizeRule($0, arguments) }
  }

  private static func sizeRule(
    _ text: String, _ arguments: Arguments
  ) throws -> Preprocessing.SizeRule {
    if text == "native" { return .native }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 2, let side = Int(parts[1]) {
      if parts[0] == "longest" { return .longestSide(side) }
      if parts[0] == "at-most" { return .atMost(side) }
    }
    guard let size = try? arguments.size(size, in: 1...16384) else {
      throw arguments.outside(size, text, "native, WIDTHxHEIGHT, longest:N or at-most:N")
    }
    return .exact(width: size.width, height: size.height)
  }
}
