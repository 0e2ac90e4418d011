public import CFCN
import FCNSwift

/// What an fcn_trainer stands for.
final class TrainerObject: HandledObject {
  static var handleName: StaticString { "fcn_trainer" }
  static var handleMark: UInt64 { 0x6661_7472_6169_6E31 }

  private let turnstile = Turnstile()
  private let model: Model
  private let training: VOCSplit
  private let validation: VOCSplit?
  private let folder: String
  private let options: TrainingOptions
  private let mayExtend: Bool
  private let classPixels: [Int]
  /// nil after a run that did not reach its end: it may have stopped within an epoch.
  private var trainer: Trainer?

  init(_ params: fcn_trainer_params) throws {
    folder = try pathString(params.output, "output")
    let dataPath = try pathString(params.data, "data")
    let resumes = try params.resumes
    let saved = resumes ? try SavedTraining(folder: folder) : nil
    let data = try VOCFolder(path: dataPath, reading: params.reading(saved))
    let split = try optionalString(params.train_split, "train_split") ?? "train"
    training = try VOCSplit(data, split: split, requiringFiles: false)
    validation = try optionalString(params.validation_split, "validation_split").map {
      try VOCSplit(data, split: $0, requiringFiles: false)
    }
    mayExtend = try params.mayExtend
    // What is wrong with the parameters alone is told before all data is read.
    let recipe = try params.chosenRecipe()
    _ = try params.options(usual: TrainingOptions())
    try params.checkClassWeights(classCount: data.classNames.count)
    try params.checkFresh()
    try Trainer.checkFolder(folder, resume: resumes)
    let survey = try DatasetSurvey.of(
      training: training, validation: validation, threads: Int(params.threads))
    classPixels = survey.training.classPixels
    let usual = UsualTraining(try params.facts(survey), saved: saved, recipe: recipe)
    model = try params.model(for: data, usual)
    options = try params.options(usual: usual.options(of: model))
    try TrainerObject.check(survey, options, model)
    trainer = try makeTrainer(resume: resumes)
  }

  /// Throws all that is wrong with the data, logs what is odd.
  private static func check(
    _ survey: DatasetSurvey, _ options: TrainingOptions, _ model: Model
  ) throws {
    let odd =
      survey.warnings
      + survey.findings(for: options, preprocessing: model.description.preprocessing)
    for finding in odd { Log.send(.warning, words(finding)) }
    try survey.requireNoErrors(words: words)
  }

  /// A finding, and the field that answers it.
  private static func words(_ finding: DatasetSurvey.Finding) -> String {
    switch finding.kind {
    case .binaryMasks, .nothingLabelled: finding.text + " (binary_masks)"
    default: finding.text
    }
  }

  private func makeTrainer(resume: Bool) throws -> Trainer {
    let trainer = try Trainer(
      model: model, training: training, validation: validation, folder: folder, options: options,
      resume: resume, extend: mayExtend, classPixels: classPixels)
    if let note = trainer.resumeNote { Log.send(.warning, note) }
    return trainer
  }

  func run(_ callback: fcn_train_callback?, _ userData: UnsafeMutableRawPointer?) throws {
    try turnstile.run("fcn_trainer") {
      let trainer = try trainer ?? makeTrainer(resume: Trainer.hasCheckpoint(in: folder))
      self.trainer = nil
      var report = fcn_train_progress.sized
      try trainer.run { event in
        report.update(event)
        guard let callback else { return true }
        return callback(&report, userData) == 0
      }
      self.trainer = trainer
    }
  }
}

extension fcn_train_progress: GrowingStruct {
  static var name: StaticString { "fcn_train_progress" }

  /// Puts `event` in place of what the last one said; what it does not touch stays.
  mutating func update(_ event: Trainer.Event) {
    (pixel_accuracy, validation_loss) = (.nan, .nan)
    (validation_pixel_accuracy, validation_mean_iu) = (.nan, .nan)
    switch event {
    case .minibatch(let progress):
      self.event = Int32(FCN_TRAIN_MINIBATCH)
      epoch = Int32(clamping: progress.epoch)
      epoch_count = Int32(clamping: progress.epochs)
      step = Int32(clamping: progress.iteration)
      step_count = Int32(clamping: progress.iterations)
      iteration = Int64((progress.epoch - 1) * progress.iterations + progress.iteration)
      iteration_count = Int64(progress.iterationsInAll)
      loss = Float(progress.loss)
      learning_rate = progress.learningRate
      elapsed_ms = progress.seconds * 1000
    case .evaluated(let done, let count):
      self.event = Int32(FCN_TRAIN_MEASUREMENT)
      step = Int32(clamping: done)
      step_count = Int32(clamping: count)
    case .epoch(let record):
      self.event = Int32(FCN_TRAIN_EPOCH)
      loss = Float(record.training.loss)
      pixel_accuracy = Float(record.training.pixelAccuracy)
      validation_loss = Float(record.validation?.loss ?? .nan)
      validation_pixel_accuracy = Float(record.validation?.pixelAccuracy ?? .nan)
      validation_mean_iu = Float(record.validation?.meanIU ?? .nan)
      elapsed_ms = record.seconds * 1000
    }
  }
}

@_cdecl("fcn_trainer_params_init")
public func fcn_trainer_params_init(
  _ params: UnsafeMutablePointer<fcn_trainer_params>?, _ struct_size: UInt32
) -> fcn_status {
  attempt { try fcn_trainer_params.initialize(params, size: struct_size, to: .defaults) }
}

@_cdecl("fcn_trainer_params_named")
public func fcn_trainer_params_named(
  _ params: UnsafeMutablePointer<fcn_trainer_params>?, _ struct_size: UInt32,
  _ recipe: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let settings = fcn_trainer_params.settings(of: try Recipe.named(string(recipe, "recipe")))
    guard Int(struct_size) >= fcn_trainer_params.offset(of: \.layer_rates) else {
      throw FCNError(
        .invalidArgument,
        "struct_size of fcn_trainer_params is \(struct_size), without room for a recipe; it must be "
          + "sizeof(fcn_trainer_params) of the header that has this function")
    }
    try fcn_trainer_params.initialize(params, size: struct_size, to: settings)
  }
}

@_cdecl("fcn_trainer_create")
public func fcn_trainer_create(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ params: UnsafePointer<fcn_trainer_params>?
) -> fcn_status {
  attempt {
    try TrainerObject.create(out) {
      let params = try required(params, "params")
      return try TrainerObject(fcn_trainer_params.read(params, over: .defaults))
    }
  }
}

@_cdecl("fcn_trainer_free")
public func fcn_trainer_free(_ trainer: OpaquePointer?) { TrainerObject.free(trainer) }

@_cdecl("fcn_trainer_run")
public func fcn_trainer_run(
  _ trainer: OpaquePointer?, _ callback: fcn_train_callback?, _ user_data: UnsafeMutableRawPointer?
) -> fcn_status {
  attempt { try TrainerObject.from(trainer).run(callback, user_data) }
}
