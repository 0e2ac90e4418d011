/// What a shell completes `fcn`'s command line by, made of the tables that parse it.
enum Completion: String, CaseIterable {
  case bash, zsh, fish

  /// The shell's script, for the commands that help lists.
  func script(of subcommands: [Subcommand]) -> String {
    switch self {
    case .bash: BashCompletion.script(of: subcommands)
    case .zsh: ZshCompletion.script(of: subcommands)
    case .fish: FishCompletion.script(of: subcommands)
    }
  }

  /// What stands at the top of each script.
  static func title(_ shell: Completion) -> String {
    "# Completes fcn's command line in \(shell.rawValue). Written by `fcn completions \(shell.rawValue)`."
  }

  /// The words beside the commands that may come first.
  static let firstWords = [("help", "Show the commands, or the help of one.")]
  static let firstOptions = ["--help", "--version"]
}

/// What may stand for an option's value.
enum CompletedValue {
  case file, folder
  case words([String])
  /// Whatever the user types.
  case anything

  init(of option: Option) {
    if !option.choices.isEmpty {
      self = .words(option.choices)
    } else if option.value?.hasPrefix("DIR") == true {
      self = .folder
    } else {
      self = option.isPath ? .file : .anything
    }
  }
}

extension Option {
  /// `--output`, and `-o` where there is one.
  var words: [String] { ["--\(name)"] + (letter.map { ["-\($0)"] } ?? []) }
}

extension Subcommand {
  /// Whether files may stand among its words.
  var takesFiles: Bool { operands.upperBound > 0 }
}

extension String {
  /// In single quotes, as bash and zsh read them.
  var shellQuoted: String {
    "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
