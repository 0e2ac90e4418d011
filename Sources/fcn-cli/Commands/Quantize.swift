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
      and what it does in other precisions, stay as they are. Of five pictures and
      more, every fifth is kept to tell how many labels int8 leaves as they are.
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
    // What ranges are worth shows on other pictures than theirs.
    let kept = chosen.indices.filter { $0 % 5 == 4 }
    let measured = chosen.indices.filter { $0 % 5 != 4 }.map { chosen[$0] }
    let model = try Model(contentsOf: arguments.text(.model) ?? DefaultModel.path())
    let progress = Progress("measuring", unit: "pictures", isQuiet: arguments.has(.quiet))
    defer { progress.finish() }
    let calibrated = try model.calibrated(
      count: measured.count, threads: try arguments.threads(),
      progress: { done, total in
        progress.update(done / 2, of: total / 2)
        return !Interrupt.isPending
      }
    ) { index, body in
      try SegmentInputs.read(measured[index]).withPixelView(body)
    }
    progress.finish()
    try calibrated.write(to: path, elementType: nil)
    let others = kept.map { chosen[$0] }
    let equal = try labelsEqual(
      calibrated, others.isEmpty ? measured : others, threads: try arguments.threads())
    let percent = (100 * equal).rounded(toPlaces: 1)
    if !arguments.has(.quiet) {
      let whose = others.isEmpty ? "of these" : "of \(counted(others.count, "other"))"
      Terminal.log(
        "\(path): ranges for int8, measured on \(counted(measured.count, "picture")); \(whose) "
          + "\(percent) % of the labels are float32's")
    }
    if measured.count < 8 {
      Terminal.log(
        "warning: so few pictures seldom show all that a model will meet, and values beyond what they "
          + "showed are cut off; give some dozen that differ")
    }
    if equal < 0.95 {
      Terminal.log(
        "warning: int8 changes \((100 * (1 - equal)).rounded(toPlaces: 1)) % of the labels; "
          + "--precision int16 changes fewer")
    }
  }

  /// The part of the labels that are alike in int8 and float32, on some of the pictures.
  private static func labelsEqual(
    _ model: Model, _ paths: [String], threads: Int
  ) throws -> Double {
    let sessions = try [Precision.float32, .int8].map {
      try Session(
        model: model, options: Session.Options(threads: threads, largestBatch: 1, precision: $0))
    }
    let count = min(8, paths.count)
    var (equal, all) = (0, 0)
    for index in 0..<count {
      let image = try SegmentInputs.read(paths[index * paths.count / count])
      let maps = try sessions.map { session in
        try session.run([image]) { _ in !Interrupt.isPending }
        return try session.labelMap(0).labels
      }
      equal += zip(maps[0], maps[1]).count { $0 == $1 }
      all += maps[0].count
    }
    return Double(equal) / Double(max(1, all))
  }
}
