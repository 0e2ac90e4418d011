/// The lines of a text that a person or another program wrote.
enum TextLines {
  /// The lines of the file at `path`, which every error names, without the white space around them.
  static func read(_ path: String) throws -> [String] {
    let bytes = try File.read(path)
    return try naming(path) {
      try requireMemory(8 * bytes.count)
      return try of(bytes)
    }
  }

  /// The lines in `bytes`, whatever ends them, without the white space around them.
  ///
  /// UTF-8 and UTF-16 are read, with or without a mark at the start. Throws `corrupt` for other bytes:
  /// which of many encodings they are in nobody can tell, and a guess would change letters.
  static func of(_ bytes: [UInt8]) throws -> [String] {
    try text(bytes).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(
      trimmed)
  }

  static func trimmed(_ text: Substring) -> String {
    let start = text.drop(while: \.isWhitespace)
    guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...end])
  }

  private static func text(_ bytes: [UInt8]) throws -> String {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return try utf8(bytes.dropFirst(3)) }
    if bytes.starts(with: [0xFF, 0xFE]) {
      return try utf16(bytes.dropFirst(2), lowByteFirst: true)
    }
    if bytes.starts(with: [0xFE, 0xFF]) {
      return try utf16(bytes.dropFirst(2), lowByteFirst: false)
    }
    // Text has no zeros but in UTF-16, where Latin letters have one each, on one side.
    let zeros = bytes.indices.filter { bytes[$0] == 0 }
    if !zeros.isEmpty {
      let odd = zeros.filter { $0 % 2 == 1 }.count
      guard odd == 0 || odd == zeros.count else {
        throw FCNError(.corrupt, "zero bytes were found; a text file in UTF-8 was wanted")
      }
      return try utf16(bytes[...], lowByteFirst: odd > 0)
    }
    return try utf8(bytes[...])
  }

  private static func utf8(_ bytes: ArraySlice<UInt8>) throws -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    throw FCNError(
      .corrupt,
      "line \(index + 1) is not UTF-8 (it may be Latin-1, or another old encoding); store the file "
        + "as UTF-8")
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>, lowByteFirst: Bool) throws -> String {
    let bytes = Array(bytes)
    let units = (0..<bytes.count / 2).map { index in
      let (first, second) = (UInt16(bytes[2 * index]), UInt16(bytes[2 * index + 1]))
      return lowByteFirst ? second << 8 | first : first << 8 | second
    }
    guard bytes.count % 2 == 0, let text = String(validating: units, as: UTF16.self) else {
      throw FCNError(.corrupt, "the file is damaged UTF-16; store it as UTF-8")
    }
    return text
  }
}
