/// Reads little-endian values one after another from bytes that may end anywhere.
///
/// Every read is checked against what is left; one that goes beyond it throws `corrupt`.
struct ByteCursor {
  /// All the bytes, read or not.
  let bytes: UnsafeRawBufferPointer
  /// Where the next read begins; never beyond the end.
  private(set) var position = 0
  /// What the bytes are, for errors: `zip directory`.
  private let subject: String

  /// Starts at the first of `bytes`, which errors call `subject`.
  init(_ bytes: UnsafeRawBufferPointer, of subject: String) {
    self.bytes = bytes
    self.subject = subject
  }

  /// Bytes that are left.
  var remaining: Int { bytes.count - position }

  /// Goes on at `position`, which must be at or before the end.
  mutating func move(to position: Int) throws {
    guard (0...bytes.count).contains(position) else {
      throw FCNError(
        .corrupt,
        "\(subject): byte \(position) is pointed to, but there are \(bytes.count); the file has "
          + "been cut off or lies")
    }
    self.position = position
  }

  /// The next `count` bytes.
  mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard (0...remaining).contains(count) else {
      throw FCNError(
        .corrupt,
        "\(subject), byte \(position): \(count) bytes are wanted and \(remaining) are left; the "
          + "file has been cut off or lies")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }

  /// The next integer, little-endian.
  mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type
  ) throws -> Integer {
    let field = try take(MemoryLayout<Integer>.size)
    return Integer(littleEndian: field.loadUnaligned(as: Integer.self))
  }

  /// The next unsigned integer of `Field`'s width, little-endian, as a count of bytes or elements.
  mutating func count<Field: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ type: Field.Type
  ) throws -> Int {
    let start = position
    let value = try integer(type)
    guard let count = Int(exactly: value) else {
      throw FCNError(.corrupt, "\(subject), byte \(start): \(value) is no size of anything")
    }
    return count
  }

  /// The bytes before the next line feed, which is passed over.
  mutating func line() throws -> UnsafeRawBufferPointer {
    guard let length = bytes[position...].firstIndex(of: 0x0A).map({ $0 - position }) else {
      throw FCNError(
        .corrupt, "\(subject), byte \(position): a line does not end; the file has been cut off")
    }
    defer { position += 1 }
    return try take(length)
  }
}
