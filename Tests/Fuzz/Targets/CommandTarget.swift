@testable import FCNCommand
@testable import FCNSwift

extension FuzzTarget {
  /// A command line, its words on lines: as far as it can be understood without a file.
  static let command = FuzzTarget(name: "command") { bytes in
    let words = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let commands = CommandLineTool.subcommands + CommandLineTool.unlisted
    guard let name = words.first, let command = commands.first(where: { $0.name == name }) else {
      return
    }
    do {
      let arguments = try command.parse(Array(words.dropFirst()))
      try readValues(of: command, arguments)
    } catch let error as UsageError {
      require(!error.message.isEmpty, "an error without a message")
    }
  }

  private static func readValues(of command: Subcommand, _ arguments: Arguments) throws {
    var readers: [() throws -> Void] = command.options.flatMap { option -> [() throws -> Void] in
      [
        { _ = try arguments.integer(option, in: 0...100) },
        { _ = try arguments.seed(option) },
        { _ = try arguments.number(option, in: NumberRange<Float>(0...1)) },
        { _ = try arguments.pair(option, separator: ":", in: NumberRange<Float>(0...20)) },
        { _ = try arguments.size(option, in: 1...16384) },
        { _ = try arguments.choice(option) as Precision? },
        { _ = try arguments.required(option) },
      ]
    }
    readers += [
      { _ = try arguments.threads() }, { _ = try arguments.device() },
      { try TrainOptions.check(arguments) }, { _ = try TrainOptions.seed(arguments) },
      { _ = try TrainOptions.settled(arguments) },
    ]
    for reader in readers {
      do {
        try reader()
      } catch is UsageError {
        continue
      } catch let error as FCNError where error.kind != .internalDefect {
        continue
      }
    }
  }
}
