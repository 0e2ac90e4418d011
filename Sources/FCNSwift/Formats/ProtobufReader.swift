/// The fields of one protobuf message, read one after another from the bytes of a file.
///
/// Whatever the bytes say, nothing outside the message is read, nothing is allocated, and a field
/// that is not asked for is stepped over by its length, so that its pages are never fetched. Offsets
/// are the file's, in messages within messages too.
struct ProtobufReader {
  /// A field: its number in the message's declaration, and what the file holds for it.
  struct Field {
    /// As the wire format tells values apart; which type they are, only the declaration says.
    enum Value {
      /// An integer, a truth value or an enumeration.
      case varint(UInt64)
      /// Eight bytes: a double, for one.
      case fixed64(UInt64)
      /// Where in the file the bytes of a string, a message or a packed array lie.
      case bytes(Range<Int>)
      /// Four bytes: a float, for one.
      case fixed32(UInt32)
    }

    let number: Int
    let value: Value
    /// Where in the file the field begins.
    let offset: Int
  }

  /// The whole file; must outlive the reader.
  let file: UnsafeRawBufferPointer
  /// Where the next field begins.
  private(set) var offset: Int
  private let end: Int

  /// A reader of the message that lies in `range` of `file`, the whole of it where none is given.
  init(_ file: UnsafeRawBufferPointer, _ range: Range<Int>? = nil) {
    let range = range ?? 0..<file.count
    precondition(range.lowerBound >= 0 && range.upperBound <= file.count)
    self.file = file
    offset = range.lowerBound
    end = range.upperBound
  }

  /// Whether all was read.
  var isAtEnd: Bool { offset >= end }

  /// The next field, nil at the end of the message.
  ///
  /// Throws `corrupt` where the message ends within the field or has no such form, `unsupported`
  /// where the field is a group, which protobuf gave up in 2008.
  mutating func next() throws -> Field? {
    guard !isAtEnd else { return nil }
    let start = offset
    let tag = try varint()
    let number = tag >> 3
    guard (1...(1 << 29 - 1)).contains(number) else {
      throw FCNError(
        .corrupt,
        "byte \(start): \(number) is no field number; the file is damaged or of another kind")
    }
    let value: Field.Value
    switch tag & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(UInt64(littleEndian: try load(UInt64.self, start)))
    case 2: value = .bytes(try lengthDelimited(start))
    case 5: value = .fixed32(UInt32(littleEndian: try load(UInt32.self, start)))
    case let type:
      throw FCNError(
        type == 3 || type == 4 ? .unsupported : .corrupt,
        "byte \(start): field \(number) has the wire type \(type); wanted 0, 1, 2 or 5")
    }
    return Field(number: Int(number), value: value, offset: start)
  }

  /// The next integer of a packed array, or what follows a tag: seven bits a byte, lowest first.
  mutating func varint() throws -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    for shift in 0..<10 {
      guard offset < end else { throw cutOff(start, "an integer") }
      let byte = UInt64(file[offset])
      offset += 1
      guard shift < 9 || byte <= 1 else { break }
      value |= (byte & 0x7F) << UInt64(7 * shift)
      if byte < 0x80 { return value }
    }
    throw FCNError(.corrupt, "byte \(start): an integer takes more than 64 bits")
  }

  private mutating func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, _ start: Int
  ) throws -> Number {
    let size = MemoryLayout<Number>.size
    guard end - offset >= size else { throw cutOff(start, "a number of \(size) bytes") }
    defer { offset += size }
    return file.loadUnaligned(fromByteOffset: offset, as: type)
  }

  private mutating func lengthDelimited(_ start: Int) throws -> Range<Int> {
    let length = try varint()
    guard length <= UInt64(end - offset) else {
      throw cutOff(start, "a field of \(length) bytes")
    }
    let first = offset
    offset += Int(length)
    return first..<offset
  }

  private func cutOff(_ start: Int, _ what: String) -> FCNError {
    FCNError(
      .corrupt,
      "byte \(start): \(what) passes the end of its message, at byte \(end); the file has been cut "
        + "off or is damaged")
  }
}

extension ProtobufReader.Field {
  /// Where the bytes of a string, a message or a packed array lie; throws `corrupt` for a number.
  func range() throws -> Range<Int> {
    guard case .bytes(let range) = value else { throw wrongType("bytes") }
    return range
  }

  /// The value of an integer field as int64 has it; throws `corrupt` for anything else.
  func integer() throws -> Int {
    guard case .varint(let bits) = value else { throw wrongType("an integer") }
    return Int(truncatingIfNeeded: bits)
  }

  /// The text of a string field.
  ///
  /// Throws `corrupt` where it is no UTF-8 or longer than any name: what is made of it is held in
  /// memory.
  func text(in file: UnsafeRawBufferPointer) throws -> String {
    let range = try range()
    guard range.count <= 4096, let text = String(validating: file[range], as: UTF8.self) else {
      throw FCNError(
        .corrupt,
        "byte \(offset): field \(number) is no text in UTF-8 of at most 4096 bytes; it has "
          + "\(range.count)")
    }
    return text
  }

  /// The error for a field that holds something else than its declaration says.
  func wrongType(_ wanted: String) -> FCNError {
    FCNError(
      .corrupt, "byte \(offset): field \(number) is of another wire type; wanted \(wanted)")
  }
}
