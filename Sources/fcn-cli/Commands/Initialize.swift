import FCNSwift

extension Subcommand {
  private static let output = Option.value(
    "output", "FILE", "The model file to write; must be given.", letter: "o")
  private static let seed = Option.value(
    "seed", "N", "What the initial weights follow from; 1 by default.")
  private static let note = Option.value("note", "TEXT", "Free text that the model carries.")
  private static let half = Option.flag("half", "Store the weights as float16.")

  /// `fcn init`: writes an untrained model.
  static let initialize = Subcommand(
    "init", "Make a fresh model, or one that starts from another network's weights.",
    usage: ["--classes LIST -o FILE [OPTIONS]"],
    [
      FreshModel.group,
      OptionGroup("Output", [output, seed, note, half, .quiet]),
    ]
  ) { arguments in
    let path = try arguments.required(output)
    try OutputFormat.model.check(path, of: output)
    var files = OutputGuard()
    files.reads(arguments.text(FreshModel.classes), as: "the class names")
    files.reads(arguments.text(FreshModel.source), as: "the file of weights")
    files.reads(arguments.text(FreshModel.graph), as: "the network")
    files.writes(path, as: "--output")
    try files.check()
    let model = try FreshModel.make(
      arguments, classNames: nil, seed: try arguments.seed(seed) ?? 1,
      note: arguments.text(note) ?? ""
    ) { transplant in
      if !arguments.has(.quiet) { report(transplant) }
    }
    try model.write(to: path, elementType: arguments.has(half) ? .float16 : .float32)
    if !arguments.has(.quiet) {
      Terminal.log(
        "\(path): \(model.description.architecture), "
          + "\(counted(model.parameterCount, "parameter")), "
          + counted(model.description.options.classes, "class"))
    }
  }

  /// Tells on standard error what came of copying weights.
  static func report(_ transplant: Transplant) {
    Terminal.log("copied \(counted(transplant.copied.count, "tensor"))")
    for (what, names) in [
      ("not in the source, kept as they were", transplant.missing),
      ("of another shape, kept as they were", transplant.mismatched),
      ("in the source, but not in this network", transplant.unused),
    ] where !names.isEmpty {
      let shown = names.prefix(8).joined(separator: ", ")
      let more = names.count > 8 ? " and \(names.count - 8) more" : ""
      Terminal.log("\(what) (\(names.count)): \(shown)\(more)")
    }
    warn(ofZeros: transplant.zero)
  }
}
