/// How large tiles may be.
struct TileSizing {
  private let picture: TiledPicture
  private let format: PixelView.Format
  private let segmenter: Segmenter

  init(_ picture: TiledPicture, _ format: PixelView.Format, _ segmenter: Segmenter) {
    (self.picture, self.format, self.segmenter) = (picture, format, segmenter)
  }

  /// Larger tiles would save no more than a few percent of the work.
  private static let largestSide = 4096
  private static let usualMemory = 1 << 30

  /// Bytes for tiles of `side`: activations, rows of the picture, rows of labels.
  func byteCount(side: Int) throws -> Int {
    let shape = picture.inputShape(side: side)
    let rows = checkedProduct(shape.h, picture.width, format.bytesPerPixel + 1)
    let tile = checkedProduct(shape.h, shape.w)
    guard let rows, let tile else {
      throw FCNError(.outOfMemory, "rows of \(picture.width) pixels cannot be held")
    }
    return try segmenter.activationByteCount(shape) + rows + tile
  }

  /// The side that `options` ask for, or the largest for which their memory is enough.
  func side(_ options: Session.TileOptions) throws -> Int {
    guard options.side >= 0, options.memory >= 0 else {
      throw FCNError(
        .invalidArgument,
        "tiles of \(options.side) pixels and \(options.memory) bytes were asked for; neither may be "
          + "negative")
    }
    let limit = options.memory > 0 ? options.memory : Self.usualMemory
    let alignment = picture.alignment
    guard options.side == 0 else {
      let side = min(options.side / alignment * alignment, picture.wholeSide)
      // Says what is wrong with a side that is too small.
      _ = try picture.tiles(side: side, asked: options.side)
      if options.memory > 0 { try check(side, limit) }
      return side
    }
    let least = roundUp(picture.leastSide, toMultipleOf: alignment)
    let largest = max(least, min(picture.wholeSide, roundDown(Self.largestSide, alignment)))
    var side = min(largest, max(least, roundUp(512, toMultipleOf: alignment)))
    if try fits(side, .max) {
      // Activations a · side², rows r · side: where both together are the limit.
      let activations = try Double(segmenter.activationByteCount(picture.inputShape(side: side)))
      let r = (try Double(byteCount(side: side)) - activations) / Double(side)
      let a = activations / Double(side * side)
      let fitting = ((r * r + 4 * a * Double(limit)).squareRoot() - r) / (2 * a)
      side = min(largest, max(least, roundDown(Int(min(fitting, Double(largest))), alignment)))
    }
    while side > least, try !fits(side, limit) {
      side = max(least, roundDown(side - max(alignment, side / 16), alignment))
    }
    try check(side, limit)
    return side
  }

  /// Whether tiles of `side` are within `limit`, and their plan within the session's.
  private func fits(_ side: Int, _ limit: Int) throws -> Bool {
    do {
      return try byteCount(side: side) <= limit
    } catch let error as FCNError where error.kind == .outOfMemory {
      return false
    }
  }

  private func roundDown(_ value: Int, _ step: Int) -> Int { value / step * step }

  private func check(_ side: Int, _ limit: Int) throws {
    let needed = try byteCount(side: side)
    guard needed <= limit else {
      throw FCNError(
        .outOfMemory,
        "tiles of \(side)×\(side) pixels need \(needed) bytes; the limit is \(limit), and "
          + "tiles must have \(picture.leastSide)×\(picture.leastSide) at least")
    }
  }
}
