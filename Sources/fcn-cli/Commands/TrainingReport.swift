import FCNSwift

/// Tells on standard error how a training goes: a bar, a line an evaluation, and at the end what is
/// best and what to do with it.
final class TrainingReport {
  private let setup: TrainingSetup
  private let epochs: Int
  private let epochsBefore: Int
  private let tellsClasses: Bool
  private let isQuiet: Bool
  private var progress: Progress?
  private var minibatches = (done: 0, total: 0)
  private var last: EpochRecord?
  private var best: (meanIU: Double, epoch: Int)?
  private var hasWarned = false

  init(_ trainer: Trainer, _ setup: TrainingSetup, tellsClasses: Bool, _ isQuiet: Bool) {
    self.setup = setup
    epochs = trainer.epochs
    epochsBefore = trainer.epochsDone
    best = trainer.bestSoFar
    self.tellsClasses = tellsClasses
    self.isQuiet = isQuiet
  }

  /// Tells what is about to happen.
  func begin(training: Int, validation: Int) {
    guard !isQuiet else { return }
    let model = setup.model
    Terminal.note(
      "\(model.description.architecture), \(counted(model.parameterCount, "parameter")), "
        + "\(counted(model.description.classNames.count, "class")); "
        + "\(counted(training, "picture")) to learn from, "
        + "\(validation) to validate on")
    if epochsBefore > 0 {
      let before = best.map { ", best mean IU \(text($0.meanIU)) in epoch \($0.epoch)" } ?? ""
      Terminal.note(
        "\(epochsBefore) of \(counted(epochs, "epoch")) \(epochsBefore == 1 ? "is" : "are") "
          + "done\(before)")
    }
  }

  func note(_ event: Trainer.Event) {
    switch event {
    case .minibatch(let minibatch): note(minibatch)
    case .evaluated(let done, let total):
      progress?.update(
        minibatches.done, of: minibatches.total, note: "evaluating, picture \(done) of \(total)")
    case .epoch(let record): note(record)
    }
  }

  private func note(_ minibatch: Trainer.Progress) {
    let done = (minibatch.epoch - 1) * minibatch.iterations + minibatch.iteration
    let isFirst = progress == nil
    if progress == nil {
      progress = Progress("training", unit: "batches", isQuiet: isQuiet, alreadyDone: done)
    }
    minibatches = (done, minibatch.iterationsInAll)
    let note = "epoch \(minibatch.epoch), loss \(minibatch.loss.rounded(toPlaces: 4))"
    if isFirst, !isQuiet, !Terminal.isInteractive {
      // The next line is half a minute away.
      Terminal.log("training: \(done)/\(minibatches.total), \(note)")
    }
    progress?.update(done, of: minibatches.total, note: note)
  }

  private func note(_ record: EpochRecord) {
    last = record
    let meanIU = record.validation?.meanIU ?? .nan
    let isBest = meanIU > best?.meanIU ?? -.infinity
    if isBest { best = (meanIU, record.epoch) }
    warnOfTrouble(record)
    guard !isQuiet else { return }
    guard record.validation != nil || epochs <= 60 || record.epoch == epochs else { return }
    progress?.finish()
    Terminal.log(line(record, isBest))
    if tellsClasses, let validation = record.validation { tellClasses(validation) }
  }

  /// The longest of the epoch's line that fits the terminal.
  private func line(_ record: EpochRecord, _ isBest: Bool) -> String {
    func line(_ measures: (EpochRecord.Measures) -> String) -> String {
      "epoch \(record.epoch)/\(epochs)  \(duration(record.seconds))  "
        + measures(record.training)
        + (record.validation.map { "  |  val \(measures($0))" } ?? "") + (isBest ? "  best" : "")
    }
    let lines = [
      line {
        "loss \(self.text($0.loss))  accuracy \(self.text($0.pixelAccuracy))  mean IU "
          + self.text($0.meanIU)
      },
      line { "loss \(self.text($0.loss))  mean IU \(self.text($0.meanIU))" },
      line { "loss \($0.loss.rounded(toPlaces: 3)) IU \($0.meanIU.rounded(toPlaces: 3))" },
    ]
    let line = lines.first { $0.count <= Terminal.width } ?? lines[2]
    return String(line.prefix(max(40, Terminal.width)))
  }

  private func tellClasses(_ measures: EpochRecord.Measures) {
    let parts = zip(setup.model.description.classNames, measures.classIU).map { name, value in
      String("\(name) \(value.rounded(toPlaces: 3))".map { $0 == " " ? "\u{A0}" : $0 })
    }
    Terminal.note("\u{A0}\u{A0}IU:\u{A0}" + parts.joined(separator: ", "), indent: 6)
  }

  /// Warns once of a loss that tells of a network which guesses worse than by chance.
  private func warnOfTrouble(_ record: EpochRecord) {
    let classes = Double(setup.model.description.classNames.count)
    guard !hasWarned, setup.options.lossReduction == .mean, record.training.loss > 10 * classes
    else { return }
    hasWarned = true
    progress?.finish()
    let rate = setup.options.learningRate
    Terminal.note(
      "warning: the loss is \(text(record.training.loss)), far above that of guessing; the learning "
        + "rate may be too high: --lr is \(rate), try \(Subcommand.tenth(of: rate))")
  }

  private func text(_ value: Double) -> String { value.rounded(toPlaces: 4) }

  /// Takes the bar away.
  func finish() { progress?.finish() }

  /// Tells how it ended, what is best, and what to do next. `names` are those of the data that it was
  /// evaluated on, read with `--binary-masks` or without.
  func end(
    _ ending: Trainer.Ending, folder: String, measuredBy names: [String], binaryMasks: Bool
  ) {
    finish()
    guard !isQuiet else { return }
    let done = last?.epoch ?? epochsBefore
    switch ending {
    case .allEpochs:
      Terminal.note(
        (epochs == 1 ? "the epoch" : "all \(epochs) epochs")
          + (last == nil
            ? (epochs == 1 ? " was done already" : " were done already")
            : (epochs == 1 ? " is done" : " are done")))
    case .patience:
      Terminal.note(
        "ended after epoch \(done) of \(epochs): no better mean IU for "
          + "\(counted(setup.options.patience, "epoch")); --resume with a larger --patience, or "
          + "0, goes on")
    case .timeLimit:
      Terminal.note(
        "ended after epoch \(done) of \(epochs): another would pass the time limit; --resume goes on"
      )
    }
    var model = "\(folder)/model.safetensors"
    if let best {
      model = "\(folder)/best.safetensors"
      Terminal.note("best: mean IU \(text(best.meanIU)) in epoch \(best.epoch), \(model)\(floor)")
    } else {
      Terminal.note("the model: \(model); it was not evaluated")
    }
    Terminal.log("next:")
    let word = shellWord(model)
    Terminal.log("  fcn segment PICTURE --model \(word) --overlay overlay.png")
    if !names.isEmpty, best != nil {
      Terminal.log(
        "  fcn eval --model \(word)" + names.map { " --data \(shellWord($0))" }.joined()
          + (binaryMasks ? " --binary-masks" : ""))
    }
    Terminal.log("  fcn plot \(shellWord(folder)) -o curves.png")
  }

  /// What a model would have that answers with one class throughout, for comparison.
  private var floor: String {
    guard let part = setup.survey.validation, part.labelledPixels > 0 else { return "" }
    let share = Double(part.classPixels.max() ?? 0) / Double(part.labelledPixels)
    let classes = Double(max(1, part.classesThatOccur.count))
    return " (one class everywhere: \(text(share / classes)))"
  }

  /// The training in one object.
  func json(folder: String) -> JSON {
    func measures(_ measures: EpochRecord.Measures?) -> JSON {
      guard let measures else { return nil }
      return [
        "loss": .number(measures.loss), "pixel_accuracy": .number(measures.pixelAccuracy),
        "mean_accuracy": .number(measures.meanAccuracy), "mean_iu": .number(measures.meanIU),
        "frequency_weighted_iu": .number(measures.frequencyWeightedIU),
        "mean_picture_accuracy": .number(measures.meanPictureAccuracy),
        "class_iu": .array(measures.classIU.map { $0.isNaN ? JSON.null : .number($0) }),
      ]
    }
    return [
      "output": .string(folder), "epochs": .number(last?.epoch ?? epochsBefore),
      "iterations": last.map { .number($0.iteration) } ?? nil,
      "seconds": last.map { .number($0.seconds) } ?? nil, "train": measures(last?.training),
      "val": measures(last?.validation),
      "best_epoch": best.map { .number($0.epoch) } ?? nil,
      "best_mean_iu": best.map { .number($0.meanIU) } ?? nil,
    ]
  }
}
