import FCNSwift

/// The `fcn` command: finds the subcommand, reports its errors, returns its exit status.
enum CommandLineTool {
  static let subcommands: [Subcommand] = [
    .segment, .train, .evaluate, .checkData, .convert, .prepare, .initialize, .importWeights,
    .quantize, .export,
    .info, .bench, .check, .plot, .scenes, .version,
  ]

  /// For installers and shells, not listed in the help.
  static let unlisted: [Subcommand] = [.manual, .completions]

  /// Runs the command line as C's `main` gets it.
  static func run(
    argumentCount: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Int32 {
    Interrupt.listen()
    return reportingErrors("fcn") {
      run(
        try (1..<max(1, Int(argumentCount))).compactMap { index in
          guard let word = arguments[index] else { return nil }
          // Swift's own list has another character in place of what is no UTF-8: another file's name.
          guard let text = String(validatingCString: word) else {
            throw UsageError(
              "word \(index) of the command line, \"\(String(cString: word))\", is not UTF-8; rename "
                + "the file, or go by a link of another name")
          }
          return text
        })
    }
  }

  private static func run(_ words: [String]) -> Int32 {
    guard let name = words.first else {
      Terminal.rawLog(Help.overview(of: subcommands))
      return ExitStatus.usage
    }
    return reportingErrors("fcn") {
      switch name {
      case "--help", "-h", "help": try help(words.dropFirst())
      case "--version": return try run(.version, Array(words.dropFirst()))
      default:
        let command = try subcommand(name)
        Interrupt.name("fcn \(name)")
        return reportingErrors("fcn \(name)") { try run(command, Array(words.dropFirst())) }
      }
      return ExitStatus.success
    }
  }

  private static func run(_ command: Subcommand, _ words: [String]) throws -> Int32 {
    let arguments = try command.parse(words)
    if arguments.has(.help) {
      try Terminal.print(Help.text(of: command), terminator: "")
    } else {
      try command.run(arguments)
    }
    return ExitStatus.success
  }

  private static func help(_ words: ArraySlice<String>) throws {
    let text = try words.first.map { Help.text(of: try subcommand($0)) }
    try Terminal.print(text ?? Help.overview(of: subcommands), terminator: "")
  }

  private static func subcommand(_ name: String) throws -> Subcommand {
    guard let found = (subcommands + unlisted).first(where: { $0.name == name }) else {
      let nearest = nearest(to: name, among: subcommands.map(\.name))
      let what = name.hasPrefix("-") ? "option \(name) without a command" : "command \"\(name)\""
      throw UsageError(
        "there is no \(what)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }
    return found
  }

  /// Runs `body`; what it throws is told on standard error after `name` and a colon.
  private static func reportingErrors(_ name: String, _ body: () throws -> Int32) -> Int32 {
    do {
      return try body()
    } catch let error as UsageError {
      Terminal.log("\(name): \(error.message)")
      Terminal.log("Try `\(name) --help`.")
      return ExitStatus.usage
    } catch let error as FCNError where error.kind == .aborted {
      Terminal.log("\(name): \(Interrupt.message(of: error))")
      return ExitStatus.of(error)
    } catch let error as FCNError {
      Terminal.log("\(name): \(error.inCommandWords.message)")
      return ExitStatus.of(error)
    } catch is BrokenPipe {
      return 128 + 13
    } catch {
      Terminal.log("\(name): \(error)")
      return ExitStatus.failure
    }
  }
}

extension FCNError {
  /// The same with the options' names.
  var inCommandWords: FCNError {
    naming(processor: "--device cpu").naming(overwriting: "--overwrite")
  }
}
