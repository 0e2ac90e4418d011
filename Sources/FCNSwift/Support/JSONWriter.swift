extension JSON {
  /// The value as text on one line, without white space.
  package var compactText: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// The value as text for people: members on lines of their own, two spaces a level.
  package var indentedText: String {
    var text = ""
    write(to: &text, level: 0)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        JSON.write(member.name, to: &text)
        text += ":"
        member.value.write(to: &text)
      }
      text += "}"
    default: writeScalar(to: &text)
    }
  }

  private func write(to text: inout String, level: Int) {
    let indent = String(repeating: "  ", count: level + 1)
    let lines: [(name: String?, value: JSON)]
    let brackets: (String, String)
    switch self {
    case .array(let elements) where elements.contains(where: \.isNested):
      lines = elements.map { (nil, $0) }
      brackets = ("[", "]")
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += ", " }
        element.writeScalar(to: &text)
      }
      text += "]"
      return
    case .object(let members) where !members.isEmpty:
      lines = members.map { ($0.name, $0.value) }
      brackets = ("{", "}")
    case .object:
      text += "{}"
      return
    default:
      writeScalar(to: &text)
      return
    }
    text += brackets.0 + "\n"
    for (index, line) in lines.enumerated() {
      text += indent
      if let name = line.name {
        JSON.write(name, to: &text)
        text += ": "
      }
      line.value.write(to: &text, level: level + 1)
      text += index + 1 < lines.count ? ",\n" : "\n"
    }
    text += indent.dropLast(2) + brackets.1
  }

  private var isNested: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }

  private func writeScalar(to text: inout String) {
    switch self {
    case .bool(let truth): text += truth ? "true" : "false"
    case .string(let string): JSON.write(string, to: &text)
    // JSON has no word for what is not a number; null is what readers of it expect.
    case .number(let value) where !value.isFinite: text += "null"
    case .number(let value):
      // Swift's description of a float is the shortest decimal that reads back as the same.
      text += integer.map { $0 == 0 ? "0" : "\($0)" } ?? "\(value)"
    case .null, .array, .object: text += "null"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // The controls that JSON wants escaped, and those that a terminal would obey just the same.
      case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}"..."\u{200F}",
        "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FEFF}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
