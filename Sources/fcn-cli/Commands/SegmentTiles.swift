import FCNSwift

extension Subcommand {
  static let tiles = Option.value(
    "tiles", "SIDE",
    "Segment in tiles of at most SIDE pixels each way, or of whatever --memory allows with auto, for "
      + "pictures that are too large for memory; for --labels and --grey-labels.")
  static let tileMemory = Option.value(
    "memory", "SIZE",
    "The most memory for tiles, such as 500M or 4G; 1G by default. The model and what the system takes come "
      + "on top.")
}

/// One call of `fcn segment` in tiles: pictures are read and labels are written some rows at a time.
struct TiledRun {
  private let session: Session
  private let options: Session.TileOptions
  private let labels, greyLabels: SegmentOutput?
  private let isQuiet: Bool

  /// What a tile is, where tiles are asked for.
  static func options(_ arguments: Arguments) throws -> Session.TileOptions? {
    guard arguments.has(Subcommand.tiles) || arguments.has(Subcommand.tileMemory) else {
      return nil
    }
    var options = Session.TileOptions()
    if let text = arguments.text(Subcommand.tiles), text != "auto" {
      options.side = try arguments.number(
        text, Subcommand.tiles, in: NumberRange(1...1_000_000))
    }
    options.memory = try arguments.byteCount(Subcommand.tileMemory) ?? 0
    return options
  }

  /// Throws a usage error for results that are not written row by row, and for standard input.
  static func check(_ kinds: [SegmentKind], _ inputs: SegmentInputs) throws {
    if let kind = kinds.first(where: { ![.labels, .greyLabels].contains($0) }) {
      throw UsageError(
        "--\(kind.option.name) takes the whole picture at once and does not go with tiles; --labels and "
          + "--grey-labels do")
    }
    guard !inputs.paths.contains("-") else {
      throw UsageError("tiles are read from a file, not from standard input; name the file")
    }
  }

  init(
    _ session: Session, _ options: Session.TileOptions, _ outputs: [SegmentKind: SegmentOutput],
    isQuiet: Bool
  ) {
    (self.session, self.options, self.isQuiet) = (session, options, isQuiet)
    (labels, greyLabels) = (outputs[.labels], outputs[.greyLabels])
  }

  /// Segments the picture at `path`; returns its size, the pixels of each class, and how it was cut.
  func segment(
    _ path: String
  ) throws -> (width: Int, height: Int, areas: [Int], report: Session.TileReport) {
    let rows = try PictureRows(contentsOf: path)
    let description = session.model.description
    var areas = [Int](repeating: 0, count: 256)
    var report: Session.TileReport?
    let progress = Progress("segmenting", unit: "tiles", isQuiet: isQuiet)
    defer { progress.finish() }
    func run(_ append: @escaping (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
      report = try session.run(
        width: rows.width, height: rows.height, format: .rgb8, tiles: options,
        read: { try rows.read($0.count, into: $1) },
        write: { _, labels in
          for label in labels { areas[Int(label)] += 1 }
          try append(labels)
        },
        progress: {
          if $0.layersDone == 0 { progress.update($0.picturesDone, of: $0.pictureCount) }
          return !Interrupt.isPending
        })
    }
    func writing(
      _ output: SegmentOutput?, _ palette: [RGB]?,
      _ produce: (@escaping (UnsafeBufferPointer<UInt8>) throws -> Void) throws -> Void
    ) throws {
      guard let output else { return try produce { _ in } }
      try LabelMap.writePNG(
        to: output.isStandardOutput ? "/dev/stdout" : output.destination(for: path),
        width: rows.width, height: rows.height, palette: palette, produce)
    }
    try writing(labels, description.palette) { append in
      try writing(greyLabels, nil) { appendGrey in
        try run {
          try append($0)
          try appendGrey($0)
        }
      }
    }
    guard let report else { throw FCNError(.internalDefect, "the picture was not segmented") }
    return (
      rows.width, rows.height, Array(areas.prefix(description.classNames.count)), report
    )
  }
}
