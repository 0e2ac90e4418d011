/// Trains a model, an epoch at a time, and leaves in its folder after each
///
/// - `model.safetensors`, the model as it is now,
/// - `best.safetensors`, the one with the highest mean IU on the validation pictures so far,
/// - `checkpoint.safetensors`, from which the training can go on to the same bits,
/// - `log.csv`, a row an epoch,
/// - `class-iu.csv`, a row an evaluation: the IU of each class on the validation pictures.
///
/// One thread at a time. Each file is whole at any moment, whatever happens to the process.
public final class Trainer {
  /// How far a training is, told after every minibatch and every epoch.
  public enum Event: Sendable {
    /// A step was made: a minibatch was learned from, or several with accumulation.
    case minibatch(Progress)
    /// A validation picture was evaluated: how many are done, of how many.
    case evaluated(done: Int, of: Int)
    /// An epoch is done and its files are written.
    case epoch(EpochRecord)
  }

  /// Where within the training a minibatch was.
  public struct Progress: Sendable {
    /// Counted from 1.
    public var epoch: Int
    /// Epochs in all.
    public var epochs: Int
    /// Steps done in this epoch.
    public var iteration: Int
    /// Steps of an epoch; the last one may have fewer.
    public var iterations: Int
    /// Steps of the whole training.
    public var iterationsInAll: Int
    /// The minibatch's loss.
    public var loss: Double
    /// The learning rate it was learned with, before multipliers.
    public var learningRate: Float
    /// Seconds since the start of the training, over all its runs.
    public var seconds: Double
  }

  /// Why a run ended.
  public enum Ending: Sendable, Hashable {
    /// All epochs are done.
    case allEpochs
    /// The mean IU has not grown for `TrainingOptions.patience` epochs.
    case patience
    /// Another epoch would not fit in `TrainingOptions.timeLimit`.
    case timeLimit
  }

  /// The description of the model that is trained.
  public let description: ModelDescription
  /// Where a training goes on on another device than before: that it will not come to the same bits.
  public private(set) var resumeNote: String?
  private let folder: String
  private let options: TrainingOptions
  private let source: MinibatchSource
  private let validation: (any LabelledPictures)?
  private let pool: WorkerPool
  /// Steps of an epoch, and of the whole training.
  private let iterations: (perEpoch: Int, total: Int)
  private let learner: any Learner
  private var log: TrainingLog
  private var classLog: TrainingLog
  /// Epochs that are done and saved, in this run and those before it.
  public private(set) var epochsDone = 0
  /// Steps of the optimizer in those epochs.
  public var iterationsDone: Int { min(iterations.total, epochsDone * iterations.perEpoch) }
  /// The best mean IU on the validation pictures so far, and the epoch that had it, over all runs; nil
  /// before the first.
  public private(set) var bestSoFar: (meanIU: Double, epoch: Int)?
  private var seconds = 0.0

  /// Prepares to train `model`, which itself stays as it is, on `training`, evaluating `validation`,
  /// with everything written to `folder`. With `resume`, goes on from the checkpoint there, or
  /// begins where there is none yet.
  ///
  /// A resumed training may be longer or shorter than it was to be where its learning rate does not
  /// depend on that (`RateSchedule.constant`, `.step`), and with `extend` in any case: the rate then goes
  /// on as that of the new length. `classPixels`, the labelled pixels of each class in `training`,
  /// spares reading all labels where class weights follow from them.
  ///
  /// Throws `invalidArgument` where options or classes do not fit, patience has nothing to go
  /// by, or the training to resume ran in another precision, `invalidState` where the folder holds
  /// another training that is not to be resumed, or one is running there, `notFinite` where a weight to
  /// begin with is NaN or infinite.
  public convenience init(
    model: Model, training: any LabelledPictures, validation: (any LabelledPictures)?,
    folder: String, options: TrainingOptions, resume: Bool = false, extend: Bool = false,
    classPixels: [Int]? = nil
  ) throws {
    try self.init(
      model: model, training: training, validation: validation, folder: folder, options: options,
      resume: resume, extend: extend, classPixels: classPixels, findRuntime: CUDA.runtime)
  }

  init(
    model: Model, training: any LabelledPictures, validation: (any LabelledPictures)?,
    folder: String, options: TrainingOptions, resume: Bool, extend: Bool = false,
    classPixels: [Int]? = nil, findRuntime: () throws -> CUDARuntime
  ) throws {
    description = model.description
    try options.validate(classCount: description.classNames.count)
    if let name = options.layerRateWithoutLayer(in: model.network) {
      throw FCNError(
        .invalidArgument,
        "a factor on the learning rate is given for layers \(name)…, but the network "
          + "\(description.architecture) has no layer whose name begins so")
    }
    try model.checkClasses(of: training)
    if let validation { try model.checkClasses(of: validation) }
    guard training.count > 0 else {
      throw FCNError(.invalidArgument, "there are no pictures to train on")
    }
    guard options.patience == 0 || validation?.count ?? 0 > 0 else {
      throw FCNError(
        .invalidArgument,
        "the patience is \(options.patience) epochs, but there are no validation pictures, so "
          + "nobody could tell whether the model gets better; name some, or set no patience")
    }
    self.folder = folder
    var options = options
    let minibatches = max(1, training.count / options.batchSize)
    options.accumulation = min(options.accumulation, minibatches)
    self.options = options
    self.validation = validation
    try File.makeFolder(folder)
    let checkpointPath = Trainer.checkpointPath(in: folder)
    let lock = try Trainer.lock(folder)
    defer { withExtendedLifetime(lock) {} }
    if lock.isHeld { TemporaryFile.removeStale(inFolder: folder) }
    try Trainer.checkHoldsNone(folder, resume: resume)
    pool = try WorkerPool(threads: options.threads)
    source = MinibatchSource(
      pictures: training, batchSize: min(options.batchSize, training.count),
      augmentation: options.augmentation, preprocessing: model.description.preprocessing,
      stride: model.network.stride, seed: options.seed)
    let perEpoch = source.count / options.accumulation
    iterations = (
      perEpoch, options.iterations > 0 ? options.iterations : options.epochs * perEpoch
    )
    let classWeights = try options.classWeights.values(
      for: training, classCount: description.classNames.count, classPixels: classPixels)
    let loss = SoftmaxCrossEntropy(
      reduction: options.lossReduction, classWeights: classWeights)
    learner = try Trainer.learner(model, options, loss, pool, findRuntime)
    if resume, Trainer.hasCheckpoint(in: folder) {
      let checkpoint = try Checkpoint(contentsOf: checkpointPath, options.optimizer)
      try checkpoint.checkOptions(
        options.decisive, mayExtend: extend || options.schedule.isIndependentOfLength)
      try checkpoint.checkPictures(training.count)
      try checkpoint.checkLabels(binaryMasks: training.areBinaryMasks)
      resumeNote = try checkpoint.place?.note(goingOnAt: TrainingPlace(options))
      guard checkpoint.description == description else {
        throw FCNError(
          .invalidArgument,
          "\(checkpointPath) is of another model; resume with the model it began with")
      }
      // The last epoch of what was to be all may have been cut short.
      try learner.restore(
        checkpoint,
        iterations: min(
          try checkpoint.iterationLimit(), checkpoint.epoch * iterations.perEpoch))
      (epochsDone, bestSoFar, seconds) = (checkpoint.epoch, checkpoint.best, checkpoint.seconds)
    }
    log = try TrainingLog(
      path: "\(folder)/log.csv", header: EpochRecord.header, keeping: epochsDone)
    classLog = try TrainingLog(
      path: "\(folder)/class-iu.csv", header: EpochRecord.classHeader(description.classNames),
      keeping: epochsDone)
  }

  private static func learner(
    _ model: Model, _ options: TrainingOptions, _ loss: SoftmaxCrossEntropy, _ pool: WorkerPool,
    _ findRuntime: () throws -> CUDARuntime
  ) throws -> any Learner {
    switch options.device {
    case .processor:
      try Loops.checkTraining(in: options.precision)
      return try ProcessorLearner(model: model, options: options, loss: loss, pool: pool)
    case .cuda(let index):
      return try DeviceLearner(
        model: model, options: options, loss: loss, pool: pool, runtime: findRuntime(),
        device: index)
    }
  }

  /// Whether `folder` holds a training that can be resumed.
  public static func hasCheckpoint(in folder: String) -> Bool {
    File.exists(checkpointPath(in: folder))
  }

  /// Throws `invalidState` where `folder` holds a training and none is to be resumed, or where one is
  /// running, and `inputOutput` where it is no folder, as making a trainer does: to be asked before data is
  /// read.
  public static func checkFolder(_ folder: String, resume: Bool) throws {
    if File.isFolder(folder) {
      _ = try lock(folder)
    } else if File.exists(folder) {
      try File.makeFolder(folder)
    }
    try checkHoldsNone(folder, resume: resume)
  }

  private static func checkHoldsNone(_ folder: String, resume: Bool) throws {
    guard resume || !hasCheckpoint(in: folder) else {
      throw FCNError(
        .invalidState,
        "\(folder) holds a training already; resume it, or name another folder")
    }
  }

  static func checkpointPath(in folder: String) -> String {
    "\(folder)/checkpoint.safetensors"
  }

  private static func lock(_ folder: String) throws -> FolderLock {
    try FolderLock(folder, use: "a training runs in")
  }

  /// Throws `invalidState` where the folder holds another training by now than the one that this is.
  private func checkFolderIsAsItWas() throws {
    let there = try SavedTraining(folder: folder)?.epochsDone ?? 0
    guard there == epochsDone else {
      throw FCNError(
        .invalidState,
        "\(folder) has been trained in by others meanwhile: its checkpoint is of epoch \(there), not "
          + "\(epochsDone); begin again with resuming it, or name another folder")
    }
  }

  /// Trains until all epochs are done, or patience or the time limit of the options end it: what is
  /// written then is whole, and a later run, with other limits, goes on from it. `observer` is called
  /// on this thread; false stops the training with `aborted`, which can be resumed from the last
  /// whole epoch. The folder is locked meanwhile, for other processes too.
  ///
  /// Throws `notFinite` with the layer's name as soon as a loss or gradient is NaN or infinite;
  /// nothing of that epoch is written. Throws `invalidState` where another training runs in the folder,
  /// or has run there since this one was made.
  @discardableResult
  public func run(_ observer: (Event) -> Bool) throws -> Ending {
    let lock = try Trainer.lock(folder)
    defer { withExtendedLifetime(lock) {} }
    try checkFolderIsAsItWas()
    let begin = monotonicSeconds()
    var (longest, evaluating) = (0.0, 0.0)
    while epochsDone < epochs {
      if isPatienceSpent { return .patience }
      let start = monotonicSeconds()
      let training = try learnEpoch(epochsDone, start, observer)
      let learned = monotonicSeconds()
      longest = max(longest, learned - start)
      let isLast =
        options.timeLimit > 0 && learned - begin + longest + 2 * evaluating > options.timeLimit
      let validation = try evaluateIfDue(epochsDone + 1, orNow: isLast, observer)
      evaluating = max(evaluating, monotonicSeconds() - learned)
      // What evaluating takes is known only after the first one.
      let endsHere =
        isLast
        || options.timeLimit > 0 && validation != nil
          && monotonicSeconds() - begin + longest + evaluating > options.timeLimit
      seconds += monotonicSeconds() - start
      epochsDone += 1
      let iteration = min(iterations.total, epochsDone * iterations.perEpoch)
      let record = EpochRecord(
        epoch: epochsDone, iteration: iteration,
        learningRate: learningRate(iteration - 1), training: training,
        validation: validation, seconds: seconds)
      try save(record)
      try check(observer(.epoch(record)))
      if endsHere, epochsDone < epochs { return .timeLimit }
    }
    return .allEpochs
  }

  /// Whether the evaluations since the best one have been too many.
  private var isPatienceSpent: Bool {
    guard options.patience > 0, let bestSoFar else { return false }
    let measured = epochsDone / options.evaluationInterval * options.evaluationInterval
    return measured - bestSoFar.epoch >= options.patience
  }

  /// Epochs in all; the last one may be cut short.
  public var epochs: Int {
    (iterations.total + iterations.perEpoch - 1) / iterations.perEpoch
  }

  private func learnEpoch(
    _ epoch: Int, _ start: Double, _ observer: (Event) -> Bool
  ) throws -> EpochRecord.Measures {
    let loader = try MinibatchLoader(source, epoch: epoch)
    defer { loader.finish() }
    var confusion = try ConfusionMatrix(classCount: description.classNames.count)
    var lossSum = 0.0
    let count = min(iterations.perEpoch, iterations.total - epoch * iterations.perEpoch)
    for index in 0..<count {
      let iteration = epoch * iterations.perEpoch + index
      let rate = learningRate(iteration)
      let loss = try naming("epoch \(epoch + 1), iteration \(index + 1)") {
        try learner.learn(from: loader.next, iteration: iteration, rate: rate, &confusion)
      }
      lossSum += loss
      let progress = Progress(
        epoch: epoch + 1, epochs: epochs, iteration: index + 1, iterations: iterations.perEpoch,
        iterationsInAll: iterations.total, loss: loss, learningRate: rate,
        seconds: seconds + monotonicSeconds() - start)
      try check(observer(.minibatch(progress)))
    }
    return EpochRecord.Measures(loss: lossSum / Double(max(1, count)), confusion)
  }

  private func evaluateIfDue(
    _ epoch: Int, orNow: Bool, _ observer: (Event) -> Bool
  ) throws -> EpochRecord.Measures? {
    guard let validation, validation.count > 0,
      epoch % options.evaluationInterval == 0 || epoch == epochs || orNow
    else { return nil }
    let evaluator = Evaluator(
      try learner.segmenter(), classCount: description.classNames.count)
    let evaluation = try evaluator.evaluate(validation) { done, _, _ in
      observer(.evaluated(done: done, of: validation.count))
    }
    return EpochRecord.Measures(loss: evaluation.loss, evaluation.confusion)
  }

  /// Writes the epoch's files; the checkpoint last, so that what it resumes from is there.
  private func save(_ record: EpochRecord) throws {
    let state = try learner.currentState()
    let model = try state.model(description)
    try model.write(to: "\(folder)/model.safetensors", elementType: options.elementType)
    if options.keepsEveryEpoch {
      let digits = String(record.epoch)
      let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      try model.write(
        to: "\(folder)/epoch-\(number).safetensors", elementType: options.elementType)
    }
    if let meanIU = record.validation?.meanIU, meanIU > (bestSoFar?.meanIU ?? -Double.infinity) {
      bestSoFar = (meanIU, record.epoch)
      try model.write(to: "\(folder)/best.safetensors", elementType: options.elementType)
    }
    try log.append(record.row)
    if let row = record.classRow { try classLog.append(row) }
    let checkpoint = Checkpoint(
      epoch: record.epoch, best: bestSoFar, seconds: seconds,
      pictureCount: source.pictures.count, binaryMasks: source.pictures.areBinaryMasks,
      options: options.decisive, kept: options.kept,
      counts: learner.counts, place: TrainingPlace(options), description: description,
      parameters: model.weights, optimizerState: try state.optimizerState())
    try checkpoint.write(to: Trainer.checkpointPath(in: folder), options.optimizer)
  }

  private func learningRate(_ iteration: Int) -> Float {
    options.learningRate
      * options.schedule.factor(
        iteration: iteration, of: iterations.total, epochIterations: iterations.perEpoch,
        warmup: options.warmup)
  }

  private func check(_ goesOn: Bool) throws {
    guard goesOn else {
      throw FCNError(
        .aborted, "stopped; \(epochsDone) of \(epochs) epochs are saved")
    }
  }
}
