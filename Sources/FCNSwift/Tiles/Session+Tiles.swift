extension Session {
  /// How a picture is cut that is too large to be segmented as a whole.
  public struct TileOptions: Sendable, Hashable {
    /// The longest side of a tile, what surrounds the pixels that it is for included; 0 chooses by `memory`.
    public var side: Int
    /// The most bytes for activations and for the rows that are held; 0 for 1 GiB. Where `side` says how
    /// large tiles are, it only limits.
    public var memory: Int

    /// Makes options; without arguments the defaults.
    public init(side: Int = 0, memory: Int = 0) {
      (self.side, self.memory) = (side, memory)
    }
  }

  /// How a picture was cut.
  public struct TileReport: Sendable, Hashable {
    /// The longest side of a tile, and what it has of that beside the pixels that it is for, at most, on
    /// each side.
    public let side, halo: Int
    /// Tiles in a column and in a row.
    public let down, across: Int
    /// Bytes of activations and rows.
    public let byteCount: Int
  }

  /// Segments a picture of `width`×`height` pixels a tile at a time, in memory that does not grow with its
  /// height: `read` is asked for rows, each once and from the top, `write` gets rows of labels in the same
  /// order. Both are called on this thread; what they throw ends the run and is thrown on.
  ///
  /// Every tile has around it what its pixels depend on, so that labels are those of the whole picture, but
  /// where two classes' scores are as close as the rounding of float32 (tiles may be rounded otherwise).
  /// `progress` counts tiles as pictures; see `run(_:progress:)`. Leaves no results.
  ///
  /// Of the session's limits that on memory holds for a tile's plan, and that on pixels, where it is less
  /// than any picture may have, for the whole picture.
  ///
  /// Throws `unsupported` where a layer sees the whole picture (global pooling, attention), where the
  /// model scales pictures, on a device, and in `int8` of a model without ranges; `invalidArgument` where
  /// the tiles' side is too small, `outOfMemory` where `memory` is.
  @discardableResult
  public func run(
    width: Int, height: Int, format: PixelView.Format, tiles options: TileOptions = TileOptions(),
    read: (_ rows: Range<Int>, _ pixels: UnsafeMutableRawBufferPointer) throws -> Void,
    write: (_ rows: Range<Int>, _ labels: UnsafeBufferPointer<UInt8>) throws -> Void,
    progress: ((Progress) -> Bool)? = nil
  ) throws -> TileReport {
    results = []
    let told = progress.map { ToldProgress($0, of: 0) }
    return try segmenter.pool.watched(by: told?.again) {
      try runTiles(width, height, format, options, read: read, write: write, told?.tell)
    }
  }

  private func runTiles(
    _ width: Int, _ height: Int, _ format: PixelView.Format, _ options: TileOptions,
    read: (_ rows: Range<Int>, _ pixels: UnsafeMutableRawBufferPointer) throws -> Void,
    write: (_ rows: Range<Int>, _ labels: UnsafeBufferPointer<UInt8>) throws -> Void,
    _ progress: ((Progress) -> Bool)?
  ) throws -> TileReport {
    let segmenter = try tileSegmenter(width, height)
    let picture = try TiledPicture(segmenter.network, width: width, height: height)
    let sizing = TileSizing(picture, format, segmenter)
    let side = try sizing.side(options)
    let (rows, columns) = try picture.tiles(side: side)
    let held = try HeldRows(width: width, format: format, capacity: rows.longest)
    let count = rows.tiles.count * columns.tiles.count
    var done = 0
    let labels = try TileLabels(
      width: width, rows: rows.tiles.map(\.kept.count).max() ?? 0,
      columns: columns.tiles.map(\.kept.count).max() ?? 0)
    for row in rows.tiles {
      try held.advance(to: row.start..<min(height, row.start + row.count), read)
      for column in columns.tiles {
        let resize = try picture.lastResize(row, column)
        let view = try held.view(column.start..<min(width, column.start + column.count))
        try segmenter.segmentTile(
          view, Shape(1, segmenter.network.inputChannels, row.count, column.count), resize,
          to: labels.tile
        ) { layer, layersDone, total in
          progress?(
            Progress(
              picturesDone: done, pictureCount: count, batchCount: 1, layersDone: layersDone,
              layerCount: total, layerName: layer)) ?? true
        }
        labels.place(rows: row.kept.count, columns: column.kept)
        done += 1
      }
      try write(row.kept, labels.rows(row.kept.count))
    }
    if let progress, !progress(.finished(count)) {
      throw FCNError(.aborted, "stopped after the last layer")
    }
    return TileReport(
      side: max(rows.longest, columns.longest), halo: picture.largestHalo, down: rows.tiles.count,
      across: columns.tiles.count, byteCount: try sizing.byteCount(side: side))
  }

  /// What runs the tiles; throws where tiles could not come out as in the whole picture.
  private func tileSegmenter(_ width: Int, _ height: Int) throws -> Segmenter {
    guard width > 0, height > 0, max(width, height) <= Resize.most else {
      throw FCNError(
        .invalidArgument,
        "a picture of \(width)×\(height) was given; sides must be 1…\(Resize.most) pixels")
    }
    if largestPicture < Image.largestPixelCount {
      _ = try Image.pixelCount(width: width, height: height, atMost: largestPicture)
    }
    guard let segmenter = segmenter as? Segmenter else {
      throw FCNError(
        .unsupported, "tiles are run on the processor; this session is on a device")
    }
    guard !measuresRanges else {
      throw FCNError(
        .unsupported,
        "int8 wants the ranges of values, which this model does not have, and a tile is not enough to "
          + "measure them; quantize the model first, or use float32 or int16")
    }
    let isNative =
      switch model.description.preprocessing.size {
      case .native: true
      case .atMost(let side): max(width, height) <= side
      case .exact, .longestSide: false
      }
    guard isNative else {
      let size = model.description.preprocessing.networkSize(width: width, height: height)
      throw FCNError(
        .unsupported,
        "this model sees pictures scaled, this one of \(width)×\(height) as \(size.width)×\(size.height), so "
          + "tiles save nothing; segment the picture as a whole")
    }
    return segmenter
  }
}
