public import CFCN
import FCNSwift

extension fcn_trainer_params: GrowingStruct {
  static var name: StaticString { "fcn_trainer_params" }
  static var firstSize: Int { offset(of: \.backend) }

  /// The engine's defaults, and the usual values of what it leaves open.
  static var defaults: fcn_trainer_params {
    let options = TrainingOptions()
    var params = fcn_trainer_params()
    params.evaluation_interval = Int32(options.evaluationInterval)
    params.width = 1
    params.epochs = Int32(options.epochs)
    params.batch_size = Int32(options.batchSize)
    params.learning_rate = options.learningRate
    params.momentum = 0.9
    params.weight_decay = options.weightDecay
    params.bias_rate = options.biasRate
    params.bias_decay = options.biasDecay
    params.schedule_power = 0.9
    params.schedule_epochs = 10
    params.schedule_factor = 0.1
    params.scale_least = 1
    params.scale_greatest = 1
    params.seed = options.seed
    return params
  }

  /// How label files are read.
  func reading() throws -> VOCFolder.Reading {
    VOCFolder.Reading(
      classNames: try start.map { try ModelObject.from($0).model.description.classNames },
      binaryMasks: try flag(binary_masks, "binary_masks"))
  }

  /// How to train.
  func options() throws -> TrainingOptions {
    guard reserved == 0 else {
      throw FCNError(.invalidArgument, "reserved is \(reserved); it must be 0")
    }
    var options = TrainingOptions()
    options.threads = Int(threads)
    options.device = try Session.Device(backend: backend, device: device)
    options.precision = try Session.Precision(precision)
    options.epochs = Int(epochs)
    options.batchSize = Int(batch_size)
    options.optimizer = try chosenOptimizer()
    options.learningRate = learning_rate
    options.weightDecay = weight_decay
    options.biasRate = bias_rate
    options.biasDecay = bias_decay
    options.clipNorm = clip_norm
    options.schedule = try chosenSchedule()
    options.warmup = Int(warm_up)
    options.lossReduction = try choice(loss, "loss", [FCN_LOSS_MEAN: .mean, FCN_LOSS_SUM: .sum])
    options.classWeights = try choice(
      class_weights, "class_weights",
      [FCN_CLASS_WEIGHTS_NONE: .none, FCN_CLASS_WEIGHTS_ENET: .enet])
    options.augmentation = try augmentation()
    options.seed = seed
    options.evaluationInterval = Int(evaluation_interval)
    options.keepsEveryEpoch = try flag(keep_every_epoch, "keep_every_epoch")
    options.elementType = try flag(half_precision, "half_precision") ? .float16 : .float32
    return options
  }

  /// Whether to go on from a checkpoint.
  var resumes: Bool { get throws { try flag(resume, "resume") } }

  /// The model to start from; a fresh one has the classes of `folder`.
  func model(for folder: VOCFolder) throws -> Model {
    if let start { return try ModelObject.from(start).model }
    let name = try optionalString(architecture, "architecture") ?? Architecture.fcnSimple.name
    let path = try optionalString(weights, "weights")
    let source = try path.map { path in
      try naming(path) { try ForeignWeights(contentsOf: path).translated() }
    }
    let rule =
      try preprocessing.map { try fcn_preprocessing.read($0, over: fcn_preprocessing()).rule() }
      ?? source?.preprocessing ?? Architecture.named(name).preprocessing
    let fresh = try Model.fresh(
      ModelDescription(
        architecture: name,
        options: ArchitectureOptions(
          classes: folder.classNames.count, inputChannels: rule.channels, width: width,
          batchNorm: try flag(batch_norm, "batch_norm")),
        classNames: folder.classNames, palette: folder.palette, preprocessing: rule),
      seed: seed)
    guard let source, let path else { return fresh }
    let (model, transplant) = try fresh.copyingWeights(from: source)
    Log.send(
      transplant.copied.isEmpty ? .warning : .info,
      "\(path): \(transplant.copied.count) of the network's tensors taken, "
        + "\(transplant.missing.count) not found, \(transplant.mismatched.count) of another shape")
    return model
  }

  private func chosenOptimizer() throws -> Optimizer {
    try choice(
      optimizer, "optimizer",
      [FCN_OPTIMIZER_SGD: .sgd(momentum: momentum), FCN_OPTIMIZER_ADAMW: .adamW()])
  }

  private func chosenSchedule() throws -> Schedule {
    try choice(
      schedule, "schedule",
      [
        FCN_SCHEDULE_CONSTANT: .constant,
        FCN_SCHEDULE_STEP: .step(epochs: Int(schedule_epochs), factor: schedule_factor),
        FCN_SCHEDULE_POLY: .poly(power: schedule_power),
      ])
  }

  private func augmentation() throws -> Augmentation {
    // Before the range is made, which must not be empty.
    guard scale_least <= scale_greatest else {
      throw FCNError(
        .invalidArgument,
        "scale_least is \(scale_least), scale_greatest \(scale_greatest); the first must not be the "
          + "greater")
    }
    let augmentation = Augmentation(
      cropWidth: Int(crop_width), cropHeight: Int(crop_height),
      scale: scale_least...scale_greatest, flip: try flag(flip, "flip"), brightness: brightness,
      contrast: contrast)
    try augmentation.validate()
    return augmentation
  }
}

extension VOCFolder {
  /// Colours for its classes: those of street scenes where the names are theirs, VOC's otherwise.
  fileprivate var palette: [RGB] {
    classNames == Palette.streetClassNames ? Palette.street : Palette.voc(count: classNames.count)
  }
}

private func flag(_ value: Int32, _ name: StaticString) throws -> Bool {
  try choice(value, name, [0: false, 1: true])
}
