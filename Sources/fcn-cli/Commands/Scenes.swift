import FCNSwift

extension Subcommand {
  private static let count = Option.value("count", "N", "Scenes in all, on one list, train.")
  private static let training = Option.value("train", "N", "Scenes on the list train.")
  private static let validation = Option.value("val", "N", "Scenes on the list val.")
  private static let seed = Option.value(
    "seed", "N", "What the scenes follow from; 1 by default.")
  private static let size = Option.value(
    "size", "WIDTHxHEIGHT", "The pictures' size; 480x360 by default.")
  private static let output = Option.value(
    "output", "DIR", "The folder to write; must be given.", letter: "o")
  private static let overwrite = Option.flag(
    "overwrite", "Write even where the folder holds another set of pictures.")

  /// `fcn scenes`.
  static let scenes = Subcommand(
    "scenes", "Draw street scenes with exact labels, as a folder in VOC layout.",
    usage: ["--count N -o DIR [OPTIONS]", "--train N --val N -o DIR [OPTIONS]"],
    discussion: "The same seed and size draw the same scenes.",
    [OptionGroup("Options", [count, training, validation, seed, size, output, overwrite, .quiet])]
  ) { arguments in
    let path = try arguments.required(output)
    let splits = try [(count, "train"), (training, "train"), (validation, "val")].compactMap {
      option, name in
      try arguments.integer(option, in: 1...1_000_000).map { SceneFolder.Split(name, count: $0) }
    }
    guard !splits.isEmpty, !(arguments.has(count) && splits.count > 1) else {
      throw UsageError("give either --count, or --train and --val")
    }
    let size = try arguments.size(size, in: Scene.sizes) ?? (480, 360)
    let progress = Progress(path, unit: "scenes", isQuiet: arguments.has(.quiet))
    defer { progress.finish() }
    try SceneFolder.write(
      to: path, splits: splits, seed: try arguments.seed(seed) ?? 1, width: size.width,
      height: size.height, overwrite: arguments.has(overwrite)
    ) { done, total in
      progress.update(done, of: total)
      return !Interrupt.isPending
    }
  }
}
