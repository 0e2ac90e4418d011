import FCNSwift

/// Tells on standard error how a training goes: a bar, and a line an epoch.
final class TrainingReport {
  private let epochs: Int
  private let isQuiet: Bool
  private var progress: Progress?
  private var minibatches = (done: 0, total: 0)
  private var last: EpochRecord?
  private var best: (epoch: Int, meanIU: Double)?

  init(epochs: Int, isQuiet: Bool) {
    self.epochs = epochs
    self.isQuiet = isQuiet
  }

  /// Tells what is about to happen.
  func begin(_ model: Model, training: Int, validation: Int) {
    guard !isQuiet else { return }
    let description = model.description
    Terminal.log(
      "\(description.architecture), \(grouped(model.parameterCount)) parameters, "
        + "\(description.classNames.count) classes; \(training) pictures to learn from, "
        + "\(validation) to measure by; \(Capabilities.processor)")
  }

  func note(_ event: Trainer.Event) {
    switch event {
    case .minibatch(let minibatch): note(minibatch)
    case .evaluated(let done, let total):
      progress?.update(
        minibatches.done, of: minibatches.total, note: "measuring, picture \(done) of \(total)")
    case .epoch(let record): note(record)
    }
  }

  private func note(_ minibatch: Trainer.Progress) {
    let done = (minibatch.epoch - 1) * minibatch.iterations + minibatch.iteration
    if progress == nil {
      progress = Progress("training", unit: "batches", isQuiet: isQuiet, alreadyDone: done)
    }
    minibatches = (done, minibatch.iterationsInAll)
    progress?.update(
      done, of: minibatches.total,
      note: "epoch \(minibatch.epoch), loss \(minibatch.loss.rounded(toPlaces: 4))")
  }

  private func note(_ record: EpochRecord) {
    last = record
    let meanIU = record.validation?.meanIU ?? .nan
    let isBest = meanIU > best?.meanIU ?? -.infinity
    if isBest { best = (record.epoch, meanIU) }
    guard !isQuiet else { return }
    progress?.finish()
    var line =
      "epoch \(record.epoch)/\(epochs)  \(duration(record.seconds))  "
      + summary(record.training)
    if let validation = record.validation {
      line += "  |  val \(summary(validation))" + (isBest ? "  best" : "")
    }
    Terminal.log(line)
  }

  private func summary(_ measures: EpochRecord.Measures) -> String {
    "loss \(measures.loss.rounded(toPlaces: 4))  accuracy "
      + "\(measures.pixelAccuracy.rounded(toPlaces: 4))  mean IU "
      + measures.meanIU.rounded(toPlaces: 4)
  }

  /// Takes the bar away.
  func finish() { progress?.finish() }

  /// The training in one object.
  func json(folder: String) -> JSON {
    func measures(_ measures: EpochRecord.Measures?) -> JSON {
      guard let measures else { return nil }
      return [
        "loss": .number(measures.loss), "pixel_accuracy": .number(measures.pixelAccuracy),
        "mean_accuracy": .number(measures.meanAccuracy), "mean_iu": .number(measures.meanIU),
        "frequency_weighted_iu": .number(measures.frequencyWeightedIU),
        "mean_picture_accuracy": .number(measures.meanPictureAccuracy),
      ]
    }
    return [
      "output": .string(folder), "epochs": .number(last?.epoch ?? epochs),
      "iterations": last.map { .number($0.iteration) } ?? nil,
      "seconds": last.map { .number($0.seconds) } ?? nil, "train": measures(last?.training),
      "val": measures(last?.validation),
      "best_epoch": best.map { .number($0.epoch) } ?? nil,
      "best_mean_iu": best.map { .number($0.meanIU) } ?? nil,
    ]
  }
}
