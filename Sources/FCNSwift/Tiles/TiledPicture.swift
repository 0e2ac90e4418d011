/// How a picture goes through a network in tiles, so that its labels are those of the whole: what a pixel's
/// class depends on, and where tiles may lie.
struct TiledPicture {
  let width, height: Int
  /// Tiles begin at multiples of this.
  let alignment: Int
  /// What a pixel's class depends on beside it, in multiples of `alignment`.
  private let halo: (rows: (before: Int, after: Int), columns: (before: Int, after: Int))
  private let network: Network
  private let whole: (rows: NetworkAxis, columns: NetworkAxis)
  private let inputSize: Extent

  /// Throws `unsupported` where a layer sees the whole picture.
  init(_ network: Network, width: Int, height: Int) throws {
    (self.network, self.width, self.height) = (network, width, height)
    let stride = network.stride
    let input = Extent(
      roundUp(height, toMultipleOf: stride), roundUp(width, toMultipleOf: stride))
    inputSize = input
    // The other axis counts for nothing, and two long ones would be too much to count.
    let short = roundUp(512, toMultipleOf: stride)
    let whole = (
      rows: try NetworkAxis(
        network, Shape(1, network.inputChannels, input.h, min(short, input.w)), .rows),
      columns: try NetworkAxis(
        network, Shape(1, network.inputChannels, min(short, input.h), input.w), .columns)
    )
    let alignment = leastCommonMultiple(
      leastCommonMultiple(whole.rows.alignment, whole.columns.alignment), stride)
    halo = (
      TileAxis.halo(of: whole.rows, count: height, alignment: alignment),
      TileAxis.halo(of: whole.columns, count: width, alignment: alignment)
    )
    (self.whole, self.alignment) = (whole, alignment)
  }

  /// What the larger halo has.
  var largestHalo: Int {
    max(halo.rows.before, halo.rows.after, halo.columns.before, halo.columns.after)
  }

  /// The least side of tiles.
  var leastSide: Int {
    max(
      min(inputSize.h, halo.rows.before + halo.rows.after + alignment),
      min(inputSize.w, halo.columns.before + halo.columns.after + alignment))
  }

  /// The side from which on there is but one tile.
  var wholeSide: Int { roundUp(max(inputSize.h, inputSize.w), toMultipleOf: alignment) }

  /// The input's shape for tiles of `side`.
  func inputShape(side: Int) -> Shape {
    Shape(1, network.inputChannels, min(side, inputSize.h), min(side, inputSize.w))
  }

  /// Tiles of at most `side`, a multiple of `alignment`. Throws `invalidArgument` where nothing is left
  /// of such a tile beside what its pixels depend on; that speaks of the side that was `asked` for.
  func tiles(side: Int, asked: Int? = nil) throws -> (rows: TileAxis, columns: TileAxis) {
    guard
      let rows = TileAxis(
        count: height, inputCount: inputSize.h, longest: side, alignment: alignment,
        halo: halo.rows),
      let columns = TileAxis(
        count: width, inputCount: inputSize.w, longest: side, alignment: alignment,
        halo: halo.columns)
    else {
      let asked = asked ?? side
      throw FCNError(
        .invalidArgument,
        "tiles of \(asked)×\(asked) pixels are too small: a pixel's class depends on up to \(largestHalo) "
          + "pixels to each side, so tiles must have \(leastSide)×\(leastSide) at least")
    }
    return (rows, columns)
  }

  /// What makes the labels of a tile of its scores. Throws `unsupported` where they would not be those of the
  /// whole picture.
  func lastResize(_ row: TileAxis.Tile, _ column: TileAxis.Tile) throws -> LastResize {
    let shape = Shape(1, network.inputChannels, row.count, column.count)
    return LastResize(
      rows: try axis(row, NetworkAxis(network, shape, .rows), of: whole.rows),
      columns: try axis(column, NetworkAxis(network, shape, .columns), of: whole.columns))
  }

  /// How kept positions are made of a tile's scores: as the whole's are of the whole's.
  private func axis(
    _ tile: TileAxis.Tile, _ own: NetworkAxis, of whole: NetworkAxis
  ) throws -> BilinearAxis {
    let offset = try own.offset(at: tile.start, of: whole, for: tile.kept)
    guard let last = whole.lastResize else {
      let lines = tile.kept.map { $0 - offset }
      return BilinearAxis(low: lines, high: lines, fraction: lines.map { _ in 0 })
    }
    return BilinearAxis(
      low: last.low[tile.kept].map { $0 - offset }, high: last.high[tile.kept].map { $0 - offset },
      fraction: Array(last.fraction[tile.kept]))
  }
}
