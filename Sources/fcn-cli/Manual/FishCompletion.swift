/// `fcn completions fish`.
enum FishCompletion {
  static func script(of subcommands: [Subcommand]) -> String {
    let commands = subcommands.map { ($0.name, $0.summary) } + Completion.firstWords
    return """
      \(Completion.title(.fish))

      # Whether the command line is at its first word after fcn, or that word is the argument.
      function __fcn_at
          set -l words (commandline -opc)
          if test (count $argv) -eq 0
              test (count $words) -eq 1
          else
              test (count $words) -gt 1; and test $words[2] = $argv[1]
          end
      end

      complete -c fcn -f
      \(commands.map { "complete -c fcn -n __fcn_at -a \($0) -d \(quoted($1))" }.joined(separator: "\n"))
      complete -c fcn -n __fcn_at -s h -l help -d 'Show the commands.'
      complete -c fcn -n __fcn_at -l version -d 'Print the version.'
      complete -c fcn -n '__fcn_at help' -a \(quoted(subcommands.map(\.name).joined(separator: " ")))
      \(subcommands.flatMap(lines).joined(separator: "\n"))

      """
  }

  private static func lines(of command: Subcommand) -> [String] {
    let start = "complete -c fcn -n '__fcn_at \(command.name)'"
    let options = command.options.map { option in
      let letter = option.letter.map { "-s \($0) " } ?? ""
      let help = quoted(ZshCompletion.firstSentence(option.help))
      return "\(start) \(letter)-l \(option.name)\(value(of: option)) -d \(help)"
    }
    return (command.takesFiles ? ["\(start) -F"] : []) + options
  }

  private static func value(of option: Option) -> String {
    guard option.value != nil else { return "" }
    return switch CompletedValue(of: option) {
    case .file: " -r -F"
    case .folder: " -x -a '(__fish_complete_directories)'"
    case .words(let words): " -x -a \(quoted(words.joined(separator: " ")))"
    case .anything: " -x"
    }
  }

  /// In single quotes, within which fish reads a backslash.
  private static func quoted(_ text: String) -> String {
    let inner = text.reduce(into: "") { $0 += "\\'".contains($1) ? "\\\($1)" : String($1) }
    return "'\(inner)'"
  }
}
