/// The texts behind `--help`, 80 columns wide.
enum Help {
  /// What `fcn` is.
  static let title = "Semantic segmentation with fully convolutional networks."

  /// What holds for every command.
  static let conventions = """
    `fcn COMMAND --help` tells of a command's options. Options are spelled
    --name VALUE or --name=VALUE; after -- there are only files; - is standard
    input or output where that makes sense. `fcn man` writes manual pages, and
    `fcn completions` what shells complete words by.
    """

  /// What `fcn --help` prints.
  static func overview(of subcommands: [Subcommand]) -> String {
    """
    \(title)

    Usage: fcn COMMAND [OPTIONS] [FILES]

    Commands:
    \(table(subcommands.map { ($0.name, $0.summary) }))

    \(conventions)

    Exit status:
    \(table(ExitStatus.explanations))

    """
  }

  /// What `fcn COMMAND --help` prints.
  static func text(of command: Subcommand) -> String {
    var text = command.summary + "\n\n"
    for (index, usage) in command.usage.enumerated() {
      text += (index == 0 ? "Usage: " : "       ") + "fcn \(command.name) \(usage)\n"
    }
    if !command.discussion.isEmpty { text += "\n" + command.discussion + "\n" }
    for group in command.groups {
      text += "\n\(group.title):\n"
      text += table(group.options.map { ($0.spelling, $0.help) }) + "\n"
    }
    for (title, rows) in command.tables { text += "\n\(title):\n\(table(rows))\n" }
    return text
  }

  private static let width = 80
  private static let column = 26

  /// Two columns, the second one wrapped; what is too long for the first has a line of its own.
  private static func table(_ rows: [(String, String)]) -> String {
    rows.map { left, right in
      let indent = String(repeating: " ", count: column)
      let lines = wrapped(right, width: width - column).joined(separator: "\n" + indent)
      let start = "  " + left
      return start.count + 2 <= column
        ? start + indent.dropFirst(start.count) + lines : start + "\n" + indent + lines
    }.joined(separator: "\n")
  }

  /// `text` in lines of `width` characters at most, where its words allow it.
  /// Those after the first may have a width of their own, `rest`.
  static func wrapped(_ text: String, width: Int, rest: Int? = nil) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      let width = lines.count > 1 ? rest ?? width : width
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
