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

  /// Reads the orientation of EXIF data, a TIFF structure without pixels; nil where it has none.
  init?(exif: Slice<UnsafeRawBufferPointer>) {
    let reader = TIFFReader(bytes: UnsafeRawBufferPointer(rebasing: exif))
    guard let reader, let directory = reader.integer(4, at: 4),
      let count = reader.integer(2, at: directory)
    else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = reader.integer(2, at: entry) else { return nil }
      guard tag == 0x0112 else { continue }
      let short = 3
      guard reader.integer(2, at: entry + 2) == short, let value = reader.integer(2, at: entry + 8)
      else { return nil }
      self.init(rawValue: UInt16(truncatingIfNeeded: value))
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
}

extension Image {
  /// The picture set upright.
  func turned(by orientation: Orientation) -> Image {
    if orientation == .upright { return self }
    let sides = orientation.exchangesSides ? (height, width) : (width, height)
    let (right, down) = (1, width)
    let lastColumn = width - 1
    let lastRow = (height - 1) * width
    // Which stored pixel the upright picture starts with, and the way to those right of and below it.
    let walk: (start: Int, right: Int, down: Int) =
      switch orientation {
      case .upright: (0, right, down)
      case .mirrored: (lastColumn, -right, down)
      case .upsideDown: (lastRow + lastColumn, -right, -down)
      case .mirroredUpsideDown: (lastRow, right, -down)
      case .transposed: (0, down, right)
      case .quarterTurnClockwise: (lastRow, -down, right)
      case .transverse: (lastRow + lastColumn, -down, -right)
      case .quarterTurnAnticlockwise: (lastColumn, down, -right)
      }
    return Image(
      checkedWidth: sides.0, height: sides.1,
      pixels: walkPixels(
        of: pixels, bytesPerPixel: 3, start: walk.start, width: sides.0, right: walk.right,
        height: sides.1, down: walk.down))
  }
}
