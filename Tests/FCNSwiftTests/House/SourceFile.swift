/// A Swift source, as far as it takes to tell which types it declares and which it mentions.
struct SourceFile {
  /// The folder that it lies in, from the module's root on.
  let folder: String
  let name: String
  /// Types and functions that it declares for others, at its top.
  let declared: Set<String>
  /// Types that it declares within others: names that mean something else in it.
  let nested: Set<String>
  /// Every name in its code that does not follow a full stop.
  let mentioned: Set<String>

  init(path: String, text: String) {
    let cut = path.lastIndex(of: "/")
    folder = cut.map { String(path[..<$0]) } ?? ""
    name = cut.map { String(path[path.index(after: $0)...]) } ?? path
    var scanner = Scanner(bytes: Array(text.utf8))
    scanner.scan(until: nil)
    (declared, nested, mentioned) = (scanner.declared, scanner.nested, scanner.mentioned)
  }

  /// Goes through code, leaving out comments and the text of strings, but not what is interpolated.
  private struct Scanner {
    let bytes: [UInt8]
    var declared: Set<String> = []
    var nested: Set<String> = []
    var mentioned: Set<String> = []
    private var place = 0
    /// Braces that are open.
    private var depth = 0
    /// The word before the present one, where nothing but space lies between, and what was said before
    /// that on who may use it.
    private var before = ""
    private var isPrivate = false

    private static let kinds: Set<String> = [
      "struct", "class", "enum", "protocol", "typealias", "actor",
    ]

    init(bytes: [UInt8]) { self.bytes = bytes }

    private func starts(_ text: String) -> Bool { bytes[place...].starts(with: text.utf8) }

    /// Up to the parenthesis that closes an interpolation, or to the end.
    mutating func scan(until end: UInt8?) {
      var open = 0
      while place < bytes.count {
        let byte = bytes[place]
        if starts("//") {
          while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
        } else if starts("/*") {
          while place < bytes.count, !starts("*/") { place += 1 }
          place += 2
        } else if byte == UInt8(ascii: "\"") {
          string()
          before = ""
        } else if Self.isWord(byte) {
          word()
        } else {
          if byte == UInt8(ascii: "{") { depth += 1 }
          if byte == UInt8(ascii: "}") { depth -= 1 }
          if byte == UInt8(ascii: "(") { open += 1 }
          if byte == UInt8(ascii: ")") {
            if end == byte, open == 0 { return }
            open -= 1
          }
          if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "}") { isPrivate = false }
          if byte != UInt8(ascii: " ") { before = "" }
          place += 1
        }
      }
    }

    private mutating func string() {
      let quotes = starts("\"\"\"") ? 3 : 1
      let end = String(repeating: "\"", count: quotes)
      place += quotes
      while place < bytes.count, !starts(end) {
        if starts("\\(") {
          place += 2
          scan(until: UInt8(ascii: ")"))
          place += 1
        } else {
          place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
      }
      place += quotes
    }

    private mutating func word() {
      let start = place
      while place < bytes.count, Self.isWord(bytes[place]) { place += 1 }
      let word = String(decoding: bytes[start..<place], as: UTF8.self)
      let isMember = start > 0 && bytes[start - 1] == UInt8(ascii: ".")
      if Self.kinds.contains(before) || (before == "func" && depth == 0) {
        if depth > 0 || isPrivate { nested.insert(word) } else { declared.insert(word) }
      } else if !isMember {
        mentioned.insert(word)
      }
      if word == "private" || word == "fileprivate" { isPrivate = true }
      before = word
    }

    private static func isWord(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
  }
}
