import FCNSwift

extension Subcommand {
  private static let data = Option.value(
    "data", "DIR[:SPLIT]", "A folder in VOC layout; must be given, may be repeated.")
  private static let split = Option.value(
    "split", "NAME", "The list of pictures, where --data names none; val by default.")
  private static let predictions = Option.value(
    "predictions", "DIR", "Write every predicted label map to this folder, as palette PNGs.")
  private static let confusion = Option.value(
    "confusion", "FILE",
    "Write the confusion matrix as a NumPy file: int64, true × predicted classes, in pixels.")

  /// `fcn eval`.
  static let evaluate = Subcommand(
    "eval", "Evaluate a model on labelled pictures.",
    usage: ["--data DIR [--split NAME] [--model FILE] [OPTIONS]"],
    discussion: """
      The measures are those of the FCN papers, fractions of 1. Pixels labelled 255
      do not count; a class that neither occurs nor is predicted has no IU (null) and
      is left out of the mean, and there is no mean over one class alone of several.
      """,
    [
      OptionGroup(
        "Options",
        [
          .model, data, split, .binaryMasks, predictions, confusion, EvaluationPage.option, .device,
          .precision, .threads, .json, .quiet,
        ])
    ]
  ) { arguments in
    guard arguments.has(data) else { throw UsageError("\(data.spelling) is missing") }
    try OutputFormat.array.check(arguments.text(confusion), of: confusion)
    try OutputFormat.page.check(
      arguments.text(EvaluationPage.option), of: EvaluationPage.option)
    var files = OutputGuard()
    files.reads(model: arguments.text(.model))
    for text in arguments.texts(data) { files.reads(data: text) }
    files.writes(intoFolder: arguments.text(predictions), as: "--predictions")
    files.writes(arguments.text(confusion), as: "--confusion")
    files.writes(arguments.text(EvaluationPage.option), as: "--report")
    try files.check()
    let path = try arguments.text(.model) ?? DefaultModel.path()
    let model = try Model(contentsOf: path)
    let reading = VOCFolder.Reading(
      classNames: model.description.classNames, binaryMasks: arguments.has(.binaryMasks))
    let names = try arguments.texts(data).map {
      try DataName($0, reading).naming(arguments.text(split))
    }
    let pictures = try DataName.pictures(
      of: names, split: "val", requiringFiles: false, isQuiet: arguments.has(.quiet))
    let (own, others) = (model.description.classNames.count, pictures.classNames.count)
    guard own == others else {
      throw FCNError(
        .shapeMismatch, "the model has \(counted(own, "class")), the pictures \(others)")
    }
    warnOfOtherNames(model, pictures)
    try DataCheck.run(nil, pictures, arguments)
    let folder = arguments.text(predictions)
    if let folder { try File.makeFolder(folder) }

    let start = monotonicSeconds()
    let progress = Progress("evaluating", unit: "pictures", isQuiet: arguments.has(.quiet))
    defer { progress.finish() }
    let precision: Precision = try arguments.choice(.precision) ?? .float32
    if precision == .int8, model.ranges == nil, !arguments.has(.quiet) {
      Terminal.log(Option.measuresRanges)
    }
    var page = EvaluationPage(arguments, model)
    let evaluation = try model.evaluate(
      on: pictures, threads: arguments.threads(), precision: precision, device: arguments.device(),
      talliesConfidence: page != nil
    ) { done, picture, prediction in
      try page?.note(picture, prediction)
      if let folder {
        let file = "\(folder)/\(picture.name).png"
        if let slash = file.lastIndex(of: "/") { try File.makeFolder(String(file[..<slash])) }
        try File.write(prediction.encodedPNG(palette: model.description.palette), to: file)
      }
      progress.update(done, of: pictures.count)
      return !Interrupt.isPending
    }
    progress.finish()

    let matrix = evaluation.confusion
    if let file = arguments.text(confusion) {
      let bytes = try NPY.bytes(matrix.counts, shape: [matrix.classCount, matrix.classCount])
      try File.write(bytes, to: file)
    }
    try page?.write(
      evaluation, model,
      facts: [
        ReportFact("model", path),
        ReportFact("data", arguments.texts(data).joined(separator: ", ")),
        ReportFact("parameters", grouped(model.parameterCount)),
        ReportFact("precision", precision.rawValue),
      ])
    let classNames = model.description.classNames
    if arguments.has(.json) {
      let about: [JSON.Member] = [
        .init("model", .string(path)),
        .init("data", .array(arguments.texts(data).map { .string($0) })),
        .init("pictures", .number(pictures.count)),
        .init("seconds", .number(monotonicSeconds() - start)),
      ]
      try Terminal.print(
        JSON.object(about + measures(evaluation, classNames)).indentedText)
    } else {
      try Terminal.print(table(evaluation, classNames))
    }
  }

  private static func measures(
    _ evaluation: Evaluation, _ classNames: [String]
  ) -> [JSON.Member] {
    let matrix = evaluation.confusion
    return [
      .init("pixel_accuracy", .number(matrix.pixelAccuracy)),
      .init("mean_accuracy", .number(matrix.meanAccuracy)),
      .init("mean_iu", .number(matrix.meanIU)),
      .init("classes_in_mean_iu", .number(matrix.measuredClassCount)),
      .init("frequency_weighted_iu", .number(matrix.frequencyWeightedIU)),
      .init("mean_picture_accuracy", .number(matrix.meanPictureAccuracy)),
      .init("loss", .number(evaluation.loss)),
      .init("classes", .array(classNames.map { .string($0) })),
      .init("per_class_iu", .array(matrix.perClassIU.map { .number($0) })),
    ]
  }

  /// Says so where a class has no part in the mean.
  private static func meanIUName(_ matrix: ConfusionMatrix) -> String {
    let (measured, all) = (matrix.measuredClassCount, matrix.classCount)
    return measured == all ? "mean IU" : "mean IU (of \(measured) of \(all) classes)"
  }

  private static func table(_ evaluation: Evaluation, _ classNames: [String]) -> String {
    let matrix = evaluation.confusion
    let rows =
      zip(classNames, matrix.perClassIU).map { ("IU of \(printableName($0))", $1) } + [
        ("pixel accuracy", matrix.pixelAccuracy), ("mean accuracy", matrix.meanAccuracy),
        (meanIUName(matrix), matrix.meanIU), ("frequency weighted IU", matrix.frequencyWeightedIU),
        ("mean picture accuracy", matrix.meanPictureAccuracy), ("loss", evaluation.loss),
      ]
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, value in
      name + String(repeating: " ", count: width + 2 - name.count) + value.rounded(toPlaces: 4)
    }.joined(separator: "\n")
  }
}
