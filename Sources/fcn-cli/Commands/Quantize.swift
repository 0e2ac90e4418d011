import FCNSwift

extension Subcommand {
  private static let output = Option.value(
    "output", "FILE", "The model file to write; must be given.", letter: "o")
  private static let most = Option.value(
    "pictures", "N", "Pictures to measure on at most, some of all; 64 by default.")

  /// `fcn quantize`: measures the ranges that int8 needs.
  static let quantize = Subcommand(
    "quantize", "Measure on pictures what a model needs to run with --precision int8.",
    usage: ["-o FILE [OPTIONS] PICTURE|FOLDER..."],
    discussion: """
      Runs the model on pictures of the kind that it is for, some dozen, PNG or JPEG,
      and writes it with the range of values of every layer's channels. Its weights,
      and what it does in other precisions, stay as they are.
      """,
    operands: 1...Int.max, [OptionGroup("Options", [output, .model, most, .threads, .quiet])]
  ) { arguments in
    let path = try arguments.required(output)
    try OutputFormat.model.check(path, of: output)
    let inputs = try SegmentInputs(arguments.operands)
    var files = OutputGuard()
    inputs.claim(&files)
    files.reads(model: arguments.text(.model))
    files.writes(path, as: "--output")
    try files.check()
    let limit = try arguments.integer(most, in: 1...100_000) ?? 64
    // Evenly from all of them: neighbours are often alike.
    let count = min(limit, inputs.paths.count)
    let chosen = (0..<count).map { inputs.paths[$0 * inputs.paths.count / count] }
    let model = try Model(contentsOf: arguments.text(.model) ?? DefaultModel.path())
    let progress = Progress("measuring", unit: "pictures", isQuiet: arguments.has(.quiet))
    defer { progress.finish() }
    let calibrated = try model.calibrated(
      count: count, threads: try arguments.threads(),
      progress: { done, total in
        progress.update(done / 2, of: total / 2)
        return !Interrupt.isPending
      }
    ) { index, body in
      try SegmentInputs.read(chosen[index]).withPixelView(body)
    }
    progress.finish()
    try calibrated.write(to: path, elementType: nil)
    if !arguments.has(.quiet) {
      Terminal.log("\(path): ranges for int8, measured on \(counted(count, "picture"))")
    }
  }
}
