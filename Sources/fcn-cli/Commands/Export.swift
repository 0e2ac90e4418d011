import FCNSwift

extension Subcommand {
  private static let onnx = Option.value(
    "onnx", "FILE", "The ONNX file to write; must be given.")

  /// `fcn export`: writes a model in a form that other systems read.
  static let export = Subcommand(
    "export", "Write a model as an ONNX file, which other systems run.",
    usage: ["--onnx FILE [--model FILE]"],
    discussion: """
      The graph takes `input`, pictures of any size and number as N×channels×H×W
      floats, made ready as fcn.preprocessing in the file's metadata says. It makes
      `scores`, N×classes×H×W, before softmax; padding to the network's stride is
      part of the graph. Weights become float32.
      """,
    [OptionGroup("Options", [onnx, .model, .quiet])]
  ) { arguments in
    let path = try arguments.required(onnx)
    try OutputFormat.onnx.check(path, of: onnx)
    var files = OutputGuard()
    files.reads(model: arguments.text(.model))
    files.writes(path, as: "--onnx")
    try files.check()
    let model = try Model(contentsOf: arguments.text(.model) ?? DefaultModel.path())
    try model.writeONNX(to: path)
    if !arguments.has(.quiet) {
      Terminal.log(
        "\(path): \(model.description.architecture), "
          + "\(counted(model.parameterCount, "parameter")), "
          + counted(model.description.options.classes, "class"))
    }
  }
}
