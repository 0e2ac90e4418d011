import CZLibrary
import Testing

@testable import FCNSwift

/// How a camera was held, as files tell it in more ways than the standard's one.
@Suite struct OrientationTests {
  /// 3×2 pixels, each of its own colour.
  private let plain: Image
  private let png: [UInt8]

  init() throws {
    plain = try Image(width: 3, height: 2, pixels: (0..<18).map { UInt8(10 * $0) })
    png = try plain.encodedPNG()
  }

  @Test(arguments: Orientation.allCases)
  func aPNGIsTurnedAsItsEXIFDataSay(orientation: Orientation) throws {
    for isLittleEndian in [true, false] {
      let exif = EXIF(isLittleEndian: isLittleEndian).file(value: Int(orientation.rawValue))
      let turned = try Image(decoding: inserting([chunk("eXIf", exif)]))
      #expect(turned == plain.turned(by: orientation))
      let sides = orientation.exchangesSides ? [2, 3] : [3, 2]
      #expect([turned.width, turned.height] == sides)
    }
  }

  /// A quarter turn clockwise: what was the lower left pixel becomes the upper left one.
  @Test func theTurnIsClockwise() throws {
    let turned = try Image(decoding: inserting([chunk("eXIf", EXIF().file(value: 6))]))
    #expect(Array(turned.pixels.prefix(6)) == Array(plain.pixels[9..<12] + plain.pixels[0..<3]))
  }

  @Test func labelsAreTurnedAsTheirPicturesAre() throws {
    let map = try LabelMap(width: 3, height: 2, labels: [0, 1, 2, 3, 4, 5])
    for encoded in [try map.encodedPNG(palette: []), try map.encodedGreyPNG()] {
      let turned = try LabelMap(
        decoding: inserting([chunk("eXIf", EXIF().file(value: 6))], into: encoded))
      #expect([turned.width, turned.height] == [2, 3])
      #expect(turned.labels == [3, 0, 4, 1, 5, 2])
    }
  }

  @Test(arguments: [1, 3, 4, 6, 8, 9])
  func integersOfEveryWidthAreRead(type: Int) throws {
    for isLittleEndian in [true, false] {
      let exif = EXIF(isLittleEndian: isLittleEndian)
      for data in [
        exif.file(value: 6, type: type), exif.file(value: 6, type: type, count: 9),
        exif.file(value: 6, type: type, directoryAt: 5000),
        Array("Exif\0\0".utf8) + exif.file(value: 6, type: type),
      ] {
        #expect(try isTurned(data), "type \(type), \(isLittleEndian)")
      }
    }
  }

  @Test func whatIsMalformedLeavesThePictureAsItIs() throws {
    let exif = EXIF()
    for data in [
      [], Array("II*\0".utf8), exif.file(value: 0), exif.file(value: 9),
      exif.file(value: 65542, type: 4),
      exif.file(value: 6, type: 2), exif.file(value: 6, type: 3, count: 0),
      Array(exif.file(value: 6).dropLast(10)),
      // In the directory of the thumbnail alone.
      exif.file(value: 6, tag: 0x0100, thumbnail: 6),
    ] {
      #expect(try Image(decoding: inserting([chunk("eXIf", data)])) == plain, "\(data)")
    }
    // A wrong checksum.
    var damaged = chunk("eXIf", exif.file(value: 6))
    damaged[damaged.count - 1] ^= 1
    #expect(try Image(decoding: inserting([damaged])) == plain)
    #expect(try isTurned(exif.file(value: 6, thumbnail: 3)))
  }

  @Test func dataThatATextHoldsAreRead() throws {
    let bytes = Array("Exif\0\0".utf8) + EXIF().file(value: 6)
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    var text = "\nexif\n      \(bytes.count)\n"
    for (index, digit) in digits.enumerated() { text += digit + (index % 36 == 35 ? "\n" : "") }
    let keyword = Array("Raw profile type exif\0".utf8)
    let plainText = Array(text.utf8)
    for texts in [
      chunk("tEXt", keyword + plainText), chunk("zTXt", keyword + [0] + deflated(plainText)),
      chunk("iTXt", keyword + [0, 0] + Array("en\0key\0".utf8) + plainText),
      chunk("iTXt", keyword + [1, 0, 0, 0] + deflated(plainText)),
    ] {
      #expect(try Image(decoding: inserting([texts])) == plain.turned(by: .quarterTurnClockwise))
      // The chunk that was made for it goes first.
      #expect(
        try Image(decoding: inserting([texts, chunk("eXIf", EXIF().file(value: 1))])) == plain)
    }
    for nothing in [
      chunk("tEXt", Array("Comment\0".utf8) + plainText), chunk("zTXt", keyword + [0, 1, 2, 3]),
      chunk("tEXt", keyword), chunk("iTXt", keyword),
      chunk("tEXt", keyword + Array("\nexif\n4\nzz".utf8)),
    ] {
      #expect(try Image(decoding: inserting([nothing])) == plain)
    }
  }

  @Test func everyCutOfTheDataIsHarmless() throws {
    let exif = EXIF().file(value: 6, type: 4, count: 3, thumbnail: 8)
    for count in 0..<exif.count {
      let image = try Image(decoding: inserting([chunk("eXIf", Array(exif.prefix(count)))]))
      #expect(image == plain || image == plain.turned(by: .quarterTurnClockwise))
    }
  }

  // MARK: Making files

  private func isTurned(_ exif: [UInt8]) throws -> Bool {
    try Image(decoding: inserting([chunk("eXIf", exif)])) == plain.turned(by: .quarterTurnClockwise)
  }

  /// The PNG with `chunks` after its header.
  private func inserting(_ chunks: [[UInt8]], into png: [UInt8]? = nil) -> [UInt8] {
    let png = png ?? self.png
    return Array(png[..<33]) + chunks.joined() + png[33...]
  }

  private func chunk(_ type: String, _ contents: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + contents
    let checksum = body.withUnsafeBytes { Inflate.crc($0) }
    return bigEndian(UInt32(contents.count)) + body + bigEndian(checksum)
  }

  private func bigEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
  }

  private func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var count = compressBound(uLong(bytes.count))
    var packed = [UInt8](repeating: 0, count: Int(count))
    _ = compress(&packed, &count, bytes, uLong(bytes.count))
    return Array(packed.prefix(Int(count)))
  }
}

/// Writes EXIF data that hold an orientation.
private struct EXIF {
  var isLittleEndian = true

  /// A directory at `directoryAt` with one entry before the one of `tag`, whose values are `value`,
  /// then sevens; `thumbnail` is the orientation in a second directory.
  func file(
    value: Int, tag: Int = 0x0112, type: Int = 3, count: Int = 1, directoryAt: Int = 8,
    thumbnail: Int? = nil
  ) -> [UInt8] {
    let size = [1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4][type] ?? 1
    let values = ([value] + Array(repeating: 7, count: max(0, count - 1))).flatMap {
      integer($0, size)
    }
    let end = directoryAt + 2 + 24 + 4
    let fits = count * size <= 4
    var bytes =
      Array((isLittleEndian ? "II" : "MM").utf8) + integer(42, 2) + integer(directoryAt, 4)
    bytes += [UInt8](repeating: 0xAA, count: directoryAt - bytes.count)
    bytes += integer(2, 2)
    bytes += integer(0x010F, 2) + integer(2, 2) + integer(2, 4) + [65, 0, 0, 0]
    bytes += integer(tag, 2) + integer(type, 2) + integer(count, 4)
    bytes += fits ? Array((values + [0, 0, 0, 0]).prefix(4)) : integer(end, 4)
    let second = end + (fits ? 0 : values.count)
    bytes += integer(thumbnail == nil ? 0 : second, 4)
    if !fits { bytes += values }
    if let thumbnail {
      bytes += integer(1, 2) + integer(0x0112, 2) + integer(3, 2) + integer(1, 4)
      bytes += integer(thumbnail, 2) + [0, 0] + integer(0, 4)
    }
    return bytes
  }

  private func integer(_ value: Int, _ size: Int) -> [UInt8] {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isLittleEndian ? bytes : bytes.reversed()
  }
}
