import FCNSwift

extension Subcommand {
  private static let sheet = Option.flag(
    "sheet", "Draw a sheet of pictures and what the model makes of them, not learning curves.")
  private static let data = Option.value(
    "data", "DIR[:SPLIT]", "Where the sheet's pictures and their truth are; val without a SPLIT.")
  private static let count = Option.value(
    "count", "N", "Pictures on the sheet, spread evenly over the list; 6 by default.")
  private static let tileWidth = Option.value(
    "tile", "N", "The width of each picture on the sheet, 64…4096; 320 by default.")
  private static let output = Option.value(
    "output", "FILE",
    "The .png, .jpg or (for curves) .svg to write, - for a PNG on standard output; must be given.",
    letter: "o", takesDash: true)

  /// `fcn plot`.
  static let plot = Subcommand(
    "plot", "Draw learning curves, or a sheet of results.",
    usage: [
      "LOG… -o FILE", "--sheet --data DIR[:SPLIT] [--model FILE] -o FILE",
      "--sheet PICTURE… [--model FILE] -o FILE",
    ],
    discussion: """
      LOG is the log.csv of a training or the folder it lies in; several share the
      charts. With --data a sheet shows input, prediction and truth, with --sheet and
      pictures input, overlay and labels.
      """,
    operands: 0...Int.max, takesDash: true,
    [
      OptionGroup(
        "Options",
        [output, sheet, .model, data, .binaryMasks, count, tileWidth, .threads, .quiet])
    ]
  ) { arguments in
    let path = try arguments.required(output)
    try checkOperands(arguments)
    let isSVG = !arguments.has(sheet) && path.lowercased().hasSuffix(".svg")
    let format = isSVG ? nil : try PictureFormat(path: path == "-" ? "" : path)
    try claimFiles(arguments, path)
    if arguments.has(sheet) {
      let picture = try drawSheet(arguments)
      try write(try (format ?? .png).encode(picture), to: path)
      return
    }
    let curves = try learningCurves(arguments.operands.map { try LogFile(path: $0) })
    try write(
      try format.map { try $0.encode(try curves.image()) } ?? Array(curves.svg().utf8), to: path)
  }

  private static func checkOperands(_ arguments: Arguments) throws {
    if arguments.has(sheet) {
      guard arguments.has(data) == arguments.operands.isEmpty else {
        throw UsageError(
          arguments.has(data)
            ? "a sheet shows either pictures or --data; give one of them"
            : "name the pictures of the sheet, or give --data")
      }
      return
    }
    guard !arguments.operands.isEmpty else {
      throw UsageError("name a log.csv or the folder of a training, or give --sheet")
    }
    for option in [Option.model, data, .binaryMasks, count, tileWidth] where arguments.has(option) {
      throw UsageError("--\(option.name) is for a sheet; give --sheet too")
    }
    guard !arguments.operands.contains("-") else {
      throw UsageError("a log is read from a file or folder, not from standard input (-)")
    }
  }

  /// Checks that nothing that is read is written over.
  private static func claimFiles(_ arguments: Arguments, _ path: String) throws {
    var files = OutputGuard()
    if arguments.has(sheet) {
      files.reads(model: arguments.text(.model))
      if let text = arguments.text(data) { files.reads(data: text) }
      try SegmentInputs(arguments.operands).claim(&files)
    } else {
      for log in arguments.operands { files.reads(LogFile.path(log), as: "a log") }
    }
    files.writes(path, as: "--output")
    try files.check()
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    if path == "-" { try Terminal.write(bytes) } else { try File.write(bytes, to: path) }
  }

  // MARK: Learning curves

  private static func learningCurves(_ logs: [LogFile]) throws -> LearningCurves {
    func panel(
      _ title: String, _ measure: String, _ range: ClosedRange<Double>?
    ) -> LearningCurves.Panel {
      LearningCurves.Panel(
        title: title,
        series: logs.flatMap { log in
          [("train", "training"), ("val", "test")].map { prefix, name in
            // A curve that one panel lacks keeps its place, and so its colour, in the others.
            LearningCurves.Series(
              name: logs.count == 1 ? name : "\(log.name) \(name)",
              points: log.points("\(prefix)_\(measure)") ?? [])
          }
        }, range: range)
    }
    let panels = [
      panel("loss", "loss", nil), panel("pixel accuracy", "pixel_accuracy", 0...1),
      panel("mean IU", "mean_iu", 0...1),
    ].filter { $0.series.contains { !$0.points.isEmpty } }
    guard !panels.isEmpty else {
      throw FCNError(
        .corrupt, "the log has none of the columns train_loss, val_loss, train_pixel_accuracy…")
    }
    return LearningCurves(panels: panels)
  }

  // MARK: Sheets

  private static func drawSheet(_ arguments: Arguments) throws -> Image {
    let model = try Model(contentsOf: arguments.text(.model) ?? DefaultModel.path())
    let session = try Session(
      model: model, options: .init(threads: arguments.threads(), largestBatch: 1))
    func predict(_ image: Image) throws -> LabelMap {
      try session.run([image]) { _ in !Interrupt.isPending }
      return try session.labelMap(0)
    }
    let rows: [Sheet.Row]
    if let name = try arguments.text(data).map({ text in
      try DataName(
        text,
        .init(
          classNames: model.description.classNames, binaryMasks: arguments.has(.binaryMasks)))
    }) {
      let pictures = try name.pictures(of: "val")
      rows = try sheetIndices(arguments, pictures.count).map { index in
        try truthRow(pictures.picture(at: index), model, predict)
      }
    } else {
      rows = try SegmentInputs(arguments.operands).paths.map { path in
        let image = try SegmentInputs.read(path)
        return Sheet.Row(caption: path, input: image, prediction: try predict(image))
      }
    }
    return try Sheet(
      rows: rows, classNames: model.description.classNames, palette: model.description.palette,
      tileWidth: arguments.integer(tileWidth, in: 64...4096) ?? 320
    ).image()
  }

  /// Positions spread evenly over `total` pictures.
  private static func sheetIndices(_ arguments: Arguments, _ total: Int) throws -> [Int] {
    let wanted = min(total, try arguments.integer(count, in: 1...1000) ?? 6)
    return (0..<wanted).map { $0 * total / wanted }
  }

  private static func truthRow(
    _ picture: LabelledPicture, _ model: Model, _ predict: (Image) throws -> LabelMap
  ) throws -> Sheet.Row {
    let prediction = try predict(picture.image)
    var confusion = try ConfusionMatrix(classCount: model.description.classNames.count)
    let accuracy = try naming(picture.name) {
      try confusion.add(truth: picture.labels, prediction: prediction)
    }
    return Sheet.Row(
      caption: "\(picture.name)  accuracy \(accuracy.rounded(toPlaces: 3))", input: picture.image,
      prediction: prediction, truth: picture.labels)
  }
}
