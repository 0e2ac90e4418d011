import FCNSwift

extension Subcommand {
  private static let split = Option.value(
    "split", "NAME", "The list of pictures to take; by default all that have labels.")
  private static let size = Option.value(
    "size", "N", "Rows and columns of the prepared pictures; 224 by default.")
  private static let trainingMinibatch = Option.value(
    "train-batch", "N", "The training count is cut to a multiple of this; 10 by default.")
  private static let testMinibatch = Option.value(
    "val-batch", "N", "The test count is cut to a multiple of this; 5 by default.")
  private static let seed = Option.value(
    "seed", "N", "What the shuffled order follows from; 0 by default.")
  private static let inOrder = Option.flag(
    "in-order", "Divide the list as it stands, without shuffling.")
  private static let output = Option.value(
    "output", "DIR", "The folder to write; must be given.", letter: "o")
  private static let overwrite = Option.flag(
    "overwrite", "Write even where the folder holds another set of pictures.")

  /// `fcn prepare`.
  static let prepare = Subcommand(
    "prepare", "Crop, resize and split a folder in VOC layout as the published system does.",
    usage: ["DIR -o DIR [OPTIONS]"],
    discussion: """
      Takes of each picture the largest centred square at one size, and four fifths
      of the pictures for the list train, the rest for val, both cut to whole
      minibatches: VOC2012's 2,913 pictures become 2,330 and 580.
      """,
    operands: 1...1,
    [
      OptionGroup(
        "Options",
        [
          output, split, FreshModel.classes, .binaryMasks, size, trainingMinibatch, testMinibatch,
          seed, inOrder, overwrite, .json,
          .quiet,
        ])
    ]
  ) { arguments in
    let path = try arguments.required(output)
    guard !(arguments.has(seed) && arguments.has(inOrder)) else {
      throw UsageError("--seed is for a shuffled order, --in-order for none; give one of them")
    }
    let batches = 1...1_000_000
    var preparation = Preparation()
    preparation.size = try arguments.integer(size, in: 1...16384) ?? preparation.size
    preparation.trainingMinibatch =
      try arguments.integer(trainingMinibatch, in: batches) ?? preparation.trainingMinibatch
    preparation.testMinibatch =
      try arguments.integer(testMinibatch, in: batches) ?? preparation.testMinibatch
    preparation.seed =
      arguments.has(inOrder) ? nil : try arguments.seed(seed) ?? preparation.seed
    var files = OutputGuard()
    files.reads(data: arguments.operands[0])
    files.writes(intoFolder: path, as: "--output")
    try files.check()
    let source = try VOCFolder(path: arguments.operands[0], reading: .init(arguments))
    DataCheck.tell(source.remarks)
    let progress = Progress("preparing", unit: "pictures", isQuiet: arguments.has(.quiet))
    defer { progress.finish() }
    let result = try preparation.run(
      source, split: arguments.text(split), to: path, overwrite: arguments.has(overwrite)
    ) { done, total in
      progress.update(done, of: total)
      return !Interrupt.isPending
    }
    progress.finish()
    if let note = result.note, !arguments.has(.quiet) { Terminal.log("fcn prepare: \(note)") }
    if arguments.has(.json) {
      let json: JSON = [
        "output": .string(path), "train": .number(result.training.count),
        "val": .number(result.test.count), "left_over": .number(result.leftOver),
      ]
      try Terminal.print(json.indentedText)
    } else if !arguments.has(.quiet) {
      try Terminal.print(
        "\(path): \(counted(result.training.count, "picture")) in train, "
          + "\(result.test.count) in val, "
          + "\(result.leftOver) left over")
    }
  }
}
