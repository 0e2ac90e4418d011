import FCNSwift

extension Subcommand {
  private static let output = Option.value(
    "output", "FILE", "The model file to write; must be given.", letter: "o")
  private static let architecture = Option.value(
    "architecture", "NAME",
    "Which network the weights are, where names and shapes leave it open; `fcn info` lists them."
  ).choosing(from: Architecture.all.map(\.name))
  private static let classes = Option.value(
    "classes", "LIST",
    "The classes' names in index order: a file with a name a line, or a,b,c. By default VOC's where "
      + "there are 21, by number otherwise.")
  private static let rename = Option.value(
    "rename", "FROM=TO",
    "Take a tensor or layer that the file calls FROM for what the network calls TO; may be repeated."
  )
  private static let graphOutput = Option.value(
    "graph-output", "NAME",
    "Of an ONNX file the output whose scores are taken, or any value within the graph, so that what follows "
      + "is left out; the first output by default.")
  private static let all = Option.flag(
    "all", "Where the weights are no network's that is known, list every name in the message.")
  private static let dtype = Option.value(
    "dtype", "TYPE", "How weights are stored: f32 (the default) or f16."
  ).choosing(from: ["f32", "f16"])
  private static let note = Option.value("note", "TEXT", "Free text that the model carries.")

  /// `fcn import`: makes a model of another framework's weights.
  static let importWeights = Subcommand(
    "import", "Make a model of weights from Caffe, Chainer or PyTorch, or of an ONNX network.",
    usage: ["FILE -o FILE [OPTIONS]"],
    discussion: """
      Reads a Caffe .caffemodel, a Chainer .npz, a PyTorch .pth or .pt (a state dict,
      or a checkpoint that holds one) or safetensors, and finds out from the names and
      shapes of its tensors which network they are. Nothing in a file is executed.
      An ONNX file (.onnx) holds its own network, whatever it is, as PyTorch's
      torch.onnx.export writes it: that becomes the model's.
      Weights of a classifier, such as VGG16, become a file for `fcn init --from` and
      `fcn train --from` to start a network with.
      """,
    operands: 1...1,
    [
      OptionGroup(
        "Options",
        [
          output, architecture, rename, graphOutput, classes, FreshModel.palette,
        ] + PreprocessingOptions.all + [FreshModel.importedSize, dtype, note, all, .json, .quiet])
    ]
  ) { arguments in
    let (source, path) = (arguments.operands[0], try arguments.required(output))
    try OutputFormat.model.check(path, of: output)
    var files = OutputGuard()
    files.reads(source, as: "the file of weights")
    files.reads(arguments.text(classes), as: "the class names")
    files.writes(path, as: "--output")
    try files.check()
    var options = ImportOptions()
    options.architecture = try arguments.named(architecture) { try Architecture.named($0).name }
    options.classNames = try arguments.text(classes).map(FreshModel.classNames(in:))
    options.palette = try arguments.text(FreshModel.palette).map {
      try FreshModel.palette($0, for: options.classNames ?? [])
    }
    options.note = arguments.text(note) ?? ""
    (options.preprocessing, options.adjustment) = try PreprocessingOptions.given(in: arguments)
    options.renamings = try arguments.texts(rename).map { text in
      guard let renaming = try? Renaming(text) else {
        throw arguments.outside(rename, text, "FROM=TO, both names of tensors or layers")
      }
      return renaming
    }
    options.output = arguments.text(graphOutput)
    if arguments.has(all) { options.longestList = .max }
    options.size = try FreshModel.givenSize(arguments)
    let type = try elementType(arguments)
    let result = try identify(source, options)
    let imported = result.found
    switch imported {
    case .model(let model): try model.write(to: path, elementType: type)
    case .trunk(let trunk): try trunk.write(to: path, elementType: type)
    }
    if !arguments.has(.quiet) { report(result, path) }
    if arguments.has(.json) { try Terminal.print(json(result, path).indentedText) }
  }

  private static func elementType(_ arguments: Arguments) throws -> ElementType {
    switch arguments.text(dtype) {
    case nil, "f32"?: .float32
    case "f16"?: .float16
    case let other?: throw arguments.outside(dtype, other, "f32 or f16")
    }
  }

  /// Reads `path`; a failure says which options may help.
  private static func identify(_ path: String, _ options: ImportOptions) throws -> ImportResult {
    do {
      return try Import.identify(path, options)
    } catch let error as FCNError {
      var message = error.message
      switch error.kind {
      case .shapeMismatch:
        message += "\n--rename FROM=TO gives a layer the network's name"
        message += options.longestList == .max ? "." : "; --all lists every name."
      case .invalidArgument where message.contains("say which architecture"):
        message += " (--architecture)"
      case .unsupported where message.contains("as the output"):
        message += "\n--graph-output NAME takes the scores from any value of the graph."
      case .unsupported where message.contains("with which"):
        message +=
          "\nTo start a network from the trunk alone: `fcn init --from \(path)`, or `fcn train --from "
          + "\(path)`."
      default: break
      }
      throw FCNError(error.kind, message)
    }
  }

  private static func report(_ result: ImportResult, _ path: String) {
    let report = result.report
    switch result.found {
    case .model(let model):
      Terminal.log(
        "\(path): \(model.description.architecture), "
          + "\(counted(model.parameterCount, "parameter")), "
          + counted(model.description.options.classes, "class"))
      tell(ofGraph: report, model)
      if let name = report.statedName { Terminal.log("the file calls it \(name.debugDescription)") }
      tell(
        of: model.description.preprocessing, isAssumed: report.preprocessingIsAssumed,
        report.normalisedRange)
      if !report.assumed.isEmpty {
        Terminal.log(
          "taken to be as usual, since weights do not tell: "
            + report.assumed.joined(separator: "; "))
      }
      if !report.filledIn.isEmpty {
        Terminal.log(
          "warning: not in the file, and made bilinear as the FCN papers have it: "
            + "\(report.filledIn.joined(separator: ", ")). Scores differ where the network upsamples "
            + "in another way")
      }
      warn(ofZeros: model.zeroWeights)
    case .trunk(let trunk):
      Terminal.log(
        "\(path): a trunk of \(counted(trunk.weights.count, "tensor")), without class scores; make "
          + "a model of it "
          + "with `fcn init --architecture \(trunk.architecture) --classes LIST --from \(path)`")
      if let rule = trunk.preprocessing {
        tell(of: rule, isAssumed: report.preprocessingIsAssumed)
      }
    }
    tell(ofLeftOut: report)
  }

  private static func tell(ofGraph report: ImportReport, _ model: Model) {
    guard !report.output.isEmpty else { return }
    if !report.ending.isEmpty {
      Terminal.log(
        "left out at the end, since labels are the same without: "
          + report.ending.joined(separator: ", "))
    }
    if !report.auxiliaryOutputs.isEmpty {
      Terminal.log(
        "scores that training learns from too: \(report.auxiliaryOutputs.joined(separator: ", "))")
    }
    if !report.otherOutputs.isEmpty {
      Terminal.log(
        "scores are the output \(report.output.debugDescription); left out: "
          + "\(report.otherOutputs.joined(separator: ", ")); --graph-output takes another")
    }
    if let size = model.network.inputSize {
      Terminal.log(
        "the file fixes the picture's size: every picture is resized to \(size.w)×\(size.h) and its labels "
          + "back; export it with dynamic axes for pictures of any size")
    } else if model.network.stride > 1 {
      Terminal.log("pictures are padded to multiples of \(model.network.stride) pixels")
    }
  }

  private static func tell(
    of rule: Preprocessing, isAssumed: Bool, _ normalisedRange: Float? = nil
  ) {
    if let range = normalisedRange {
      let isItsOwn = rule.mean.allSatisfy { $0 == 0 } && rule.scale.allSatisfy { $0 == range / 255 }
      let own = range == 1 ? "--preprocessing unit" : "--mean 0 --scale 1"
      let fact =
        "the network normalises its input itself, and seems to take values of 0…\(Int(range))"
      Terminal.log(
        isItsOwn
          ? "\(fact): pictures go in as such (\(own))"
          : "warning: \(fact); with the preprocessing that was given that is done twice. Without it, or with "
            + "\(own), pictures go in as such")
      if isItsOwn { return }
    }
    Terminal.log(
      "preprocessing \(rule.valuesInWords)"
        + (isAssumed
          ? "; assumed, as is usual for these weights: where they were trained otherwise, say "
            + "--preprocessing or --mean and --std" : ""))
  }

  private static func tell(ofLeftOut report: ImportReport) {
    guard !report.leftOut.isEmpty else { return }
    let shown = report.leftOut.prefix(8).joined(separator: ", ")
    let more = report.leftOut.count - 8
    Terminal.log(
      (report.leftOutLayers.isEmpty
        ? "left out: "
        : "warning: left out, weights of \(counted(report.leftOutLayers.count, "layer")) among "
          + "it: ")
        + shown + (more > 0 ? " and \(more) more" : ""))
  }

  /// Tells of weights that are zero throughout.
  static func warn(ofZeros names: [String]) {
    guard !names.isEmpty else { return }
    Terminal.log(
      "warning: zero throughout, so that nothing comes through: \(names.joined(separator: ", ")). "
        + "Were the weights ever copied there?")
  }

  private static func json(_ result: ImportResult, _ path: String) -> JSON {
    func names(_ names: [String]) -> JSON { .array(names.map { .string($0) }) }
    let report = result.report
    switch result.found {
    case .model(let model):
      return [
        "output": .string(path), "kind": "model",
        "architecture": .string(model.description.architecture),
        "options": model.description.options.json,
        "preprocessing": model.description.preprocessing.json,
        "parameters": .number(model.parameterCount),
        "zero_weights": names(model.zeroWeights),
        "left_out": names(report.leftOut), "filled_in": names(report.filledIn),
        "assumed": names(report.assumed),
        "preprocessing_assumed": .bool(report.preprocessingIsAssumed),
        "normalised_range": report.normalisedRange.map { .number($0) } ?? nil,
        "output_taken": .string(report.output), "left_out_at_the_end": names(report.ending),
        "auxiliary_outputs": names(report.auxiliaryOutputs),
        "other_outputs": names(report.otherOutputs),
      ]
    case .trunk(let trunk):
      return [
        "output": .string(path), "kind": "trunk", "architecture": .string(trunk.architecture),
        "preprocessing": trunk.preprocessing?.json ?? nil,
        "parameters": .number(trunk.weights.reduce(0) { $0 + $1.count }),
        "left_out": names(report.leftOut),
        "preprocessing_assumed": .bool(report.preprocessingIsAssumed),
      ]
    }
  }
}
