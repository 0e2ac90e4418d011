/// A protobuf message that is being put together.
///
/// Weights in it are borrowed, not copied: the message is a list of parts, small fields as bytes and
/// tensors as they are, and becomes bytes only when it is written.
struct ProtobufMessage {
  private enum Part {
    case bytes([UInt8])
    /// To be written as float32.
    case floats(WeightTensor)
  }

  /// Protobuf's own limit on a message.
  static let largest = Int(Int32.max)

  private var parts: [Part] = []
  /// Bytes of all fields together.
  private(set) var byteCount = 0

  /// A message without fields.
  init() {}

  /// Appends an integer, a truth value or an enumeration.
  mutating func append(_ field: Int, _ value: Int) {
    append(Self.varint(field << 3) + Self.varint(value))
  }

  /// Appends a float.
  mutating func append(_ field: Int, _ value: Float) {
    append(
      Self.varint(field << 3 | 5)
        + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
  }

  /// Appends a double.
  mutating func append(_ field: Int, _ value: Double) {
    append(
      Self.varint(field << 3 | 1)
        + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
  }

  /// Appends a string.
  mutating func append(_ field: Int, _ text: String) {
    appendHeader(field, text.utf8.count)
    append(Array(text.utf8))
  }

  /// Appends 64-bit integers as the bytes that they have in memory, lowest first.
  mutating func append(_ field: Int, bytesOf values: [Int]) {
    appendHeader(field, 8 * values.count)
    append(values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } })
  }

  /// Appends the elements of `tensor` as the bytes that they have as float32, lowest first.
  mutating func append(_ field: Int, bytesOf tensor: WeightTensor) {
    appendHeader(field, 4 * tensor.count)
    parts.append(.floats(tensor))
    byteCount += 4 * tensor.count
  }

  /// Appends a message.
  mutating func append(_ field: Int, _ message: ProtobufMessage) {
    appendHeader(field, message.byteCount)
    append(message)
  }

  /// Appends the fields of `message` to this one's.
  mutating func append(_ message: ProtobufMessage) {
    for part in message.parts {
      switch part {
      case .bytes(let bytes): append(bytes)
      case .floats(let tensor):
        parts.append(part)
        byteCount += 4 * tensor.count
      }
    }
  }

  /// Throws `unsupported` where the message is larger than readers take.
  func checkSize() throws {
    guard byteCount <= Self.largest else {
      throw FCNError(
        .unsupported,
        "the file would take \(byteCount) bytes; its format, protobuf, ends at \(Self.largest)")
    }
  }

  /// Hands the message to `append` piece by piece. A tensor that is not float32 is converted when its
  /// turn comes, so that there is never more than one converted.
  ///
  /// Throws `notFinite` where a float64 is beyond float32.
  func write(_ append: (UnsafeRawBufferPointer) throws -> Void) throws {
    for part in parts {
      switch part {
      case .bytes(let bytes): try bytes.withUnsafeBytes(append)
      case .floats(let tensor): try tensor.converted(to: .float32).withUnsafeBytes(append)
      }
    }
  }

  private mutating func append(_ bytes: [UInt8]) {
    byteCount += bytes.count
    // Neighbours become one, so that a network is a few parts and not thousands.
    guard case .bytes(var last)? = parts.last else { return parts.append(.bytes(bytes)) }
    parts.removeLast()
    last += bytes
    parts.append(.bytes(last))
  }

  private mutating func appendHeader(_ field: Int, _ length: Int) {
    append(Self.varint(field << 3 | 2) + Self.varint(length))
  }

  /// Seven bits a byte, lowest first; a negative number takes ten bytes.
  private static func varint(_ value: Int) -> [UInt8] {
    var rest = UInt64(bitPattern: Int64(value))
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
