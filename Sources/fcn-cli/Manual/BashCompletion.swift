/// `fcn completions bash`.
enum BashCompletion {
  static func script(of subcommands: [Subcommand]) -> String {
    let names = subcommands.map(\.name)
    let first = names + Completion.firstWords.map(\.0) + Completion.firstOptions
    return """
      \(Completion.title(.bash))

      _fcn_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

      _fcn_paths() {
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
      }

      _fcn() {
        local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} i
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
          _fcn_words '\(first.joined(separator: " "))' "$word"
          return
        fi
        if [[ ${COMP_WORDS[1]} == help ]]; then
          ((COMP_CWORD > 2)) || _fcn_words '\(names.joined(separator: " "))' "$word"
          return
        fi
        for ((i = 2; i < COMP_CWORD; i++)); do
          # After -- there are only files.
          if [[ ${COMP_WORDS[i]} == -- ]]; then _fcn_paths -f "$word"; return; fi
        done
        # bash parts --name=value into three words.
        if [[ $word == '=' ]]; then
          word=
        elif [[ $option == '=' ]]; then
          option=${COMP_WORDS[COMP_CWORD-2]}
        fi
        case ${COMP_WORDS[1]}:$option in
      \(subcommands.flatMap(values).joined(separator: "\n"))
        esac
        case ${COMP_WORDS[1]}:$word in
      \(subcommands.flatMap(words).joined(separator: "\n"))
        esac
      }

      complete -F _fcn fcn

      """
  }

  /// The cases in which an option's value is completed.
  private static func values(of command: Subcommand) -> [String] {
    command.options.filter { $0.value != nil }.map { option in
      let pattern = option.words.map { "\(command.name):\($0)" }.joined(separator: " | ")
      let action =
        switch CompletedValue(of: option) {
        case .file: "_fcn_paths -f \"$word\"; "
        case .folder: "_fcn_paths -d \"$word\"; "
        case .words(let words): "_fcn_words '\(words.joined(separator: " "))' \"$word\"; "
        case .anything: ""
        }
      return "    \(pattern)) \(action)return ;;"
    }
  }

  /// The cases in which an option or a file is.
  private static func words(of command: Subcommand) -> [String] {
    let options = command.options.flatMap(\.words).joined(separator: " ")
    let dashes = "    \(command.name):-*) _fcn_words '\(options)' \"$word\" ;;"
    guard command.takesFiles else { return [dashes] }
    return [dashes, "    \(command.name):*) _fcn_paths -f \"$word\" ;;"]
  }
}
