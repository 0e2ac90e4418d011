/// Reads XML 1.0 piece by piece: elements with their attributes, and the text between them.
///
/// Strict, and less than all of XML: UTF-8 alone, and no document type. So there are no entities but the
/// five that every XML has, and nothing in a file can stand for more than it is itself. Comments and
/// processing instructions are passed over. Throws `corrupt` with the byte offset of what is wrong,
/// `unsupported` past a limit.
struct XMLReader {
  /// What follows next.
  enum Piece: Equatable {
    /// An element begins. Attributes are in the order of the file, no two of one name.
    case start(String, [Attribute])
    /// Text between tags, which may come in several pieces.
    case text(String)
    /// An element ends; also behind the start of one that has no end tag of its own.
    case end(String)
  }

  /// A name and its value.
  struct Attribute: Equatable {
    let name: String
    let value: String
  }

  /// Most elements within one another.
  static let deepestNesting = 64
  /// Most attributes of an element.
  static let mostAttributes = 256

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  /// The elements that have begun, the root first.
  private var open: [String] = []
  /// Whether the last start was also an end, which is still to be told.
  private var endsAtOnce = false
  private var hasRoot = false

  /// A reader of `bytes`, which must outlive it.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    guard !bytes.starts(with: [0xFE, 0xFF]), !bytes.starts(with: [0xFF, 0xFE]) else {
      throw FCNError(.unsupported, "XML: the file is in UTF-16; store it as UTF-8")
    }
    if skip("<?xml") { try skipDeclaration() }
  }

  /// The next piece; nil at the end of the file.
  mutating func next() throws -> Piece? {
    if endsAtOnce {
      endsAtOnce = false
      return .end(open.removeLast())
    }
    while let byte = peek {
      if byte != UInt8(ascii: "<") {
        if let text = try parseText() { return .text(text) }
      } else if skip("<!--") {
        try skipPast("-->")
      } else if skip("<?") {
        try skipPast("?>")
      } else if skip("<![CDATA[") {
        guard !open.isEmpty else { throw unexpected("an element") }
        let start = position
        try skipPast("]]>")
        return .text(try string(start..<position - 3))
      } else if skip("<!") {
        throw FCNError(
          .unsupported,
          "XML, byte \(position): a document type or declaration; no annotation has one, and one could "
            + "make a small file endless")
      } else if skip("</") {
        return try parseEnd()
      } else {
        return try parseStart()
      }
    }
    guard open.isEmpty, hasRoot else {
      throw unexpected(open.last.map { "the end of \(quoted($0))" } ?? "an element")
    }
    return nil
  }

  // MARK: Tags

  private mutating func parseStart() throws -> Piece {
    guard !(hasRoot && open.isEmpty) else { throw unexpected("the end after the only root") }
    guard open.count < Self.deepestNesting else {
      throw FCNError(
        .unsupported,
        "XML, byte \(position): nested deeper than \(Self.deepestNesting) levels, the limit")
    }
    position += 1
    let name = try parseName()
    var attributes: [Attribute] = []
    while true {
      let hasSpace = skipSpace()
      if skip("/>") {
        endsAtOnce = true
        break
      }
      if skip(">") { break }
      guard hasSpace else { throw unexpected("white space, '>' or '/>'") }
      let attribute = try parseAttribute()
      guard !attributes.contains(where: { $0.name == attribute.name }) else {
        throw FCNError(
          .corrupt,
          "XML, byte \(position): the attribute \(quoted(attribute.name)) stands twice")
      }
      attributes.append(attribute)
      guard attributes.count <= Self.mostAttributes else {
        throw FCNError(
          .unsupported,
          "XML, byte \(position): more than \(Self.mostAttributes) attributes, the limit")
      }
    }
    open.append(name)
    hasRoot = true
    return .start(name, attributes)
  }

  private mutating func parseAttribute() throws -> Attribute {
    let name = try parseName()
    skipSpace()
    guard skip("=") else { throw unexpected("'='") }
    skipSpace()
    let quote: StaticString = peek == UInt8(ascii: "'") ? "'" : "\""
    guard skip(quote) else { throw unexpected("a value in quotes") }
    let start = position
    while let byte = peek, byte != quote.utf8Start.pointee, byte != UInt8(ascii: "<") {
      position += 1
    }
    let range = start..<position
    guard skip(quote) else { throw unexpected("the end of the value") }
    return Attribute(name: name, value: try resolved(range, isAttribute: true))
  }

  private mutating func parseEnd() throws -> Piece {
    let start = position
    let name = try parseName()
    skipSpace()
    guard skip(">") else { throw unexpected("'>'") }
    guard let last = open.popLast(), last == name else {
      throw FCNError(
        .corrupt, "XML, byte \(start): the end of \(quoted(name)), which is not what began last")
    }
    return .end(name)
  }

  private mutating func parseName() throws -> String {
    let start = position
    while let byte = peek, isNameByte(byte, isFirst: position == start) { position += 1 }
    guard position > start else { throw unexpected("a name") }
    return try string(start..<position)
  }

  private func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...:
      return true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
      return !isFirst
    default: return false
    }
  }

  /// What is behind `<?xml`.
  private mutating func skipDeclaration() throws {
    let start = position
    try skipPast("?>")
    let text = try string(start..<position - 2).lowercased()
    guard let place = text.firstRange(of: "encoding") else { return }
    let value = text[place.upperBound...].drop { " \t\r\n='\"".contains($0) }
      .prefix { $0.isLetter || $0.isNumber || $0 == "-" }
    guard ["utf-8", "utf8", "us-ascii", "ascii"].contains(String(value)) else {
      throw FCNError(
        .unsupported, "XML: the encoding is \(quoted(String(value))); store the file as UTF-8")
    }
  }

  // MARK: Text

  /// The text up to the next tag; nil for white space outside of the root.
  private mutating func parseText() throws -> String? {
    let start = position
    while let byte = peek, byte != UInt8(ascii: "<") { position += 1 }
    let text = try resolved(start..<position, isAttribute: false)
    guard open.isEmpty else { return text }
    guard text.allSatisfy(\.isWhitespace) else {
      position = start
      skipSpace()
      throw unexpected("an element")
    }
    return nil
  }

  /// The text in `range`, its references replaced by what they stand for.
  private func resolved(_ range: Range<Int>, isAttribute: Bool) throws -> String {
    if range.count > 1 << 16 { try requireMemory(2 * range.count) }
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var place = range.lowerBound
    while place < range.upperBound {
      let byte = bytes[place]
      if byte == UInt8(ascii: "&") {
        let (scalar, end) = try reference(at: place, before: range.upperBound)
        text.append(contentsOf: String(Character(scalar)).utf8)
        place = end
        continue
      }
      let isSpace = byte == 0x09 || byte == 0x0A || byte == 0x0D
      guard byte >= 0x20 || isSpace else {
        throw FCNError(.corrupt, "XML, byte \(place): the control character \(byte)")
      }
      text.append(isSpace && isAttribute ? 0x20 : byte)
      place += 1
    }
    return try string(text[...], at: range.lowerBound)
  }

  /// What `&…;` at `place` stands for, and where it ends.
  private func reference(
    at place: Int, before end: Int
  ) throws -> (scalar: Unicode.Scalar, end: Int) {
    // The longest one is `&#x10FFFF;`.
    let window = bytes[place + 1..<min(end, place + 12)]
    guard let stop = window.firstIndex(of: UInt8(ascii: ";")) else {
      throw FCNError(.corrupt, "XML, byte \(place): '&' without a name and ';'")
    }
    let name = try string(place + 1..<stop)
    let scalar: Unicode.Scalar?
    switch name {
    case "amp": scalar = "&"
    case "lt": scalar = "<"
    case "gt": scalar = ">"
    case "quot": scalar = "\""
    case "apos": scalar = "'"
    default:
      let isHexadecimal = name.hasPrefix("#x")
      let digits = name.dropFirst(isHexadecimal ? 2 : 1)
      let isNumber = name.hasPrefix("#") && digits.first?.isHexDigit ?? false
      scalar =
        isNumber ? UInt32(digits, radix: isHexadecimal ? 16 : 10).flatMap(Unicode.Scalar.init) : nil
    }
    guard let scalar, scalar.value >= 0x20 || [0x09, 0x0A, 0x0D].contains(scalar.value) else {
      throw FCNError(
        .corrupt, "XML, byte \(place): nothing says what \(quoted("&\(name);")) stands for")
    }
    return (scalar, stop + 1)
  }

  private func string(_ range: Range<Int>) throws -> String {
    try string(bytes[range], at: range.lowerBound)
  }

  private func string(_ text: some Collection<UInt8>, at place: Int) throws -> String {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw FCNError(.corrupt, "XML, byte \(place): the text is not UTF-8")
    }
    return string
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  @discardableResult
  private mutating func skipSpace() -> Bool {
    let start = position
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      position += 1
    }
    return position > start
  }

  private mutating func skip(_ text: StaticString) -> Bool {
    guard bytes.count - position >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount
    where bytes[position + index] != text.utf8Start[index] { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  private mutating func skipPast(_ text: StaticString) throws {
    while peek != nil {
      if skip(text) { return }
      position += 1
    }
    throw unexpected("'\(text)'")
  }

  private func unexpected(_ wanted: String) -> FCNError {
    .unexpected(peek, in: "XML", at: position, wanted: wanted)
  }
}

extension [XMLReader.Attribute] {
  /// The value of the attribute `name`.
  subscript(name: String) -> String? { first { $0.name == name }?.value }
}
