extension ONNXNetwork {
  /// The model that it is, and what was assumed.
  ///
  /// Throws `invalidArgument` where an option says something that a graph says itself.
  func imported(_ options: ImportOptions) throws -> ImportResult {
    guard options.architecture == nil, options.renamings.isEmpty else {
      throw FCNError(
        .invalidArgument,
        "an ONNX file holds its own network, with its own names: neither an architecture nor other names "
          + "can be given for it")
    }
    let classes = graph.classCount
    let channels = graph.network.inputChannels
    guard [1, 3].contains(channels) else {
      throw FCNError(
        .unsupported,
        "the network takes \(channels) channels; pictures have 3 colours, or 1 as grey values")
    }
    let stated = try ModelDescription.preprocessing(in: metadata)
    let usual = channels == 1 ? Preprocessing.grey : .torchvision
    var preprocessing =
      options.preprocessing ?? stated ?? normalisation.map { $0.preprocessing(usual) } ?? usual
    preprocessing = try options.adjustment.applied(to: preprocessing)
    preprocessing.size =
      options.size ?? graph.network.inputSize.map { .exact(width: $0.w, height: $0.h) }
      ?? preprocessing.size
    var names =
      try options.classNames
      ?? ModelDescription.classNames(in: metadata, count: classes)
      ?? (classes == 21 ? Palette.vocClassNames : (0..<classes).map { "class \($0)" })
    if ends.hasOneScore {
      names = ArchitectureGuess.namesWithBackground(options.classNames)
    }
    let model = try Model(
      description: ModelDescription(
        graph: graph, classNames: names, palette: options.palette ?? Palette.voc(count: classes),
        preprocessing: preprocessing,
        note: ends.hasOneScore && options.note.isEmpty
          ? ArchitectureGuess.backgroundNote : options.note),
      weights: weights)
    var report = ImportReport()
    report.preprocessingIsAssumed =
      options.preprocessing == nil && options.adjustment.isEmpty && stated == nil
    report.normalisedRange = normalisation?.range
    report.output = ends.output
    report.auxiliaryOutputs = ends.auxiliaryOutputs
    report.otherOutputs = ends.otherOutputs
    report.ending = ends.ending
    return ImportResult(found: .model(model), report: report)
  }
}
