import FCNSwift

/// What `train` leaves where it is asked to, for people who look on: a page, and TensorBoard's events.
///
/// What cannot be written before the training begins is an error; what cannot be written later is told
/// once, and the training goes on.
final class TrainingOutputs {
  static let report = Option.value(
    "report", "FILE",
    "Write a page of curves and measures, after every epoch anew; it needs nothing but a browser.")
  static let events = Option.value(
    "tensorboard", "DIR",
    "Write loss, rate and measures as events that TensorBoard reads: tensorboard --logdir DIR.")

  private let path: String?
  private let log: String
  private var page: TrainingPage
  private var file: EventFile?
  private let epochs: Int
  private let classNames: [String]
  private var epochsDone: Int
  /// Said when all is over.
  private var state = ""

  init(
    _ arguments: Arguments, _ trainer: Trainer, _ setup: TrainingSetup, folder: String,
    training: Int, validation: Int
  ) throws {
    path = arguments.text(Self.report)
    log = "\(folder)/log.csv"
    (epochs, epochsDone) = (trainer.epochs, trainer.epochsDone)
    let description = trainer.description
    classNames = description.classNames
    let data = arguments.texts(TrainingData.data).joined(separator: ", ")
    page = TrainingPage(
      title: "Training of \(description.architecture)",
      facts: [
        ReportFact("data", data), ReportFact("output", folder),
        ReportFact("pictures", "\(grouped(training)), \(grouped(validation)) to validate on"),
        ReportFact("classes", "\(classNames.count)"),
        ReportFact("parameters", grouped(setup.model.parameterCount)),
        ReportFact("minibatch", "\(setup.options.batchSize)"),
        ReportFact("learning rate", "\(setup.options.learningRate)"),
      ], classNames: classNames, palette: description.palette)
    state = "stopped before the first epoch"
    try writePage()
    file = try arguments.text(Self.events).map {
      try EventFile(folder: $0, from: trainer.iterationsDone + 1)
    }
  }

  /// Writes what there is to tell of `event`.
  func note(_ event: Trainer.Event) {
    switch event {
    case .minibatch(let minibatch):
      let step = (minibatch.epoch - 1) * minibatch.iterations + minibatch.iteration
      append(
        [
          ("minibatch/loss", minibatch.loss),
          ("minibatch/learning_rate", Double(minibatch.learningRate)),
        ], step)
    case .evaluated: break
    case .epoch(let record): note(record)
    }
  }

  private func note(_ record: EpochRecord) {
    epochsDone = record.epoch
    if let validation = record.validation {
      page.evaluation = (record.epoch, validation.confusion)
    }
    var scalars = [("learning_rate", Double(record.learningRate))]
    for (name, measures) in [("train", record.training), ("val", record.validation)] {
      guard let measures else { continue }
      scalars += [
        ("\(name)/loss", measures.loss), ("\(name)/pixel_accuracy", measures.pixelAccuracy),
        ("\(name)/mean_accuracy", measures.meanAccuracy), ("\(name)/mean_iu", measures.meanIU),
        ("\(name)/frequency_weighted_iu", measures.frequencyWeightedIU),
      ]
    }
    scalars += zip(classNames, record.validation?.classIU ?? []).map { ("class_iu/\($0)", $1) }
    append(scalars, record.iteration)
    state = "stopped after epoch \(record.epoch) of \(epochs)"
    telling("--report") { try writePage() }
  }

  /// Notes how the training ended by itself.
  func end(_ ending: Trainer.Ending) {
    state =
      switch ending {
      case .allEpochs: "all \(counted(epochs, "epoch")) done"
      case .patience: "ended after epoch \(epochsDone) of \(epochs): no better for long"
      case .timeLimit: "ended after epoch \(epochsDone) of \(epochs): time limit"
      }
  }

  /// Writes the page for the last time, however the training ended.
  func finish() {
    page.isRunning = false
    telling("--report") { try writePage() }
  }

  private func append(_ scalars: [(String, Double)], _ step: Int) {
    guard let file else { return }
    let isWritten = telling("--tensorboard") {
      try file.append(scalars.map { (tag: $0, value: $1) }, step: step)
    }
    if !isWritten { self.file = nil }
  }

  private var hasWarned = false

  @discardableResult
  private func telling(_ option: String, _ body: () throws -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      if !hasWarned {
        Terminal.log("warning: \(option): \(error); the training goes on without it")
      }
      hasWarned = true
      return false
    }
  }

  private func writePage() throws {
    guard let path else { return }
    page.columns = try LogFile.columns(of: log, upTo: epochsDone)
    page.state = page.isRunning ? "epoch \(epochsDone) of \(epochs)" : state
    page.footer = reportFooter()
    try File.write(Array(page.html().utf8), to: path)
  }
}
