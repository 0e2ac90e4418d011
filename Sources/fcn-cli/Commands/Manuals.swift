import FCNSwift

extension Subcommand {
  private static let output = Option.value(
    "output", "DIR", "The folder that gets fcn.1, fcn-segment.1 and so on.", letter: "o")

  /// `fcn man`, which installers call: writes the manual pages.
  static let manual = Subcommand(
    "man", "Write the manual pages.", usage: ["-o DIR", "> fcn.1"],
    discussion: """
      The pages say what --help says, in roff. Without -o it is fcn.1 alone, on
      standard output. SOURCE_DATE_EPOCH is the day that they bear.
      """, [OptionGroup("Options", [output])]
  ) { arguments in
    let listed = CommandLineTool.subcommands
    let overview = ManualPage.overview(of: listed)
    guard let folder = arguments.text(output) else {
      return try Terminal.print(overview, terminator: "")
    }
    try File.makeFolder(folder)
    try File.write(Array(overview.utf8), to: "\(folder)/fcn.1")
    for command in listed {
      try File.write(
        Array(ManualPage.page(of: command).utf8), to: "\(folder)/fcn-\(command.name).1")
    }
  }

  /// `fcn completions`, which installers and shells' start files call.
  static let completions = Subcommand(
    "completions", "Print what a shell completes fcn's command line by.", usage: ["bash|zsh|fish"],
    discussion: "`make install` and the packages put it where shells look.", operands: 1...1, [],
    tables: [
      (
        "Without that, for the shell that runs",
        [
          ("bash", "source <(fcn completions bash)"), ("zsh", "source <(fcn completions zsh)"),
          ("fish", "fcn completions fish | source"),
        ]
      )
    ]
  ) { arguments in
    guard let shell = arguments.operands.first.flatMap(Completion.init) else {
      throw UsageError(
        "there are no completions for \"\(arguments.operands.first ?? "")\"; wanted one of "
          + Completion.allCases.map(\.rawValue).joined(separator: ", "))
    }
    try Terminal.print(shell.script(of: CommandLineTool.subcommands), terminator: "")
  }
}
