import FCNSwift

extension Subcommand {
  private static let output = Option.value(
    "output", "FILE", "The model file to write; must be given.", letter: "o")
  private static let architecture = Option.value(
    "architecture", "NAME",
    "Which network the weights are, where names and shapes leave it open; `fcn info` lists them.")
  private static let classes = Option.value(
    "classes", "LIST",
    "The classes' names in index order: a file with a name a line, or a,b,c. By default VOC's where "
      + "there are 21, by number otherwise.")
  private static let dtype = Option.value(
    "dtype", "TYPE", "How weights are stored: f32 (the default) or f16.")
  private static let note = Option.value("note", "TEXT", "Free text that the model carries.")

  /// `fcn import`: makes a model of another framework's weights.
  static let importWeights = Subcommand(
    "import", "Make a model of weights from Caffe, Chainer or PyTorch.",
    usage: ["FILE -o FILE [OPTIONS]"],
    discussion: """
      Reads a Caffe .caffemodel, a Chainer .npz, a PyTorch .pth or .pt (a state dict,
      or a checkpoint that holds one) or safetensors, and finds out from the names and
      shapes of its tensors which network they are. Nothing in a file is executed.
      Weights of a classifier, such as VGG16, become a file for `fcn init --from` and
      `fcn train --from` to start a network with.
      """,
    operands: 1...1,
    [
      OptionGroup(
        "Options",
        [
          output, architecture, classes, FreshModel.palette, FreshModel.preprocessing,
          FreshModel.size, dtype, note, .json, .quiet,
        ])
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
    options.preprocessing = try FreshModel.namedPreprocessing(arguments)
    options.size = try FreshModel.givenSize(arguments)
    let type = try elementType(arguments)
    let imported = try Import.read(source, options)
    switch imported {
    case .model(let model): try model.write(to: path, elementType: type)
    case .trunk(let trunk): try trunk.write(to: path, elementType: type)
    }
    if !arguments.has(.quiet) { report(imported, path) }
    if arguments.has(.json) { try Terminal.print(json(imported, path).indentedText) }
  }

  private static func elementType(_ arguments: Arguments) throws -> ElementType {
    switch arguments.text(dtype) {
    case nil, "f32"?: .float32
    case "f16"?: .float16
    case let other?: throw arguments.outside(dtype, other, "f32 or f16")
    }
  }

  private static func report(_ imported: Import, _ path: String) {
    switch imported {
    case .model(let model):
      Terminal.log(
        "\(path): \(model.description.architecture), \(grouped(model.parameterCount)) parameters, "
          + "\(model.description.options.classes) classes")
      warn(ofZeros: model.zeroWeights)
    case .trunk(let trunk):
      Terminal.log(
        "\(path): a trunk of \(trunk.weights.count) tensors, without class scores; make a model of it "
          + "with `fcn init --architecture \(trunk.architecture) --classes LIST --from \(path)`")
      if !trunk.leftOver.isEmpty {
        Terminal.log("left out: \(trunk.leftOver.joined(separator: ", "))")
      }
    }
  }

  /// Tells of weights that are zero throughout.
  static func warn(ofZeros names: [String]) {
    guard !names.isEmpty else { return }
    Terminal.log(
      "warning: zero throughout, so that nothing comes through: \(names.joined(separator: ", ")). "
        + "Were the weights ever copied there?")
  }

  private static func json(_ imported: Import, _ path: String) -> JSON {
    switch imported {
    case .model(let model):
      [
        "output": .string(path), "kind": "model",
        "architecture": .string(model.description.architecture),
        "options": model.description.options.json,
        "preprocessing": model.description.preprocessing.json,
        "parameters": .number(model.parameterCount),
        "zero_weights": .array(model.zeroWeights.map { .string($0) }),
      ]
    case .trunk(let trunk):
      [
        "output": .string(path), "kind": "trunk", "architecture": .string(trunk.architecture),
        "preprocessing": trunk.preprocessing?.json ?? nil,
        "parameters": .number(trunk.weights.reduce(0) { $0 + $1.count }),
        "left_out": .array(trunk.leftOver.map { .string($0) }),
      ]
    }
  }
}
