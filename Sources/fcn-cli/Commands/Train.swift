import FCNSwift

extension Subcommand {
  private static let data = Option.value(
    "data", "DIR[:SPLIT]",
    "Pictures to learn from: a folder in VOC layout and one of its lists, train without one; may be "
      + "repeated.")
  private static let validation = Option.value(
    "val-data", "DIR[:SPLIT]",
    "Pictures to measure by after each epoch, val without a SPLIT; may be repeated. By default the val "
      + "lists of the --data folders that were named without a SPLIT; none: do not measure.")
  private static let start = Option.value(
    "model", "FILE", "Start from this model, which replaces the options of a fresh one.",
    letter: "m")
  private static let note = Option.value("note", "TEXT", "Free text that the models carry.")
  private static let output = Option.value(
    "output", "DIR", "The folder for models, log.csv and checkpoint; must be given.", letter: "o")
  private static let resume = Option.flag(
    "resume",
    "Go on from the checkpoint in the output folder; all else must be as it was when it began. "
      + "Without --device and --precision, on what and in which numbers it began.")

  /// `fcn train`.
  static let train = Subcommand(
    "train", "Train a model on labelled pictures.",
    usage: ["--data DIR -o DIR [OPTIONS]"],
    discussion: """
      Leaves in the output folder, after every epoch: model.safetensors, the model as
      it is; best.safetensors, the one with the highest mean IU so far; log.csv, a
      row an epoch; checkpoint.safetensors, from which the same command with --resume
      goes on to the same bits. Ctrl-C loses no more than the epoch that runs.
      """,
    [
      OptionGroup("Data", [data, validation]),
      FreshModel.group,
      OptionGroup("Or a model to start from", [start]),
      TrainOptions.learning, TrainOptions.augmentation,
      OptionGroup(
        "Output", [output, resume, note] + TrainOptions.files + [.json, .quiet]),
      OptionGroup("What it runs on", [.threads, .device, TrainOptions.precision]),
    ]
  ) { arguments in
    let folder = try arguments.required(output)
    let (training, validation) = try trainingData(arguments)
    let model = try startingModel(arguments, training)
    warnOfOtherNames(model, training)
    var options = try TrainOptions.make(arguments, layers: model.network.layers.map(\.name))
    if arguments.has(resume), let place = try Trainer.place(in: folder) {
      // What is not named is as it was.
      if arguments.text(.device) == nil { options.device = place.device }
      if arguments.text(TrainOptions.precision) == nil { options.precision = place.precision }
    }
    if !arguments.has(.quiet), let recipe = try TrainOptions.recipe(arguments) {
      announce(recipe, options, model, startsFresh: startsFresh(arguments))
    }
    let trainer = try Trainer(
      model: model, training: training, validation: validation, folder: folder, options: options,
      resume: arguments.has(resume))
    if let note = trainer.resumeNote { Terminal.log("warning: \(note)") }
    let report = TrainingReport(epochs: trainer.epochs, isQuiet: arguments.has(.quiet))
    report.begin(model, training: training.count, validation: validation?.count ?? 0)
    defer { report.finish() }
    do {
      try trainer.run { event in
        report.note(event)
        return !Interrupt.isPending
      }
    } catch let error as FCNError where error.kind == .aborted {
      throw FCNError(
        .aborted, "\(error.message); the same command with --resume goes on from there")
    }
    report.finish()
    if arguments.has(.json) { try Terminal.print(report.json(folder: folder).indentedText) }
  }

  private static func trainingData(
    _ arguments: Arguments
  ) throws -> (training: any LabelledPictures, validation: (any LabelledPictures)?) {
    let names = try arguments.texts(data).map { try DataName($0) }
    guard !names.isEmpty else { throw UsageError("\(data.spelling) is missing") }
    let training = try DataName.pictures(of: names, split: "train")
    let texts = arguments.texts(validation)
    if texts == ["none"] { return (training, nil) }
    let validationNames =
      try texts.isEmpty
      ? names.filter { try $0.split == nil && $0.folder.splits().contains("val") }
      : texts.map { try DataName($0) }
    guard !validationNames.isEmpty else { return (training, nil) }
    return (training, try DataName.pictures(of: validationNames, split: "val"))
  }

  private static func startingModel(
    _ arguments: Arguments, _ training: any LabelledPictures
  ) throws -> Model {
    guard let path = arguments.text(start) else {
      return try FreshModel.make(
        arguments, recipe: try TrainOptions.recipe(arguments), classNames: training.classNames,
        seed: try TrainOptions.seed(arguments), note: arguments.text(note) ?? ""
      ) { transplant in
        if !arguments.has(.quiet) { report(transplant) }
      }
    }
    if let option = FreshModel.given(in: arguments).first {
      throw UsageError("--\(option.name) is for a fresh model; --model names one that exists")
    }
    let model = try Model(contentsOf: path)
    guard let text = arguments.text(note) else { return model }
    var description = model.description
    description.note = text
    return try Model(description: description, weights: model.orderedWeights)
  }
}
