import FCNSwift

extension Subcommand {
  static let tiles = Option.value(
    "tiles", "SIDE",
    "Segment in tiles of at most SIDE pixels each way, or of whatever --memory allows with auto, for "
      + "pictures that are too large for memory; for --labels, --grey-labels and --overlay as PNG.")
  static let tileMemory = Option.value(
    "memory", "SIZE",
    "The most memory for tiles, such as 500M or 4G; 1G by default. The model and what the system takes come "
      + "on top.")
}

/// One call of `fcn segment` in tiles: pictures are read and labels are written some rows at a time.
struct TiledRun {
  private let session: Session
  private let options: Session.TileOptions
  private let labels, greyLabels, overlay: SegmentOutput?
  /// How strong the overlay's colours are.
  private let opacity: Float
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
  static func check(
    _ kinds: [SegmentKind], _ overlay: PictureFormat, _ inputs: SegmentInputs
  ) throws {
    if let kind = kinds.first(where: { ![.labels, .greyLabels, .overlay].contains($0) }) {
      throw UsageError(
        "--\(kind.option.name) takes the whole picture at once and does not go with tiles; --labels, "
          + "--grey-labels and --overlay do")
    }
    if kinds.contains(.overlay), overlay != .png {
      throw UsageError("with tiles --overlay is written as a PNG; give it a name that ends in .png")
    }
    guard !inputs.paths.contains("-") else {
      throw UsageError("tiles are read from a file, not from standard input; name the file")
    }
  }

  init(
    _ session: Session, _ options: Session.TileOptions, _ outputs: [SegmentKind: SegmentOutput],
    opacity: Float, isQuiet: Bool
  ) {
    (self.session, self.options, self.isQuiet) = (session, options, isQuiet)
    (labels, greyLabels, overlay) = (outputs[.labels], outputs[.greyLabels], outputs[.overlay])
    self.opacity = opacity
  }

  /// Segments the picture at `path`; returns its size, the pixels of each class, and how it was cut.
  func segment(
    _ path: String
  ) throws -> (width: Int, height: Int, areas: [Int], report: Session.TileReport) {
    let rows = try PictureRows(contentsOf: path)
    // Those under the labels are read a second time: tiles need them long before their labels are there.
    let rowsBelow = try overlay.map { _ in try PictureRows(contentsOf: path) }
    let options = try remaining(rows.memory + (rowsBelow?.memory ?? 0))
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
    func place(_ output: SegmentOutput) -> String {
      output.isStandardOutput ? "/dev/stdout" : output.destination(for: path)
    }
    typealias Append = (UnsafeBufferPointer<UInt8>) throws -> Void
    func writing(
      _ output: SegmentOutput?, _ palette: [RGB]?, _ produce: (@escaping Append) throws -> Void
    ) throws {
      guard let output else { return try produce { _ in } }
      try LabelMap.writePNG(
        to: place(output), width: rows.width, height: rows.height, palette: palette, produce)
    }
    func writingOverlay(_ produce: (@escaping Append) throws -> Void) throws {
      guard let overlay, let rowsBelow else { return try produce { _ in } }
      try Image.writePNG(to: place(overlay), width: rows.width, height: rows.height) { append in
        try produce { try lay($0, over: rowsBelow, append) }
      }
    }
    try writing(labels, description.palette) { append in
      try writing(greyLabels, nil) { appendGrey in
        try writingOverlay { appendBelow in
          try run {
            try append($0)
            try appendGrey($0)
            try appendBelow($0)
          }
        }
      }
    }
    guard let report else { throw FCNError(.internalDefect, "the picture was not segmented") }
    return (
      rows.width, rows.height, Array(areas.prefix(description.classNames.count)), report
    )
  }

  /// What is left of the memory for tiles beside `rows`, which reading takes.
  private func remaining(_ rows: Int) throws -> Session.TileOptions {
    guard rows > 0 else { return options }
    let limit = options.memory > 0 ? options.memory : 1 << 30
    guard rows < limit else {
      throw FCNError(
        .outOfMemory,
        "the file's own tiles need \(rows >> 20) MiB side by side; the limit is "
          + "\(limit >> 20) MiB, so give more with --memory")
    }
    var left = options
    // A side that was given is not held against a limit that was not.
    if left.side == 0 || left.memory > 0 { left.memory = limit - rows }
    return left
  }

  /// Hands the next rows of the picture on with `labels` over them, few at a time.
  private func lay(
    _ labels: UnsafeBufferPointer<UInt8>, over rows: PictureRows,
    _ append: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    let width = rows.width
    let most = max(1, (1 << 20) / width) * width
    for start in stride(from: 0, to: labels.count, by: most) {
      let some = labels[start..<min(labels.count, start + most)]
      let count = some.count / width
      var image = try Image(width: width, height: count)
      try image.pixels.withUnsafeMutableBytes { try rows.read(count, into: $0) }
      let map = try LabelMap(width: width, height: count, labels: Array(some))
      let palette = session.model.description.palette
      try image.overlaying(map, palette: palette, opacity: opacity).pixels
        .withUnsafeBufferPointer(append)
    }
  }
}
