import CFCN
import FCNSwift

extension fcn_trainer_params {
  /// The model to start from; a fresh one has the classes of `folder`, and what nobody says is that of
  /// the recipe, of `weights`, then what is usual. Where nothing is said of the network, it is all that
  /// of the training which goes on.
  func model(for folder: VOCFolder, _ training: UsualTraining) throws -> Model {
    if let start { return try ModelObject.from(start).model }
    let saved = training.saved
    if let saved, freshField == nil { return try Model.fresh(saved.description, seed: seed) }
    let own = try givenGraph()
    let named =
      try own != nil
      ? nil
      : (optionalString(architecture, "architecture") ?? training.recipe.architecture)
        .map { try Architecture.named($0) }
    let path = try optionalString(weights, "weights")
    let source = try path.map { try TranslatedWeights(contentsOf: $0) }
    var found = own == nil ? try source?.network(of: named) : nil
    let before = try saved.flatMap { saved in
      saved.description.graph == nil
        ? try Architecture.named(saved.description.architecture) : nil
    }
    let architecture = named ?? found?.architecture ?? before ?? .fcnSimple
    if found == nil, own == nil, source?.graph == nil {
      found = try source?.network(of: architecture)
    }
    let network = training.network(architecture)
    var rule =
      try preprocessing.map { try fcn_preprocessing.read($0, over: fcn_preprocessing()).rule() }
      ?? network.preprocessing ?? source?.preprocessing
      ?? (own?.network.inputChannels == 1 ? .grey : architecture.preprocessing)
    if preprocessing == nil, rule.size == .native, let size = network.size { rule.size = size }
    if preprocessing == nil, let size = training.recipe.size { rule.size = size }
    let usual = found?.options ?? network.options
    let (name, width) = (architecture.name, width == 0 ? usual.width : width)
    let hasBatchNorm =
      batch_norm == Self.chosen ? usual.batchNorm : try flag(batch_norm, "batch_norm")
    if let found, let path, abs(width - found.options.width) > 1e-3 {
      throw FCNError(
        .invalidArgument,
        "width is \(width), but the network of \(path) has the width \(found.options.width); leave "
          + "width at 0 to take it")
    }
    if let found, let path, hasBatchNorm != found.options.batchNorm {
      throw FCNError(
        .invalidArgument,
        "batch_norm is \(batch_norm), but the network of \(path) has "
          + "\(found.options.batchNorm ? "" : "no ")batch normalisation; leave it at -1")
    }
    let known = saved?.description.classNames == folder.classNames ? saved?.description : nil
    var description = ModelDescription(
      architecture: name,
      options: ArchitectureOptions(
        classes: folder.classNames.count, inputChannels: rule.channels, width: width,
        batchNorm: hasBatchNorm, auxiliaryHead: usual.auxiliaryHead,
        denseUpsampling: usual.denseUpsampling),
      classNames: folder.classNames, palette: known?.palette ?? folder.palette,
      preprocessing: rule, note: known?.note ?? "")
    let changed = try source?.graph?.havingClasses(folder.classNames.count)
    if named == nil, found == nil, let graph = own ?? changed ?? saved?.description.graph {
      try checkGraph(graph, classes: folder.classNames.count)
      description = ModelDescription(
        graph: graph, classNames: description.classNames, palette: description.palette,
        preprocessing: rule, note: description.note)
    }
    let fresh = try Model.fresh(description, seed: seed, scores: training.recipe.scores)
    guard let source, let path else {
      if let start = training.recipe.start, saved == nil {
        Log.send(
          .warning,
          "the recipe \(training.recipe.name) starts from \(start), which weights names; without "
            + "them every layer starts at random")
      }
      return fresh
    }
    let (model, transplant) = try fresh.copyingWeights(from: source)
    Log.send(
      transplant.copied.isEmpty ? .warning : .info,
      "\(path): \(transplant.copied.count) of the network's tensors taken, "
        + "\(transplant.missing.count) not found, \(transplant.mismatched.count) of another shape")
    return model
  }

  /// What `graph` says; nil where it is NULL.
  private func givenGraph() throws -> NetworkGraph? {
    try optionalString(graph, "graph").map { text in
      try naming("graph") { try NetworkGraph(parsing: text) }
    }
  }

  /// Throws where fields or classes ask for another network than `graph`.
  private func checkGraph(_ graph: NetworkGraph, classes: Int) throws {
    try checkNothingChanges(graph: "the network is one that its file describes as a whole")
    try graph.checkClasses(classes)
  }

  private func checkNothingChanges(graph what: String) throws {
    guard width == 0, batch_norm == Self.chosen else {
      throw FCNError(
        .invalidArgument,
        "\(what): leave width at 0 and batch_norm at -1, or name an architecture")
    }
  }

  /// The first field that says what fresh weights are like; nil where none does.
  private var freshField: StaticString? {
    if architecture != nil { return "architecture" }
    if graph != nil { return "graph" }
    if preprocessing != nil { return "preprocessing" }
    if weights != nil { return "weights" }
    if width != 0 { return "width" }
    return batch_norm == Self.chosen ? nil : "batch_norm"
  }

  /// Throws where the fields of a fresh model are wrong whatever the data is.
  func checkFresh() throws {
    guard start == nil else { return }
    if width != 0 { try ArchitectureOptions.widthRange.check(width, "width", or: "0") }
    _ = try optionalString(architecture, "architecture").map { try Architecture.named($0) }
    if graph != nil {
      guard architecture == nil else {
        throw FCNError(.invalidArgument, "architecture and graph are both set; leave one NULL")
      }
      try checkNothingChanges(graph: "graph says all of the network")
      _ = try givenGraph()
    }
    _ = try preprocessing.map { try fcn_preprocessing.read($0, over: fcn_preprocessing()).rule() }
    guard weights != nil else { return }
    let path = try pathString(weights, "weights")
    guard File.exists(path) else {
      throw FCNError(.notFound, "\(path): there is no such file of weights")
    }
  }

  /// Throws where there is a model to start from and a field says what another would be like.
  func checkStart() throws {
    guard start != nil, let field = freshField else { return }
    throw FCNError(
      .invalidArgument, "\(field) is for a fresh model; start names one that exists")
  }
}

extension VOCFolder {
  /// Colours for its classes: those of street scenes where the names are theirs, VOC's otherwise.
  fileprivate var palette: [RGB] {
    classNames == Palette.streetClassNames ? Palette.street : Palette.voc(count: classNames.count)
  }
}
