import FCNSwift

extension Subcommand {
  fileprivate static let labels = Option.value(
    "labels", "OUT",
    "Write the label map as a PNG of class indices, with a palette of their colours.",
    takesDash: true)
  fileprivate static let greyLabels = Option.value(
    "grey-labels", "OUT",
    "Write the label map as an 8-bit greyscale PNG whose greys are the class indices.",
    takesDash: true)
  fileprivate static let overlay = Option.value(
    "overlay", "OUT", "Write the picture with its classes' colours over it, as PNG or JPEG.",
    takesDash: true)
  fileprivate static let opacity = Option.value(
    "opacity", "X", "How strong the overlay's colours are, 0…1; 0.5 by default.")
  fileprivate static let scores = Option.value(
    "scores", "OUT",
    "Write the class scores, before softmax, as a NumPy file: float32, classes × height × width.",
    takesDash: true)

  /// `fcn segment`.
  static let segment = Subcommand(
    "segment", "Tell the class of every pixel of pictures.",
    usage: ["PICTURE… [OPTIONS]"],
    discussion: """
      PICTURE is a PNG or JPEG file, a folder of them, or - for standard input. For
      one picture OUT is a file, or - for standard output; for several it is a
      folder, which gets a file of the picture's name for each. A picture that fails
      is told of and does not keep the others from being segmented.
      """,
    operands: 1...Int.max, takesDash: true,
    [
      OptionGroup(
        "Options",
        [
          .model, labels, greyLabels, overlay, opacity, scores, .device, .precision, .disabled,
          .threads, .json, .quiet,
        ])
    ]
  ) { arguments in
    let run = try SegmentRun(arguments)
    try run.segmentAll()
  }
}

/// One call of `fcn segment`.
private struct SegmentRun {
  private let inputs: SegmentInputs
  private let labels: SegmentOutput?
  private let greyLabels: SegmentOutput?
  private let overlay: SegmentOutput?
  private let scores: SegmentOutput?
  private let overlayFormat: PictureFormat
  private let opacity: Float
  private let session: Session
  private let modelPath: String
  private let printsJSON: Bool
  private let isQuiet: Bool

  init(_ arguments: Arguments) throws {
    let threads = try arguments.threads()
    opacity = try arguments.number(Subcommand.opacity, in: NumberRange(0...1)) ?? 0.5
    let inputs = try SegmentInputs(arguments.operands)
    func output(_ option: Option, _ format: OutputFormat?) throws -> SegmentOutput? {
      try arguments.text(option).map { try SegmentOutput(option, $0, format, for: inputs) }
    }
    self.inputs = inputs
    labels = try output(Subcommand.labels, .labels)
    greyLabels = try output(Subcommand.greyLabels, .labels)
    overlay = try output(Subcommand.overlay, nil)
    overlayFormat = try PictureFormat(path: overlay?.destination(for: "x.png") ?? "")
    scores = try output(Subcommand.scores, .array)
    printsJSON = arguments.has(.json)
    let outputs = [labels, greyLabels, overlay, scores].compactMap { $0 }
    var files = OutputGuard()
    inputs.claim(&files)
    files.reads(model: arguments.text(.model))
    for output in outputs { output.claim(&files, for: inputs) }
    if printsJSON { files.prints("--json") }
    try files.check()
    modelPath = try arguments.text(.model) ?? DefaultModel.path()
    session = try Session(
      model: Model(contentsOf: modelPath),
      options: Session.Options(
        threads: threads, largestBatch: 1,
        disabledForms: Set(arguments.texts(Option.disabled)),
        precision: try arguments.choice(.precision) ?? .float32,
        device: try arguments.device()))
    if session.measuresRanges, !arguments.has(.quiet) { Terminal.log(Option.measuresRanges) }
    for output in outputs { try output.makeFolder() }
    isQuiet = arguments.has(.quiet) || outputs.contains(where: \.isStandardOutput)
  }

  func segmentAll() throws {
    var results: [JSON] = []
    var failures: [FCNError] = []
    let progress = Progress(
      "segmenting", unit: "pictures", isQuiet: isQuiet || inputs.isSingle || !printsJSON)
    defer { progress.finish() }
    for (index, path) in inputs.paths.enumerated() {
      do {
        results.append(try segment(path))
      } catch let error as FCNError where error.kind != .aborted && !inputs.isSingle {
        progress.finish()
        let error = error.inCommandWords
        Terminal.log("fcn segment: \(error.message)")
        failures.append(error)
        results.append(["file": .string(path), "error": .string(error.message)])
      }
      progress.update(index + 1, of: inputs.paths.count)
    }
    progress.finish()
    if printsJSON {
      let names = session.model.description.classNames
      let report: JSON = [
        "model": .string(modelPath), "classes": .array(names.map { .string($0) }),
        "pictures": .array(results),
      ]
      try Terminal.print(report.indentedText)
    }
    if let first = failures.first {
      throw FCNError(
        first.kind,
        "\(failures.count) of \(counted(inputs.paths.count, "picture")) "
          + "\(failures.count == 1 ? "was" : "were") not segmented")
    }
  }

  /// Segments a picture, writes what is wanted of it and returns what there is to tell.
  private func segment(_ path: String) throws -> JSON {
    let image = try SegmentInputs.read(path)
    let start = monotonicSeconds()
    try session.run([image]) { _ in !Interrupt.isPending }
    let seconds = monotonicSeconds() - start
    let map = try session.labelMap(0)
    let description = session.model.description
    try labels?.write(map.encodedPNG(palette: description.palette), for: path)
    try greyLabels?.write(map.encodedGreyPNG(), for: path)
    if let overlay {
      let picture = try image.overlaying(map, palette: description.palette, opacity: opacity)
      try overlay.write(overlayFormat.encode(picture), for: path)
    }
    try scores?.write(npyScores(map), for: path)
    let areas = map.areas(classCount: description.classNames.count)
    if !isQuiet, !printsJSON { try tell(path, image, areas, seconds) }
    return .object(
      [
        .init("file", .string(path)), .init("width", .number(image.width)),
        .init("height", .number(image.height)), .init("seconds", .number(seconds)),
        .init("areas", .array(areas.map { .number($0) })),
      ]
        + [
          ("labels", labels), ("grey_labels", greyLabels), ("overlay", overlay),
          ("scores", scores),
        ].compactMap { name, output in
          output.map { .init(name, .string($0.destination(for: path))) }
        })
  }

  private func npyScores(_ map: LabelMap) throws -> [UInt8] {
    let classes = session.model.description.classNames.count
    let count = classes * map.width * map.height
    try requireMemory(8 * count)
    let floats = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try session.copyScores(0, to: buffer)
      initialized = count
    }
    return try NPY.bytes(floats, shape: [classes, map.height, map.width])
  }

  private func tell(_ path: String, _ image: Image, _ areas: [Int], _ seconds: Double) throws {
    let names = session.model.description.classNames.map(printableName)
    let pixels = Double(image.width * image.height)
    let width = names.map(\.count).max() ?? 0
    let milliseconds = (seconds * 1000).rounded(toPlaces: 0)
    var lines = [
      "\(printableName(path))  \(image.width)×\(image.height)  \(milliseconds) ms"
    ]
    for (name, area) in zip(names, areas).sorted(by: { $0.1 > $1.1 }) where area > 0 {
      let share = (100 * Double(area) / pixels).rounded(toPlaces: 1)
      let padding = String(repeating: " ", count: width - name.count + 7 - share.count)
      lines.append("  \(name)\(padding)\(share) %")
    }
    try Terminal.print(lines.joined(separator: "\n"))
  }
}
