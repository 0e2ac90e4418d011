extension JSON {
  /// Most levels of arrays and objects within one another that a text may have.
  package static let deepestNesting = 64
  /// Most values a text may hold: each costs tens of bytes of memory and as few as two of text.
  package static let largestValueCount = 1 << 20

  /// Reads one value that fills `bytes`, white space aside.
  ///
  /// Strict: no comments, trailing commas, repeated names, lone surrogates or bytes that are not
  /// UTF-8. Throws `corrupt` with the byte offset of what is wrong, `unsupported` past a limit.
  package init(parsing bytes: UnsafeRawBufferPointer) throws {
    var parser = JSONParser(bytes)
    self = try parser.parseDocument()
  }

  /// Reads one value that fills `text`, white space aside.
  package init(parsing text: String) throws {
    self = try Array(text.utf8).withUnsafeBytes { try JSON(parsing: $0) }
  }

  /// Reads the object that fills `bytes`, white space aside. The elements of those of its members that
  /// are arrays and whose names are among `names` are handed to `body` one after another, as soon as each
  /// is read; they are not in the result, and the limit on values counts for each by itself. So a file
  /// may be far larger than the memory that its values would take together.
  package init(
    parsing bytes: UnsafeRawBufferPointer, handingOn names: Set<String>,
    _ body: (_ name: String, _ element: JSON) throws -> Void
  ) throws {
    var parser = JSONParser(bytes)
    self = try parser.parseDocument(handingOn: names, body)
  }
}

/// Recursive descent over bytes that may come from anywhere.
private struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0
  private var valueCount = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  mutating func parseDocument() throws -> JSON {
    let value = try parseValue()
    skipSpace()
    guard next == nil else { throw unexpected("the end after the value") }
    return value
  }

  mutating func parseDocument(
    handingOn handed: Set<String>, _ body: (String, JSON) throws -> Void
  ) throws -> JSON {
    skipSpace()
    guard next == UInt8(ascii: "{") else { throw unexpected("'{'") }
    let value = try nested { parser in
      try parser.parseObject { parser, name in
        guard handed.contains(name), parser.next == UInt8(ascii: "[") else { return false }
        _ = try parser.nested { parser in
          try parser.parseArray { parser in
            parser.valueCount = 0
            try body(name, try parser.parseValue())
          }
          return .null
        }
        return true
      }
    }
    skipSpace()
    guard next == nil else { throw unexpected("the end after the value") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next.map(UInt32.init) == character.value else { return false }
    position += 1
    return true
  }

  private func unexpected(_ wanted: String) -> FCNError {
    .unexpected(next, in: "JSON", at: position, wanted: wanted)
  }

  // MARK: Values

  private mutating func parseValue() throws -> JSON {
    valueCount += 1
    guard valueCount <= JSON.largestValueCount else {
      throw FCNError(
        .unsupported,
        "JSON, byte \(position): more than \(JSON.largestValueCount) values, the limit")
    }
    try requireMemoryToGrow(valueCount, bytesEach: 256)
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try nested { try $0.parseObject() }
    case UInt8(ascii: "["): return try nested { try $0.parseArray() }
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"): return try parseNumber()
    case let byte? where isDigit(byte): return try parseNumber()
    default: throw unexpected("a value")
    }
  }

  private mutating func nested(_ parse: (inout JSONParser) throws -> JSON) throws -> JSON {
    guard depth < JSON.deepestNesting else {
      throw FCNError(
        .unsupported,
        "JSON, byte \(position): nested deeper than \(JSON.deepestNesting) levels, the limit")
    }
    depth += 1
    position += 1
    defer { depth -= 1 }
    return try parse(&self)
  }

  /// The members of an object, but for those whose values `takes` has read itself.
  private mutating func parseObject(
    unless takes: (inout JSONParser, _ name: String) throws -> Bool = { _, _ in false }
  ) throws -> JSON {
    var members: [JSON.Member] = []
    var names: Set<String> = []
    skipSpace()
    if skip("}") { return .object([]) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw unexpected("a member's name") }
      let start = position
      let name = try parseString()
      guard names.insert(name).inserted else {
        throw FCNError(.corrupt, "JSON, byte \(start): the name \(quoted(name)) stands twice")
      }
      skipSpace()
      guard skip(":") else { throw unexpected("':'") }
      skipSpace()
      if try !takes(&self, name) { members.append(JSON.Member(name, try parseValue())) }
      skipSpace()
      if skip("}") { return .object(members) }
      guard skip(",") else { throw unexpected("',' or '}'") }
    }
  }

  private mutating func parseArray() throws -> JSON {
    var elements: [JSON] = []
    try parseArray { elements.append(try $0.parseValue()) }
    return .array(elements)
  }

  private mutating func parseArray(_ element: (inout JSONParser) throws -> Void) throws {
    skipSpace()
    if skip("]") { return }
    while true {
      try element(&self)
      skipSpace()
      if skip("]") { return }
      guard skip(",") else { throw unexpected("',' or ']'") }
    }
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSON) throws -> JSON {
    for character in "\(word)".unicodeScalars {
      guard skip(character) else { throw unexpected("\"\(word)\"") }
    }
    return value
  }

  private mutating func parseNumber() throws -> JSON {
    let start = position
    _ = skip("-")
    if !skip("0") { try skipDigits() }
    if skip(".") { try skipDigits() }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw FCNError(.corrupt, "JSON, byte \(start): a number beyond the range of float64")
    }
    return .number(value)
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func skipDigits() throws {
    let start = position
    while let byte = next, isDigit(byte) { position += 1 }
    guard position > start else { throw unexpected("a digit") }
  }

  // MARK: Strings

  private mutating func parseString() throws -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    while true {
      // Runs without escapes, nearly all there is, are taken whole.
      let run = position
      while let byte = next, byte != 0x22, byte != 0x5C, byte >= 0x20 { position += 1 }
      text.append(contentsOf: bytes[run..<position])
      if skip("\"") { break }
      guard skip("\\") else { throw unexpected("the string's closing '\"'") }
      try text.append(contentsOf: String(parseEscape()).utf8)
    }
    guard let string = String(validating: text, as: UTF8.self) else {
      throw FCNError(.corrupt, "JSON, byte \(start): the string is not UTF-8")
    }
    return string
  }

  private mutating func parseEscape() throws -> Character {
    let plain: [(Unicode.Scalar, Character)] = [
      ("\"", "\""), ("\\", "\\"), ("/", "/"), ("n", "\n"), ("t", "\t"), ("r", "\r"),
      ("b", "\u{8}"), ("f", "\u{C}"),
    ]
    for (escape, character) in plain where skip(escape) { return character }
    let start = position
    guard skip("u") else { throw unexpected("an escape") }
    var code = try parseFourHexDigits()
    if (0xD800..<0xDC00).contains(code), skip("\\"), skip("u") {
      let low = try parseFourHexDigits()
      if (0xDC00..<0xE000).contains(low) {
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw FCNError(.corrupt, "JSON, byte \(start): half of a surrogate pair")
    }
    return Character(scalar)
  }

  private mutating func parseFourHexDigits() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("a hexadecimal digit")
      }
      code = code << 4 + UInt32(digit)
      position += 1
    }
    return code
  }
}
