import CFCN
import Glibc

/// The command's manual pages, made of what `--help` is made of: `fcn.1`, and `fcn-segment.1` and so on.
/// In the macros of man(7).
enum ManualPage {
  /// `fcn.1`.
  static func overview(of subcommands: [Subcommand]) -> String {
    var page = Roff(title: "FCN", name: "fcn", summary: Help.title)
    page.section("Synopsis")
    page.line(".B fcn")
    page.line("\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIFILES\\fR]")
    page.section("Description")
    page.paragraphs(Help.conventions)
    page.section("Commands")
    page.rows(subcommands.map { ("fcn-\($0.name)(1)", $0.summary) })
    page.section("Exit status")
    page.rows(ExitStatus.explanations)
    page.section("Environment")
    page.rows(EnvironmentVariable.all.map { ($0.name, $0.help) })
    page.section("See also")
    page.references(subcommands.map { "fcn-\($0.name)" })
    return page.text
  }

  /// `fcn-segment.1` of the subcommand `segment`.
  static func page(of command: Subcommand) -> String {
    let name = "fcn-\(command.name)"
    var page = Roff(title: name.uppercased(), name: name, summary: command.summary)
    page.section("Synopsis")
    for (index, usage) in command.usage.enumerated() {
      if index > 0 { page.line(".br") }
      page.line(".B fcn \(Roff.escaped(command.name))")
      if !usage.isEmpty { page.line(Roff.usage(usage)) }
    }
    page.section("Description")
    page.paragraphs(command.summary)
    if !command.discussion.isEmpty { page.paragraphs("\n\(command.discussion)") }
    page.section("Options")
    for group in command.groups {
      if command.groups.count > 2 { page.subsection(group.title) }
      page.entries(group.options.map { (Roff.spelling(of: $0), $0.help) })
    }
    for (title, rows) in command.tables {
      page.section(title)
      page.rows(rows)
    }
    page.section("Exit status")
    page.paragraphs("As that of every command: see fcn(1).")
    page.section("See also")
    page.references(["fcn"])
    return page.text
  }
}

/// A manual page while it is written.
private struct Roff {
  private(set) var text: String

  /// Begins a page; `summary` is a sentence, which becomes what whatis(1) shows.
  init(title: String, name: String, summary: String) {
    text = """
      .TH \(Roff.escaped(title)) 1 "\(Roff.date)" "FCNSwift \(FCN_VERSION)" "User Commands"
      .SH NAME
      \(Roff.escaped(name)) \\- \(Roff.escaped(Roff.phrase(summary)))

      """
  }

  mutating func line(_ line: String) { text += line + "\n" }

  mutating func section(_ title: String) { line(".SH \(Roff.escaped(title.uppercased()))") }

  mutating func subsection(_ title: String) { line(".SS \(Roff.escaped(title))") }

  /// Text whose paragraphs are parted by empty lines.
  mutating func paragraphs(_ paragraphs: String) {
    for part in paragraphs.split(separator: "\n", omittingEmptySubsequences: false) {
      line(part.isEmpty ? ".PP" : Roff.prose(String(part)))
    }
  }

  /// Words, each with what is said of it.
  mutating func rows(_ rows: [(String, String)]) {
    entries(rows.map { ("\\fB\(Roff.escaped($0))\\fR", $1) })
  }

  /// The same, where the words are marked up already.
  mutating func entries(_ entries: [(String, String)]) {
    for (word, help) in entries {
      line(".TP")
      line(word)
      line(Roff.prose(help))
    }
  }

  mutating func references(_ names: [String]) {
    line(names.map { "\\fB\(Roff.escaped($0))\\fR(1)" }.joined(separator: ",\n"))
  }

  /// An option as the list of options spells it.
  static func spelling(of option: Option) -> String {
    let letter = option.letter.map { "\\fB\\-\($0)\\fR, " } ?? ""
    let value = option.value.map { " \\fI\(escaped($0))\\fR" } ?? ""
    return "\(letter)\\fB\\-\\-\(escaped(option.name))\\fR\(value)"
  }

  /// How a command is called: options bold, what stands for a value slanted.
  static func usage(_ usage: String) -> String {
    let words = usage.split(separator: " ").map { word -> String in
      let marks = word.prefix { $0 == "[" }
      let rest = word.dropFirst(marks.count)
      let core = rest.prefix { !"].…".contains($0) }
      let end = rest.dropFirst(core.count)
      let font = core.hasPrefix("-") ? "B" : core.contains(where: \.isUppercase) ? "I" : "R"
      return escaped(String(marks)) + "\\f\(font)\(escaped(String(core)))\\fR"
        + escaped(String(end))
    }
    return words.joined(separator: " ")
  }

  /// A sentence as a line of its own, `words` between backticks bold.
  private static func prose(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    let marked = parts.enumerated().map { index, part in
      index.isMultiple(of: 2) || index == parts.count - 1
        ? escaped(String(part)) : "\\fB\(escaped(String(part)))\\fR"
    }.joined()
    // What begins so would be taken for a request.
    return marked.hasPrefix(".") || marked.hasPrefix("'") ? "\\&" + marked : marked
  }

  /// `text` without what roff takes for its own; a hyphen stays one that can be copied and searched for.
  static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
  }

  /// `Tell what a file holds.` as `tell what a file holds`.
  private static func phrase(_ sentence: String) -> String {
    let phrase = sentence.hasSuffix(".") ? sentence.dropLast() : sentence[...]
    return phrase.prefix(1).lowercased() + phrase.dropFirst()
  }

  /// The day in SOURCE_DATE_EPOCH, seconds since 1970, as packagers set it; today's would differ from
  /// build to build.
  private static let date: String = {
    guard let text = getenv("SOURCE_DATE_EPOCH"), var seconds = time_t(String(cString: text)) else {
      return ""
    }
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "" }
    var day = [CChar](repeating: 0, count: 32)
    let count = strftime(&day, day.count, "%Y-%m-%d", &parts)
    return String(decoding: day.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()
}
