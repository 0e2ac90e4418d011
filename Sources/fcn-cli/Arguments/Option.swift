import FCNSwift

/// An option of a subcommand: `--name`, or `--name VALUE`.
struct Option: Sendable {
  /// Without the dashes.
  let name: String
  /// A one-letter spelling, without its dash.
  let letter: Character?
  /// What help calls the value; nil for an option that takes none.
  let value: String?
  /// What it does, and its default.
  let help: String
  /// Whether the value `-` stands for standard input or output.
  var takesDash = false
  /// Values that shells complete by, where there are some to choose from.
  var choices: [String] = []

  /// An option that is either there or not.
  static func flag(_ name: String, _ help: String, letter: Character? = nil) -> Option {
    Option(name: name, letter: letter, value: nil, help: help)
  }

  /// An option with a value.
  static func value(
    _ name: String, _ value: String, _ help: String, letter: Character? = nil,
    takesDash: Bool = false
  ) -> Option {
    Option(name: name, letter: letter, value: value, help: help, takesDash: takesDash)
  }

  /// The same with values that shells complete by.
  func choosing(from choices: [String]) -> Option {
    var option = self
    option.choices = choices
    return option
  }

  /// The same with the names of an enumeration's cases.
  func choosing<Choice>(from choices: Choice.Type) -> Option
  where Choice: RawRepresentable<String> & CaseIterable {
    choosing(from: choices.allCases.map(\.rawValue))
  }

  /// Whether the value is a path: help calls those FILE, DIR or OUT.
  var isPath: Bool { value.map { ["FILE", "DIR", "DIR[:SPLIT]", "OUT"].contains($0) } ?? false }

  /// How help spells it.
  var spelling: String {
    let letter = letter.map { "-\($0), " } ?? ""
    return "\(letter)--\(name)" + (value.map { " \($0)" } ?? "")
  }
}

extension Option {
  static let help = flag("help", "Show this help.", letter: "h")
  static let threads = value(
    "threads", "N", "Threads to work with; 0, the default, means one for every core.")
  static let json = flag("json", "Print one JSON object on standard output.")
  static let quiet = flag("quiet", "Say nothing but warnings and errors.", letter: "q")
  static let disabled = value(
    "disable", "FORM",
    "Compute without a fast form, such as convolution.winograd4 or batch_norm.folding, to find a "
      + "fault or compare; may be repeated.")
  static let precision = value(
    "precision", "NUMBERS",
    "What convolutions multiply: float32, the default; int16, whose weights take half the memory; or "
      + "int8, whose values between layers are bytes and which wants a model that `fcn quantize` wrote. On a "
      + "CUDA device float32, tf32, float16 or bfloat16."
  ).choosing(from: Precision.self)
  /// Said where int8 has to go by the first picture.
  static let measuresRanges =
    "the model was not quantized: the ranges of values are measured on the first picture; `fcn quantize` "
    + "takes them from many"
  static let device = value(
    "device", "DEVICE",
    "What the network runs on: cpu, the default, or cuda, the first CUDA device, or cuda:1 and so on."
  ).choosing(from: ["cpu", "cuda"])
  static let model = value(
    "model", "FILE", "The model; without it the default model that is installed with fcn.",
    letter: "m")
}

/// Options under a title in help.
struct OptionGroup: Sendable {
  let title: String
  let options: [Option]

  init(_ title: String, _ options: [Option]) {
    self.title = title
    self.options = options
  }
}
