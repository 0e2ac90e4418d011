import FCNSwift

extension Subcommand {
  private static let raw = Option.value(
    "raw", "WIDTHxHEIGHT",
    "PICTURE is video without a format: frames of this size one after another, a byte each of red, "
      + "green and blue. Results are such frames too: a byte a pixel of --labels, --confidence and "
      + "--mask, three of --overlay, four of --cutout.")

  private static let largestPicture = Option.value(
    "largest-picture", "PIXELS",
    "Refuse pictures of more pixels, width times height, before they are decoded; 268435456 by default, "
      + "and no limit for --tiles.")
  private static let largestMemory = Option.value(
    "largest-memory", "SIZE",
    "Refuse pictures for which the network would take more memory, such as 500M or 4G, for activations and "
      + "prepared weights, before it is taken; no limit by default.")

  /// `fcn segment`.
  static let segment = Subcommand(
    "segment", "Tell the class of every pixel of pictures.",
    usage: ["PICTURE… [OPTIONS]"],
    discussion: """
      PICTURE is a PNG, JPEG or TIFF file, a folder of them, or - for standard input;
      TIFF where libtiff 4.5 or later is installed. For one picture OUT is a file, or
      - for standard output; for several it is a folder, which gets a file of the
      picture's name for each. A picture that fails is told of and does not keep the
      others from being segmented.
      """,
    operands: 1...Int.max, takesDash: true,
    [
      OptionGroup("What to write", SegmentKind.allCases.map(\.option)),
      OptionGroup("How", SegmentSettings.options),
      OptionGroup(
        "Options",
        [
          .model, tiles, tileMemory, largestPicture, largestMemory, raw, .device, .precision,
          .disabled, .threads, .json, .quiet,
        ]),
    ]
  ) { arguments in
    guard let size = try arguments.size(raw, in: 1...65535) else {
      let run = try SegmentRun(arguments)
      try run.segmentAll()
      return
    }
    try SegmentStream(arguments, width: size.width, height: size.height).segmentAll()
  }

  /// The model that `segment` is to run, and a session of it.
  static func segmentSession(_ arguments: Arguments) throws -> (path: String, session: Session) {
    let path = try arguments.text(.model) ?? DefaultModel.path()
    let session = try Session(
      model: Model(contentsOf: path),
      options: Session.Options(
        threads: arguments.threads(), largestBatch: 1,
        disabledForms: Set(arguments.texts(Option.disabled)),
        precision: try arguments.choice(.precision) ?? .float32,
        device: try arguments.device(),
        largestPicture: try arguments.integer(largestPicture, in: 1...Int.max)
          ?? Image.largestPixelCount,
        largestMemory: try arguments.byteCount(largestMemory) ?? .max))
    if session.measuresRanges, !arguments.has(.quiet) { Terminal.log(Option.measuresRanges) }
    return (path, session)
  }
}

/// One call of `fcn segment`.
private struct SegmentRun {
  private let inputs: SegmentInputs
  private let outputs: [(kind: SegmentKind, output: SegmentOutput)]
  private let settings: SegmentSettings
  private let session: Session
  private let modelPath: String
  private let printsJSON: Bool
  private let isQuiet: Bool
  private let tiled: TiledRun?

  init(_ arguments: Arguments) throws {
    _ = try arguments.threads()
    var settings = try SegmentSettings(arguments)
    let inputs = try SegmentInputs(arguments.operands)
    let outputs = try SegmentKind.allCases.compactMap { kind in
      try arguments.text(kind.option).map {
        (kind, try SegmentOutput(kind.option, $0, kind.format, for: inputs))
      }
    }
    let overlay = outputs.first { $0.0 == .overlay }?.1.destination(for: "x.png")
    settings.overlayFormat = try PictureFormat(path: overlay ?? "")
    self.inputs = inputs
    self.outputs = outputs
    printsJSON = arguments.has(.json)
    let tileOptions = try TiledRun.options(arguments)
    if tileOptions != nil {
      try TiledRun.check(outputs.map(\.0), settings.overlayFormat, inputs)
    }
    var files = OutputGuard()
    inputs.claim(&files)
    files.reads(model: arguments.text(.model))
    for (_, output) in outputs { output.claim(&files, for: inputs) }
    if printsJSON { files.prints("--json") }
    try files.check()
    (modelPath, session) = try Subcommand.segmentSession(arguments)
    try settings.find(session.model)
    self.settings = settings
    for (_, output) in outputs { try output.makeFolder() }
    let isQuiet = arguments.has(.quiet) || outputs.contains { $0.1.isStandardOutput }
    self.isQuiet = isQuiet
    tiled = tileOptions.map { [session, settings] in
      TiledRun(
        session, $0, Dictionary(uniqueKeysWithValues: outputs), opacity: settings.opacity,
        isQuiet: isQuiet)
    }
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
    if let tiled { return try segment(path, in: tiled) }
    let image = try SegmentInputs.read(path, atMost: session.largestPicture)
    let start = monotonicSeconds()
    try session.run([image]) { _ in !Interrupt.isPending }
    let seconds = monotonicSeconds() - start
    let picture = SegmentedImage(
      image: image, map: try session.labelMap(0), session: session, settings: settings)
    for (kind, output) in outputs {
      let place = output.destination(for: path)
      try output.write(
        try kind.file(of: picture, path: path, at: output.isStandardOutput ? nil : place), for: path
      )
    }
    let areas = picture.map.areas(classCount: session.model.description.classNames.count)
    return try tell(path, (image.width, image.height), areas, seconds)
  }

  /// The same in tiles.
  private func segment(_ path: String, in tiled: TiledRun) throws -> JSON {
    let start = monotonicSeconds()
    let (width, height, areas, tiles) = try tiled.segment(path)
    let seconds = monotonicSeconds() - start
    return try tell(
      path, (width, height), areas, seconds,
      [
        .init(
          "tiles",
          [
            "side": .number(tiles.side), "halo": .number(tiles.halo), "down": .number(tiles.down),
            "across": .number(tiles.across), "bytes": .number(tiles.byteCount),
          ])
      ])
  }

  /// Prints what there is to tell of a picture, unless that is to be said in JSON, which it returns.
  private func tell(
    _ path: String, _ size: (width: Int, height: Int), _ areas: [Int], _ seconds: Double,
    _ more: [JSON.Member] = []
  ) throws -> JSON {
    if !isQuiet, !printsJSON { try printAreas(path, size, areas, seconds) }
    return .object(
      [
        .init("file", .string(path)), .init("width", .number(size.width)),
        .init("height", .number(size.height)), .init("seconds", .number(seconds)),
        .init("areas", .array(areas.map { .number($0) })),
      ] + more + outputs.map { .init($0.jsonName, .string($1.destination(for: path))) })
  }

  private func printAreas(
    _ path: String, _ size: (width: Int, height: Int), _ areas: [Int], _ seconds: Double
  ) throws {
    let names = session.model.description.classNames.map(printableName)
    let pixels = Double(size.width * size.height)
    let width = names.map(\.count).max() ?? 0
    let milliseconds = (seconds * 1000).rounded(toPlaces: 0)
    var lines = [
      "\(printableName(path))  \(size.width)×\(size.height)  \(milliseconds) ms"
    ]
    for (name, area) in zip(names, areas).sorted(by: { $0.1 > $1.1 }) where area > 0 {
      let share = (100 * Double(area) / pixels).rounded(toPlaces: 1)
      let padding = String(repeating: " ", count: width - name.count + 7 - share.count)
      lines.append("  \(name)\(padding)\(share) %")
    }
    try Terminal.print(lines.joined(separator: "\n"))
  }
}
