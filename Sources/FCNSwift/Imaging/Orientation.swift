/// How a camera was held, as EXIF's tag 0x0112 gives it; the raw values are EXIF's.
enum Orientation: UInt16, CaseIterable {
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case mirroredUpsideDown = 4
  case transposed = 5
  case quarterTurnClockwise = 6
  case transverse = 7
  case quarterTurnAnticlockwise = 8

  /// Whether setting the picture upright exchanges its width and height.
  var exchangesSides: Bool { rawValue >= 5 }

  /// Reads a JPEG's EXIF data; `upright` where there is none, or where it is malformed, since the
  /// picture itself is good either way.
  init(ofJPEG bytes: UnsafeRawBufferPointer) {
    self = Orientation.exif(inJPEG: bytes).flatMap(Orientation.init(exif:)) ?? .upright
  }

  /// Reads a PNG's EXIF data in the same way: that of the chunk made for it, else that which
  /// ImageMagick and its like leave in a text.
  init(ofPNG bytes: UnsafeRawBufferPointer) {
    let metadata = PNGMetadata(bytes)
    self =
      metadata.exif.flatMap(Orientation.init(exif:))
      ?? metadata.rawProfile?.withUnsafeBytes { Orientation(exif: $0[...]) } ?? .upright
  }

  /// Reads the orientation of EXIF data, a TIFF structure without pixels; nil where it has none.
  ///
  /// It stands in the first directory, which is the picture's: the next one is the thumbnail's.
  /// EXIF wants one SHORT; integers of other widths, which some programs write, say the same.
  init?(exif: Slice<UnsafeRawBufferPointer>) {
    let mark = Array("Exif\0\0".utf8)
    let exif = exif.starts(with: mark) ? exif.dropFirst(mark.count) : exif
    let reader = TIFFReader(bytes: UnsafeRawBufferPointer(rebasing: exif))
    guard let reader, let directory = reader.integer(4, at: 4),
      let count = reader.integer(2, at: directory)
    else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = reader.integer(2, at: entry) else { return nil }
      guard tag == 0x0112 else { continue }
      guard let value = reader.firstInteger(ofEntry: entry), let raw = UInt16(exactly: value) else {
        return nil
      }
      self.init(rawValue: raw)
      return
    }
    return nil
  }

  /// The contents of the first APP1 segment of EXIF data, from the TIFF header on.
  private static func exif(inJPEG bytes: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
    let startOfScan: UInt8 = 0xDA
    let application1: UInt8 = 0xE1
    let mark = Array("Exif\0\0".utf8)
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      // 0xFF may repeat before a marker.
      if marker == 0xFF {
        position += 1
        continue
      }
      if marker == startOfScan { return nil }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let contents = bytes[(position + 4)..<end]
      if marker == application1, contents.starts(with: mark) {
        return contents.dropFirst(mark.count)
      }
      position = end
    }
    return nil
  }
}

/// Integers of a TIFF structure, read in its own byte order and within its bounds.
private struct TIFFReader {
  let bytes: UnsafeRawBufferPointer
  let isLittleEndian: Bool

  init?(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    if bytes.starts(with: [0x49, 0x49, 42, 0]) {
      isLittleEndian = true
    } else if bytes.starts(with: [0x4D, 0x4D, 0, 42]) {
      isLittleEndian = false
    } else {
      return nil
    }
  }

  /// The unsigned integer of `size` ≤ 4 bytes at `offset`, which comes from the file; nil outside it.
  func integer(_ size: Int, at offset: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - size else { return nil }
    var value = 0
    for index in 0..<size {
      let byte = Int(bytes[offset + index])
      value = isLittleEndian ? value | byte << (8 * index) : value << 8 | byte
    }
    return value
  }

  /// The first value of the directory entry at `entry`; nil where it is no integer or has none.
  func firstInteger(ofEntry entry: Int) -> Int? {
    guard let type = integer(2, at: entry + 2), let count = integer(4, at: entry + 4), count > 0
    else { return nil }
    let size: Int
    switch type {
    case 1, 6: size = 1
    case 3, 8: size = 2
    case 4, 9: size = 4
    default: return nil
    }
    // What does not fit the entry's last four bytes stands where they point to.
    guard count > 4 / size else { return integer(size, at: entry + 8) }
    return integer(4, at: entry + 8).flatMap { integer(size, at: $0) }
  }
}

extension Image {
  /// The picture set upright.
  func turned(by orientation: Orientation) -> Image {
    if orientation == .upright { return self }
    let way = orientation.way(width: width, height: height)
    return Image(
      checkedWidth: way.width, height: way.height,
      pixels: walkPixels(
        of: pixels, bytesPerPixel: 3, start: way.start, width: way.width, right: way.right,
        height: way.height, down: way.down))
  }
}

extension LabelMap {
  /// The map set upright.
  func turned(by orientation: Orientation) -> LabelMap {
    if orientation == .upright { return self }
    let way = orientation.way(width: width, height: height)
    return LabelMap(
      checkedWidth: way.width, height: way.height,
      labels: walkPixels(
        of: labels, bytesPerPixel: 1, start: way.start, width: way.width, right: way.right,
        height: way.height, down: way.down))
  }
}

extension Orientation {
  /// The upright size of what is stored at `width`×`height`, which stored pixel it starts with, and
  /// the way to those right of and below it.
  fileprivate func way(
    width: Int, height: Int
  ) -> (width: Int, height: Int, start: Int, right: Int, down: Int) {
    let (right, down) = (1, width)
    let lastColumn = width - 1
    let lastRow = (height - 1) * width
    let walk: (start: Int, right: Int, down: Int) =
      switch self {
      case .upright: (0, right, down)
      case .mirrored: (lastColumn, -right, down)
      case .upsideDown: (lastRow + lastColumn, -right, -down)
      case .mirroredUpsideDown: (lastRow, right, -down)
      case .transposed: (0, down, right)
      case .quarterTurnClockwise: (lastRow, -down, right)
      case .transverse: (lastRow + lastColumn, -down, -right)
      case .quarterTurnAnticlockwise: (lastColumn, down, -right)
      }
    let sides = exchangesSides ? (height, width) : (width, height)
    return (sides.0, sides.1, walk.start, walk.right, walk.down)
  }
}
