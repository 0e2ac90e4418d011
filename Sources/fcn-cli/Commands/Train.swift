import FCNSwift

extension Subcommand {
  static let trainingStart = Option.value(
    "model", "FILE", "Start from this model, which replaces the options of a fresh one.",
    letter: "m")
  static let trainingNote = Option.value("note", "TEXT", "Free text that the models carry.")
  private static let output = Option.value(
    "output", "DIR", "The folder for models, log.csv and checkpoint; must be given.", letter: "o")
  private static let resume = Option.flag(
    "resume",
    "Go on from the checkpoint in the output folder, or begin where there is none yet; what "
      + "decides the numbers and is not named is as it was.")
  private static let extend = Option.flag(
    "extend",
    "With --resume and other --epochs or --iterations: go on where the learning rate falls to 0 over "
      + "the whole length too, at the rate of the new one.")
  private static let classIU = Option.flag(
    "class-iu", "Tell the IU of each class at every evaluation.")

  /// `fcn train`.
  static let train = Subcommand(
    "train", "Train a model on labelled pictures.",
    usage: ["--data DIR -o DIR [OPTIONS]"],
    discussion: """
      With --data and -o alone it learns: width, minibatch, crop, rate, class weights
      and length follow from the data and the machine, and it tells them.

      Leaves in the output folder, after every epoch: model.safetensors, the model as
      it is; best.safetensors, the one with the highest mean IU so far; log.csv, a
      row an epoch; class-iu.csv, the IU of each class at every evaluation;
      checkpoint.safetensors, from which the same command with --resume goes on to
      the same bits. Ctrl-C loses no more than the epoch that runs.
      """,
    [
      OptionGroup("Data", TrainingData.options),
      FreshModel.trainingGroup,
      OptionGroup("Or a model to start from", [trainingStart]),
      TrainOptions.learning, TrainOptions.augmentation,
      OptionGroup(
        "Output",
        [output, resume, extend, trainingNote, classIU] + TrainOptions.files
          + [TrainingOutputs.report, TrainingOutputs.events, .json, .quiet]),
      OptionGroup("What it runs on", [.threads, .device, TrainOptions.precision]),
    ], tables: [("Recipes", recipeTable)]
  ) { arguments in
    let folder = try arguments.required(output)
    try OutputFormat.page.check(
      arguments.text(TrainingOutputs.report), of: TrainingOutputs.report)
    try OutputGuard.checkTraining(
      data: arguments.texts(TrainingData.data) + arguments.texts(TrainingData.validation),
      start: arguments.text(trainingStart),
      source: arguments.text(FreshModel.source), graph: arguments.text(FreshModel.graph),
      classes: arguments.text(FreshModel.classes),
      classWeights: TrainOptions.classWeightsFile(arguments), folder: folder,
      report: arguments.text(TrainingOutputs.report),
      events: arguments.text(TrainingOutputs.events))
    if arguments.has(trainingStart), let option = FreshModel.given(in: arguments).first {
      throw UsageError("--\(option.name) is for a fresh model; --model names one that exists")
    }
    try TrainOptions.check(arguments)
    try FreshModel.check(arguments, takesScale: false)
    if arguments.has(extend), !arguments.has(resume) {
      throw UsageError("--extend is for --resume")
    }
    guard arguments.has(resume) || !Trainer.hasCheckpoint(in: folder) else {
      throw FCNError(
        .invalidState,
        "\(folder) holds a training already; --resume goes on with it, or name another folder")
    }
    try Trainer.checkFolder(folder, resume: arguments.has(resume))
    let saved = arguments.has(resume) ? try SavedTraining(folder: folder) : nil
    let data = try TrainingData(
      arguments,
      classNames: saved?.description.classNames
        ?? arguments.text(trainingStart).map {
          try Model(contentsOf: $0).description.classNames
        }, binaryMasks: saved?.binaryMasks ?? false)
    let (training, validation) = (data.training, data.validation)
    let survey = try DataCheck.run(
      training, validation, arguments, folders: data.folders, output: folder)
    let isQuiet = arguments.has(.quiet)
    let setup = try TrainingSetup(arguments, training, survey, folder: folder, saved: saved)
    let (model, options) = (setup.model, setup.options)
    warnOfOtherNames(model, training)
    DataCheck.tell(survey, options, model)
    try checkLength(setup, arguments, folder)
    if !isQuiet {
      announce(setup)
      if arguments.has(resume), setup.saved == nil {
        Terminal.note("\(folder) holds no checkpoint yet: the training begins")
      }
    }
    warnOfStart(setup, startsFresh: TrainingSetup.startsFresh(arguments))
    let trainer = try Trainer(
      model: model, training: training, validation: validation, folder: folder, options: options,
      resume: arguments.has(resume), extend: arguments.has(extend),
      classPixels: survey.training.classPixels)
    if let note = trainer.resumeNote { Terminal.note("warning: \(note)") }
    let report = TrainingReport(trainer, setup, tellsClasses: arguments.has(classIU), isQuiet)
    report.begin(training: training.count, validation: validation?.count ?? 0)
    defer { report.finish() }
    let outputs = try TrainingOutputs(
      arguments, trainer, setup, folder: folder, training: training.count,
      validation: validation?.count ?? 0)
    defer { outputs.finish() }
    do {
      let ending = try trainer.run { event in
        report.note(event)
        outputs.note(event)
        return !Interrupt.isPending
      }
      outputs.end(ending)
      report.end(
        ending, folder: folder, measuredBy: data.measured, binaryMasks: training.areBinaryMasks)
    } catch let error as FCNError where error.kind == .aborted {
      throw FCNError(
        .aborted, "\(error.message); the same command with --resume goes on from there")
    } catch let error as FCNError where error.kind == .notFinite {
      throw FCNError(.notFinite, "\(error.message). \(advice(options, model))")
    }
    if arguments.has(.json) { try Terminal.print(report.json(folder: folder).indentedText) }
  }

  /// Throws where a resumed training is to have another length, and its rate does not allow it.
  private static func checkLength(
    _ setup: TrainingSetup, _ arguments: Arguments, _ folder: String
  ) throws {
    guard let saved = setup.saved, !saved.canBeExtended, !arguments.has(extend) else { return }
    let (old, new) = (saved.options, setup.options)
    guard (old.epochs, old.iterations) != (new.epochs, new.iterations) else { return }
    throw UsageError(
      "the training in \(folder) is one of \(old.lengthInWords), over which its learning rate falls to "
        + "0; with \(new.lengthInWords) it would be another. Either add --extend: it goes on at the "
        + "rate that a training of \(new.lengthInWords) has there; or start anew from its best model: "
        + "--model "
        + shellWord("\(folder)/\(saved.best == nil ? "model" : "best").safetensors")
        + " -o NEW_FOLDER")
  }

  /// What to change where numbers stopped being finite.
  private static func advice(_ options: TrainingOptions, _ model: Model) -> String {
    var advice = ["--lr \(tenth(of: options.learningRate)) (it is \(options.learningRate))"]
    if options.warmup == 0 { advice.append("--warmup 100") }
    if options.clipNorm == 0 { advice.append("--clip 1") }
    let choices = try? Architecture.named(model.description.architecture).choices
    if !model.description.options.batchNorm, choices?.contains(.batchNorm) == true {
      advice.append("for a fresh network --batch-norm")
    }
    if options.lossReduction == .sum { advice.append("--loss-reduction mean") }
    return "Try " + advice.joined(separator: ", or ") + "; --lr is what matters most"
  }

  /// A tenth of a rate, with no more digits than the rate has.
  static func tenth(of rate: Float) -> Double { (Double("\(rate)") ?? Double(rate)) / 10 }
}
