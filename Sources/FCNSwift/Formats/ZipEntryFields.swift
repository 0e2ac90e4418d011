/// What an entry's own header and its listing in the directory have in common.
struct ZipEntryFields {
  /// How it is packed.
  let method: UInt16
  /// The CRC-32 of what is unpacked.
  let checksum: UInt32
  /// Bytes as packed.
  private(set) var packedSize: Int
  /// Bytes when unpacked.
  private(set) var size: Int

  private let flags: UInt16

  /// Whether it is encrypted.
  var isEncrypted: Bool { flags & 1 != 0 }
  /// Whether its sizes and checksum stand after it, not in its own header.
  var hasSizesAfter: Bool { flags & 8 != 0 }

  /// What stands in for a value that is in a zip64 field.
  private static let wide = 0xFFFF_FFFF

  /// Reads the fields from the version that is needed to the size.
  init(reading cursor: inout ByteCursor) throws {
    _ = try cursor.take(2)
    flags = try cursor.integer(UInt16.self)
    method = try cursor.integer(UInt16.self)
    _ = try cursor.take(2 + 2)
    checksum = try cursor.integer(UInt32.self)
    packedSize = try cursor.count(UInt32.self)
    size = try cursor.count(UInt32.self)
  }

  /// Replaces the sizes, and the offset of the entry's own header, by those in the zip64 field of
  /// `extra`, where they stand for them.
  mutating func widen(by extra: UnsafeRawBufferPointer, header: inout Int) throws {
    guard size == Self.wide || packedSize == Self.wide || header == Self.wide else { return }
    var cursor = ByteCursor(extra, of: "zip entry's extra fields")
    // What pads a header to a boundary need not be a field.
    while cursor.remaining >= 4 {
      let identifier = try cursor.integer(UInt16.self)
      let field = try cursor.take(try cursor.count(UInt16.self))
      guard identifier == 1 else { continue }
      var values = ByteCursor(field, of: "zip64 field")
      if size == Self.wide { size = try values.count(UInt64.self) }
      if packedSize == Self.wide { packedSize = try values.count(UInt64.self) }
      if header == Self.wide { header = try values.count(UInt64.self) }
      return
    }
  }
}
