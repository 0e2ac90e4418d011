/// One of the things that `fcn` does.
struct Subcommand: Sendable {
  /// The word after `fcn`.
  let name: String
  /// What it does, in a line.
  let summary: String
  /// How it is called, without `fcn` and its name; a line for each way.
  let usage: [String]
  /// What the options do not say.
  let discussion: String
  /// How many operands, all of them paths, it takes.
  let operands: ClosedRange<Int>
  /// Whether the operand `-` stands for standard input.
  let takesDash: Bool
  /// Its options; `--help` is everyone's.
  let groups: [OptionGroup]
  /// What help tells besides: tables with titles.
  let tables: [(title: String, rows: [(String, String)])]
  /// Does it.
  let run: @Sendable (Arguments) throws -> Void

  init(
    _ name: String, _ summary: String, usage: [String], discussion: String = "",
    operands: ClosedRange<Int> = 0...0, takesDash: Bool = false, _ groups: [OptionGroup],
    tables: [(title: String, rows: [(String, String)])] = [],
    run: @escaping @Sendable (Arguments) throws -> Void
  ) {
    self.name = name
    self.summary = summary
    self.usage = usage
    self.discussion = discussion
    self.operands = operands
    self.takesDash = takesDash
    self.groups = groups + [OptionGroup("Help", [.help])]
    self.tables = tables
    self.run = run
  }

  var options: [Option] { groups.flatMap(\.options) }
}
