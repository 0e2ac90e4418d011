import Glibc

/// Rows of a picture that are held while tiles need them.
final class HeldRows {
  private let width, capacity: Int
  private let format: PixelView.Format
  private let pixels: AlignedMemory
  private var rows = 0..<0
  private var rowBytes: Int { width * format.bytesPerPixel }
  /// Rows that are asked for at a time.
  private static let rowsAtATime = 64

  /// Room for `capacity` rows. Throws `outOfMemory` where there is none.
  init(width: Int, format: PixelView.Format, capacity: Int) throws {
    (self.width, self.format, self.capacity) = (width, format, capacity)
    guard let count = checkedProduct(width, format.bytesPerPixel, capacity) else {
      throw FCNError(.outOfMemory, "\(capacity) rows of \(width) pixels cannot be held")
    }
    pixels = try AlignedMemory(byteCount: count)
  }

  /// Lets rows above `wanted` go and reads what is missing of them. They lie further down than the last.
  func advance(
    to wanted: Range<Int>,
    _ read: (_ rows: Range<Int>, _ pixels: UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let base = pixels.bytes
    guard wanted.count <= capacity else {
      throw FCNError(.internalDefect, "\(wanted.count) rows do not fit into \(capacity)")
    }
    let kept = wanted.lowerBound..<max(wanted.lowerBound, rows.upperBound)
    if !kept.isEmpty, kept.lowerBound > rows.lowerBound {
      memmove(
        base, base + (kept.lowerBound - rows.lowerBound) * rowBytes, kept.count * rowBytes)
    }
    // Rows that no tile holds are read too: whoever gives them gives all.
    var next = rows.upperBound
    rows = kept
    while next < wanted.upperBound {
      let some = next..<min(wanted.upperBound, next + Self.rowsAtATime)
      let place = max(0, some.lowerBound - wanted.lowerBound)
      try read(
        some,
        UnsafeMutableRawBufferPointer(start: base + place * rowBytes, count: some.count * rowBytes)
      )
      next = some.upperBound
    }
    rows = wanted
  }

  /// The columns `columns` of the rows that are held.
  func view(_ columns: Range<Int>) throws -> PixelView {
    try PixelView(
      base: UnsafeRawPointer(pixels.bytes) + columns.lowerBound * format.bytesPerPixel,
      width: columns.count, height: rows.count, rowStride: rowBytes, format: format)
  }
}

/// Labels of a tile, and of the rows that tiles side by side give.
final class TileLabels {
  /// Those of a tile, row by row without gaps.
  let tile: UnsafeMutablePointer<UInt8>
  private let all: UnsafeMutablePointer<UInt8>
  private let width: Int
  private let memory: AlignedMemory

  /// Room for `rows` of a picture of `width`, and for tiles of `columns`.
  init(width: Int, rows: Int, columns: Int) throws {
    guard let count = checkedProduct(width, rows), let own = checkedProduct(columns, rows) else {
      throw FCNError(.outOfMemory, "\(rows) rows of \(width) labels cannot be held")
    }
    self.width = width
    memory = try AlignedMemory(byteCount: count + own)
    tile = memory.bytes.bindMemory(to: UInt8.self, capacity: count + own)
    all = tile + own
  }

  /// Puts a tile's labels where they belong.
  func place(rows: Int, columns: Range<Int>) {
    for row in 0..<rows {
      (all + row * width + columns.lowerBound)
        .update(from: tile + row * columns.count, count: columns.count)
    }
  }

  func rows(_ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: all, count: count * width)
  }
}
