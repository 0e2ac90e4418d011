import Foundation

/// The header as text, taken apart as far as the tests need.
struct HeaderText {
  let lines: [String]

  init(_ path: String = BuiltTree.header) throws {
    self.init(text: try String(contentsOfFile: path, encoding: .utf8))
  }

  init(text: String) {
    lines = text.components(separatedBy: "\n")
  }

  /// A line on which a declaration begins: of a macro, function, type, enumerator or field.
  struct Declaration {
    let line: Int
    let text: String
    /// Whether a comment ends on the line before.
    let isDocumented: Bool
  }

  /// Everything that is declared; of a macro with two forms, the first.
  var declarations: [Declaration] {
    var found: [Declaration] = []
    var isInComment = false
    var followsComment = false
    var isContinued = false
    var macros: Set<Substring> = ["FCN_H"]
    for (index, line) in lines.enumerated() {
      let text = line.trimmingCharacters(in: .whitespaces)
      if isInComment || text.hasPrefix("/*") {
        isInComment = !text.contains("*/")
        followsComment = true
        continue
      }
      let macro = text.firstMatch(of: #/^#define (\w+)/#)?.1
      if !isContinued, macro.map({ macros.insert($0).inserted }) ?? Self.declares(text) {
        found.append(Declaration(line: index + 1, text: text, isDocumented: followsComment))
      }
      let isMacroPart = text.hasPrefix("#") || (isContinued && !text.hasSuffix(";"))
      isContinued = isMacroPart ? text.hasSuffix("\\") || text.hasSuffix(",") : !Self.ends(text)
      followsComment = followsComment && text.hasPrefix("#if")
    }
    return found
  }

  /// The names of the functions, in order.
  var functions: [String] {
    let code = lines.joined(separator: "\n")
      .replacing(#/(?s)\/\*.*?\*\//#, with: "")
      .replacing(#/(?m)^#.*$/#, with: "")
    // A name before a parameter list; those in parentheses are callback types and fields.
    return code.matches(of: #/(?m)^[A-Za-z_].*?\b(fcn_\w+)\(/#).map { String($0.1) }
  }

  /// A field of a struct.
  struct Field {
    let name: String
    /// As the header has it, `const char *` for one; of an array, of an element.
    let type: String
    /// Elements of an array; nil for what is none.
    let count: String?
    let comment: String
  }

  /// The structs whose fields are known, by name.
  var structs: [String: [Field]] {
    let text = lines.joined(separator: "\n")
    let found = text.matches(of: #/(?ms)^[A-Z_ ]*typedef struct (\w+) \{\n(.*?)^\} \1;/#)
    return found.reduce(into: [:]) { structs, match in
      structs[String(match.1)] = match.2.matches(
        of: #/(?s)\/\*\*(.*?)\*\/\s*([^;]*?)(?:\(\*)?(\w+)(?:\[(\d+)\])?(\)\([^;]*)?;/#
      ).map { field in
        Field(
          name: String(field.3),
          type: field.5 == nil ? field.2.trimmingCharacters(in: .whitespaces) : "function",
          count: field.4.map(String.init),
          comment: String(field.1).replacing(#/\s*\n\s*\*\s*/#, with: " "))
      }
    }
  }

  /// The program in the first comment.
  var example: String {
    let start = lines.firstIndex { $0.contains("An example, which is") } ?? 0
    let end = lines[start...].firstIndex { $0 == " * Names and arguments" } ?? start
    let prefix = " *     "
    return lines[(start + 1)..<end].map {
      $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : ""
    }
    .joined(separator: "\n").trimmingCharacters(in: .newlines)
  }

  /// Whether a line that no other continues declares something that wants a comment.
  private static func declares(_ text: String) -> Bool {
    let others = ["#", "}", "enum {", "extern \"C\""]
    return !text.isEmpty && !others.contains { text.hasPrefix($0) }
  }

  /// Whether nothing of what `text` begins or continues stands on the next line.
  private static func ends(_ text: String) -> Bool {
    text.isEmpty || text.hasSuffix(";") || text.hasSuffix("{") || text.hasSuffix("}")
      || text.wholeMatch(of: #/FCN_\w+ = -?\d+,?/#) != nil
  }
}
