/// `fcn completions zsh`.
enum ZshCompletion {
  static func script(of subcommands: [Subcommand]) -> String {
    let commands = subcommands.map { ($0.name, $0.summary) } + Completion.firstWords
    return """
      #compdef fcn
      \(Completion.title(.zsh))

      _fcn() {
        local curcontext=$curcontext state line
        local -a commands
        commands=(
      \(commands.map { "    " + described($0, $1).shellQuoted }.joined(separator: "\n"))
        )
        _arguments -C '(- *)'{-h,--help}'[Show the commands.]' '(- *)--version[Print the version.]' \\
          '1: :->command' '*:: :->words'
        case $state in
          command) _describe -t commands command commands ;;
          words)
            curcontext=${curcontext%:*:*}:fcn-$words[1]:
            case $words[1] in
              help) _describe -t commands command commands ;;
      \(subcommands.map(arguments).joined(separator: "\n"))
            esac ;;
        esac
      }

      # Sourced, it registers itself; found in $fpath, it is called.
      if [[ $funcstack[1] == _fcn ]]; then _fcn "$@"; else compdef _fcn fcn; fi

      """
  }

  /// `name:what it is`, as _describe reads it.
  private static func described(_ name: String, _ help: String) -> String {
    "\(escaped(name, [":"])):\(help)"
  }

  private static func arguments(of command: Subcommand) -> String {
    var specifications = command.options.flatMap(specifications)
    if command.takesFiles {
      specifications.append(command.operands.upperBound > 1 ? "'*:file:_files'" : "'1:file:_files'")
    }
    let indent = String(repeating: " ", count: 10)
    return "        \(command.name)) _arguments -S \\\n"
      + specifications.map { indent + $0 }.joined(separator: " \\\n") + " ;;"
  }

  /// An option as _arguments reads it, once for each of its spellings. Any may be repeated.
  private static func specifications(of option: Option) -> [String] {
    let help = "[\(escaped(firstSentence(option.help), ["[", "]", "\\"]))]"
    guard let value = option.value else {
      return option.words.map { "*\($0)\(help)".shellQuoted }
    }
    let action =
      switch CompletedValue(of: option) {
      case .file: "_files"
      case .folder: "_files -/"
      case .words(let words): "(\(words.joined(separator: " ")))"
      case .anything: " "
      }
    return option.words.map { word in
      // With `=` the value may be attached to the option, or be the next word.
      let name = word.hasPrefix("--") ? "\(word)=" : word
      return "*\(name)\(help):\(escaped(value, [":"])):\(action)".shellQuoted
    }
  }

  private static func escaped(_ text: String, _ characters: Set<Character>) -> String {
    text.reduce(into: "") { $0 += characters.contains($1) ? "\\\($1)" : String($1) }
  }

  /// Lists have room for no more.
  static func firstSentence(_ help: String) -> String {
    let end = [". ", "; "].compactMap { help.firstRange(of: $0)?.lowerBound }.min()
    return end.map { "\(help[..<$0])." } ?? help
  }
}
