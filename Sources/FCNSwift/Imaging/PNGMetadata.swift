import CZLibrary

/// The EXIF data in a PNG's chunks, which have no part in its pixels. What is malformed is passed
/// over.
struct PNGMetadata {
  /// The contents of the chunk `eXIf`.
  private(set) var exif: Slice<UnsafeRawBufferPointer>?
  /// EXIF data that a text chunk holds as hexadecimal digits.
  private(set) var rawProfile: [UInt8]?

  /// Walks over the chunks of `bytes`, a PNG.
  init(_ bytes: UnsafeRawBufferPointer) {
    var position = 8
    // A chunk is the length of its contents, its type, the contents and a checksum.
    while exif == nil, position <= bytes.count - 12 {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - position - 12 else { return }
      let type = bytes[position + 4..<position + 8]
      let contents = bytes[position + 8..<position + 8 + length]
      if type.elementsEqual("IEND".utf8) { return }
      if type.elementsEqual("eXIf".utf8) {
        if PNGMetadata.isWhole(bytes[position + 4..<position + 12 + length]) { exif = contents }
      } else if rawProfile == nil, let text = PNGMetadata.text(type, contents) {
        rawProfile = PNGMetadata.profile(text)
      }
      position += 12 + length
    }
  }

  /// Whether the checksum at the end of `chunk` is that of what precedes it.
  private static func isWhole(_ chunk: Slice<UnsafeRawBufferPointer>) -> Bool {
    let checksum = chunk.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
    return Inflate.crc(UnsafeRawBufferPointer(rebasing: chunk.dropLast(4))) == checksum
  }

  /// The text of a chunk of the type tEXt, zTXt or iTXt whose keyword promises EXIF data.
  private static func text(
    _ type: Slice<UnsafeRawBufferPointer>, _ contents: Slice<UnsafeRawBufferPointer>
  ) -> [UInt8]? {
    let isPlain = type.elementsEqual("tEXt".utf8)
    let isPacked = type.elementsEqual("zTXt".utf8)
    guard isPlain || isPacked || type.elementsEqual("iTXt".utf8) else { return nil }
    let keyword = contents.prefix { $0 != 0 }
    guard
      ["Raw profile type exif", "Raw profile type APP1"].contains(where: {
        keyword.elementsEqual($0.utf8)
      })
    else { return nil }
    let rest = contents[keyword.endIndex...].dropFirst()
    if isPlain { return Array(rest) }
    // Of packed texts one byte tells the method.
    if isPacked { return inflated(rest.dropFirst()) }
    // Whether it is packed, and how; then a language and the keyword in it, each ended by a zero.
    guard let flag = rest.first else { return nil }
    let language = rest.dropFirst(2).drop { $0 != 0 }.dropFirst()
    let text = language.drop { $0 != 0 }.dropFirst()
    return flag == 0 ? Array(text) : inflated(text)
  }

  /// Unpacks as much of a text as EXIF data, of at most 64 KiB, may fill in hexadecimal digits.
  private static func inflated(_ packed: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
    let most = 160 << 10
    guard !packed.isEmpty, packed.count <= most else { return nil }
    let text = [UInt8](unsafeUninitializedCapacity: most) { output, initialized in
      var count = uLong(most)
      let source = UnsafeRawBufferPointer(rebasing: packed)
      let status = uncompress(
        output.baseAddress, &count, source.baseAddress?.assumingMemoryBound(to: Bytef.self),
        uLong(source.count))
      initialized = status == Z_OK || status == Z_BUF_ERROR ? Int(count) : 0
    }
    return text.isEmpty ? nil : text
  }

  /// The bytes that `text` spells: a name, their number, and two hexadecimal digits for each, with
  /// line breaks between.
  private static func profile(_ text: [UInt8]) -> [UInt8]? {
    let words = text.split { [0x0A, 0x0D, 0x20, 0x09].contains($0) }
    guard words.count > 2 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in words.dropFirst(2).joined() {
      guard let value = Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init) else {
        return nil
      }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }
}
