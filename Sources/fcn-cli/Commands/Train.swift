import FCNSwift

extension Subcommand {
  private static let start = Option.value(
    "model", "FILE", "Start from this model, which replaces the options of a fresh one.",
    letter: "m")
  private static let note = Option.value("note", "TEXT", "Free text that the models carry.")
  private static let output = Option.value(
    "output", "DIR", "The folder for models, log.csv and checkpoint; must be given.", letter: "o")
  private static let resume = Option.flag(
    "resume",
    "Go on from the checkpoint in the output folder; all else must be as it was when it began.")

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
      OptionGroup("Data", TrainingData.options),
      FreshModel.group,
      OptionGroup("Or a model to start from", [start]),
      TrainOptions.learning, TrainOptions.augmentation,
      OptionGroup(
        "Output", [output, resume, note] + TrainOptions.files + [.json, .quiet]),
      OptionGroup("What it runs on", [.threads, .device, TrainOptions.precision]),
    ]
  ) { arguments in
    let folder = try arguments.required(output)
    if arguments.has(start), let option = FreshModel.given(in: arguments).first {
      throw UsageError("--\(option.name) is for a fresh model; --model names one that exists")
    }
    let data = try TrainingData(
      arguments,
      classNames: arguments.text(start).map { try Model(contentsOf: $0).description.classNames })
    let (training, validation) = (data.training, data.validation)
    let survey = try DataCheck.run(
      training, validation, arguments, folders: data.folders, output: folder)
    let model = try startingModel(arguments, training)
    warnOfOtherNames(model, training)
    let options = try TrainOptions.make(arguments, layers: model.network.layers.map(\.name))
    DataCheck.tell(survey, options, model, isQuiet: arguments.has(.quiet))
    if !arguments.has(.quiet), let recipe = try TrainOptions.recipe(arguments) {
      announce(recipe, options, model, startsFresh: startsFresh(arguments))
    }
    let trainer = try Trainer(
      model: model, training: training, validation: validation, folder: folder, options: options,
      resume: arguments.has(resume))
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
