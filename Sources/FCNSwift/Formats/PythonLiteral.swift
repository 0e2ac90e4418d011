/// A value as Python spells it in source text, of the kinds that the header of an npy file holds.
enum PythonLiteral: Equatable {
  case none
  case boolean(Bool)
  case integer(Int)
  case text(String)
  /// A tuple or a list.
  case sequence([PythonLiteral])
  case dictionary([Member])

  /// A key of a dictionary and its value.
  struct Member: Equatable {
    let key: String
    let value: PythonLiteral
  }

  /// Most levels of tuples, lists and dictionaries within one another.
  static let deepestNesting = 8

  /// Reads one value that fills `bytes`, white space aside.
  ///
  /// Strict: throws `corrupt`, with the offset of what is wrong, at anything that NumPy does not
  /// write.
  init(parsing bytes: UnsafeRawBufferPointer) throws {
    var parser = PythonLiteralParser(bytes: bytes)
    self = try parser.parseWhole()
  }
}

/// Recursive descent over bytes that may come from anywhere.
private struct PythonLiteralParser {
  let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0

  init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    while let byte = next, byte == 0x20 || byte == 0x0A { position += 1 }
    guard next.map(UInt32.init) == character.value else { return false }
    position += 1
    return true
  }

  private func unexpected(_ wanted: String) -> FCNError {
    FCNError(.corrupt, "npy header, character \(position): wanted \(wanted)")
  }

  mutating func parseWhole() throws -> PythonLiteral {
    let value = try parseValue()
    _ = skip("\n")
    guard next == nil else { throw unexpected("the end after the value") }
    return value
  }

  private mutating func parseValue() throws -> PythonLiteral {
    guard depth < PythonLiteral.deepestNesting else {
      throw unexpected("at most \(PythonLiteral.deepestNesting) levels of nesting")
    }
    depth += 1
    defer { depth -= 1 }
    if skip("{") { return .dictionary(try parseMembers()) }
    if skip("(") { return try parseElements(until: ")") }
    if skip("[") { return try parseElements(until: "]") }
    if skip("'") { return .text(try parseText(until: "'")) }
    if skip("\"") { return .text(try parseText(until: "\"")) }
    switch next {
    case UInt8(ascii: "T"): return try parseWord("True", .boolean(true))
    case UInt8(ascii: "F"): return try parseWord("False", .boolean(false))
    case UInt8(ascii: "N"): return try parseWord("None", .none)
    default: return .integer(try parseInteger())
    }
  }

  private mutating func parseMembers() throws -> [PythonLiteral.Member] {
    var members: [PythonLiteral.Member] = []
    while !skip("}") {
      guard case .text(let key) = try parseValue() else { throw unexpected("a key in quotes") }
      guard !members.contains(where: { $0.key == key }) else {
        throw unexpected("the key \(quoted(key)) only once")
      }
      guard skip(":") else { throw unexpected("':'") }
      members.append(PythonLiteral.Member(key: key, value: try parseValue()))
      if skip(",") { continue }
      guard skip("}") else { throw unexpected("',' or '}'") }
      break
    }
    return members
  }

  private mutating func parseElements(until end: Unicode.Scalar) throws -> PythonLiteral {
    var elements: [PythonLiteral] = []
    while !skip(end) {
      elements.append(try parseValue())
      if skip(",") { continue }
      guard skip(end) else { throw unexpected("',' or '\(end)'") }
      // It is the comma that makes a tuple of one: (1) is 1.
      if end == ")" && elements.count == 1 { return elements[0] }
      break
    }
    return .sequence(elements)
  }

  private mutating func parseText(until quote: Unicode.Scalar) throws -> String {
    let start = position
    while let byte = next, UInt32(byte) != quote.value {
      guard byte != UInt8(ascii: "\\") else { throw unexpected("text without escapes") }
      position += 1
    }
    guard next != nil else { throw unexpected("the closing \(quote)") }
    defer { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func parseWord(
    _ word: StaticString, _ value: PythonLiteral
  ) throws -> PythonLiteral {
    let text = "\(word)".utf8
    guard bytes[position...].starts(with: text) else { throw unexpected("\(word)") }
    position += text.count
    return value
  }

  /// An integer, with the L that Python 2 puts after one that is long.
  private mutating func parseInteger() throws -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      position = start
      throw unexpected("a value")
    }
    if next == UInt8(ascii: "L") { position += 1 }
    return value
  }
}
