import FCNSwift

/// The options that describe a model that does not exist yet, alike for `init` and `train`.
enum FreshModel {
  static let architecture = Option.value(
    "architecture", "NAME", "The network; fcn-simple by default. `fcn info` lists them.")
  static let classes = Option.value(
    "classes", "LIST", "The classes' names in index order: a file with a name a line, or a,b,c.")
  static let palette = Option.value(
    "palette", "LIST",
    "The classes' colours: voc, street, or #rrggbb,#rrggbb,… By default street where the classes "
      + "have its names, voc otherwise.")
  static let width = Option.value(
    "width", "FACTOR", "A factor on the trunk's channel counts, 0.01…4; 1 by default.")
  static let batchNorm = Option.flag(
    "batch-norm", "Batch normalisation after the trunk's convolutions.")
  static let size = Option.value(
    "size", "RULE",
    "The size at which the network sees pictures: native (the default), WIDTHxHEIGHT, longest:N "
      + "(the longer side becomes N pixels) or at-most:N (larger pictures alone are scaled).")
  static let scores = Option.value(
    "init", "RULE", "Initial weights of the score layers: he (the default) or zero.")
  static let auxiliaryHead = Option.flag(
    "aux", "A second score head that training learns from too (ResNets).")
  static let denseUpsampling = Option.flag(
    "dense-upsampling",
    "Upsampling that may mix classes when it is learned (`--layer-rate upscore=1`), in place of a "
      + "kernel a class (the FCN papers' networks).")
  static let source = Option.value(
    "from", "FILE",
    "A trained network's weights, in any file that `fcn import` reads: they are taken wherever a name "
      + "and a shape agree, and so is their preprocessing.")

  static let group = OptionGroup(
    "A fresh model",
    [
      architecture, classes, palette, width, batchNorm, auxiliaryHead, denseUpsampling,
    ] + PreprocessingOptions.all + [size, scores, source])

  /// Whether an option was given that only a fresh model can follow.
  static func given(in arguments: Arguments) -> [Option] {
    group.options.filter { arguments.has($0) }
  }

  /// Makes the model that the options describe, and where they say nothing `recipe`. `classNames` are those of the data, where there are
  /// any; what was and was not copied from `--from` goes to `report`.
  static func make(
    _ arguments: Arguments, recipe: Recipe? = nil, classNames: [String]?, seed: UInt64,
    note: String,
    report: (Transplant) -> Void
  ) throws -> Model {
    let architecture = try Architecture.named(
      arguments.text(architecture) ?? recipe?.architecture ?? Architecture.fcnSimple.name)
    guard let names = try arguments.text(classes).map(classNames(in:)) ?? classNames else {
      throw UsageError("\(classes.spelling) is missing")
    }
    let weights = try arguments.text(source).map { path in
      try naming(path) { try ForeignWeights(contentsOf: path).translated() }
    }
    var preprocessing = try PreprocessingOptions.rule(
      arguments, otherwise: weights?.preprocessing ?? architecture.preprocessing)
    if let size = try givenSize(arguments) ?? recipe?.size { preprocessing.size = size }
    let description = ModelDescription(
      architecture: architecture.name,
      options: ArchitectureOptions(
        classes: names.count, inputChannels: preprocessing.channels,
        width: try arguments.number(width, in: 0.01...4) ?? 1,
        batchNorm: arguments.has(batchNorm), auxiliaryHead: arguments.has(auxiliaryHead),
        denseUpsampling: arguments.has(denseUpsampling)),
      classNames: names,
      palette: try palette(arguments.text(FreshModel.palette), for: names),
      preprocessing: preprocessing, note: note)
    let model = try Model.fresh(
      description, seed: seed, scores: try arguments.choice(scores) ?? recipe?.scores ?? .he)
    guard let weights, let path = arguments.text(source) else { return model }
    let (started, transplant) = try model.copyingWeights(from: weights)
    guard !transplant.copied.isEmpty else {
      throw FCNError(
        .shapeMismatch,
        "\(path): no tensor has a name and a shape of \(architecture.name) with these options; "
          + "`fcn info --tensors` lists the network's")
    }
    report(transplant)
    return started
  }

  /// Names from a file, one a line, or from a list with commas.
  static func classNames(in text: String) throws -> [String] {
    let isFile = !text.contains(",") && File.exists(text)
    guard !isFile else { return try lines(ofFile: text) }
    guard text.contains(",") || !text.contains("/") else {
      throw FCNError(.notFound, "\(text): there is no such file of class names")
    }
    return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  private static func lines(ofFile path: String) throws -> [String] {
    guard let text = String(validating: try File.read(path), as: UTF8.self) else {
      throw FCNError(.corrupt, "\(path): is not a UTF-8 text file of class names")
    }
    return text.split(whereSeparator: \.isNewline).map(String.init)
  }

  /// What `--palette` says.
  static func palette(_ text: String?, for names: [String]) throws -> [RGB] {
    switch text {
    case nil where names == Palette.streetClassNames, "street"?: Palette.street
    case nil, "voc"?: Palette.voc(count: names.count)
    case let list?: try list.split(separator: ",").map { try RGB(hexadecimal: String($0)) }
    }
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
