/// The constants that protocols 0 and 1 write as lines of text.
extension PickleMachine {
  /// A number or text of the line that comes next.
  mutating func textConstant(_ opcode: PickleOpcode) throws -> Int {
    let line = try line()
    switch opcode {
    case .float: return PickleHeap.inert
    case .string: return heap.add(.text(try string(line)))
    case .unicode: return heap.add(.text(try unicode(line)))
    default: break
    }
    var text = try heap.string(line)
    // The two truth values have spellings of their own.
    if opcode == .int, text == "01" { return PickleHeap.true }
    if opcode == .int, text == "00" { return PickleHeap.false }
    if opcode == .long, text.hasSuffix("L") { text.removeLast() }
    if let value = Int(text) { return heap.add(.integer(value)) }
    let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw FCNError(.corrupt, "the pickle has \(quoted(text)) for an integer")
    }
    return PickleHeap.inert
  }

  /// The number in the line that comes next, which names an object that is kept.
  mutating func textIndex() throws -> Int {
    let text = try heap.string(try line())
    guard let index = Int(text), index >= 0 else {
      throw FCNError(
        .corrupt, "the pickle keeps an object under \(quoted(text)), which is no number")
    }
    return index
  }

  /// Python 2's text, as source code spells it: in quotes and with escapes.
  private mutating func string(_ line: PickleBytes) throws -> PickleBytes {
    let bytes = heap.bytes(of: line)
    guard bytes.count >= 2, let quote = bytes.first, quote == bytes.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw FCNError(.corrupt, "the pickle has a text without quotes") }
    let inner = PickleBytes(start: line.start + 1, count: line.count - 2)
    let text = heap.bytes(of: inner)
    guard text.contains(UInt8(ascii: "\\")) else { return inner }
    return try heap.decode(count: text.count) { output in
      var (source, target) = (0, 0)
      while source < text.count {
        output[target] = try Self.character(of: text, at: &source)
        target += 1
      }
      return target
    }
  }

  /// The byte that `text` spells at `position`, which moves on behind it.
  private static func character(
    of text: UnsafeRawBufferPointer, at position: inout Int
  ) throws -> UInt8 {
    defer { position += 1 }
    guard text[position] == UInt8(ascii: "\\") else { return text[position] }
    position += 1
    let wanted = FCNError(.corrupt, "the pickle has a text with an escape that is none")
    guard position < text.count else { throw wanted }
    switch text[position] {
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "a"): return 0x07
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "f"): return 0x0C
    case UInt8(ascii: "v"): return 0x0B
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return text[position]
    case UInt8(ascii: "x"):
      guard let value = hexadecimal(text, at: position + 1, count: 2) else { throw wanted }
      position += 2
      return UInt8(truncatingIfNeeded: value)
    default: throw wanted
    }
  }

  /// Unicode text: bytes are the first 256 characters, others are \uxxxx and \Uxxxxxxxx. What is meant
  /// is kept in UTF-8.
  private mutating func unicode(_ line: PickleBytes) throws -> PickleBytes {
    let text = heap.bytes(of: line)
    guard text.contains(where: { $0 == UInt8(ascii: "\\") || $0 >= 0x80 }) else { return line }
    // A byte becomes two at most, an escape of six or ten bytes four at most.
    return try heap.decode(count: 2 * text.count) { output in
      var (source, target) = (0, 0)
      while source < text.count {
        var value = Int(text[source])
        source += 1
        if value == 0x5C, source < text.count {
          let digits = text[source] == UInt8(ascii: "u") ? 4 : 8
          if digits == 4 || text[source] == UInt8(ascii: "U") {
            guard let escaped = Self.hexadecimal(text, at: source + 1, count: digits) else {
              throw FCNError(.corrupt, "the pickle has a text with an escape that is none")
            }
            value = escaped
            source += 1 + digits
          }
        }
        guard let scalar = Unicode.Scalar(UInt32(value)) else {
          throw FCNError(.corrupt, "the pickle has a text with a character that is none")
        }
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
          output[target] = byte
          target += 1
        }
      }
      return target
    }
  }

  private static func hexadecimal(
    _ text: UnsafeRawBufferPointer, at start: Int, count: Int
  ) -> Int? {
    guard start + count <= text.count else { return nil }
    var value = 0
    for byte in text[start..<(start + count)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  /// The bytes that `_codecs.encode` makes of a text whose characters are bytes.
  mutating func encoded(_ arguments: ArraySlice<Int>) throws -> Int {
    guard let first = arguments.first, case .text(let run) = heap[first] else {
      return PickleHeap.inert
    }
    let text = heap.bytes(of: run)
    guard text.contains(where: { $0 >= 0x80 }) else { return heap.add(.blob(run)) }
    let bytes = try heap.decode(count: text.count) { output in
      var (source, target) = (0, 0)
      while source < text.count {
        let byte = text[source]
        if byte < 0x80 {
          output[target] = byte
        } else {
          source += 1
          guard byte == 0xC2 || byte == 0xC3, source < text.count,
            (0x80...0xBF).contains(text[source])
          else {
            throw FCNError(.unsupported, "the pickle has a text whose characters are no bytes")
          }
          output[target] = byte << 6 | text[source] & 0x3F
        }
        source += 1
        target += 1
      }
      return target
    }
    return heap.add(.blob(bytes))
  }
}

extension PickleHeap {
  /// Memory for a text of at most `count` bytes; `body` fills it and returns how many there are.
  ///
  /// A text that is kept can be decoded again and again, so that all of them together may take no more
  /// than a few times the pickle's length.
  mutating func decode(
    count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws -> PickleBytes {
    let limit = 4 * source.count + 1024
    guard count <= limit - decodedCount else {
      throw FCNError(
        .outOfMemory,
        "the texts of the pickle take more than \(limit) bytes, the limit for one of its length")
    }
    decodedCount += count
    try requireMemory(count)
    var length = 0
    decoded.append(try ByteStorage(count: count) { length = try body($0) })
    return PickleBytes(start: 0, count: length, decoded: decoded.count - 1)
  }
}
