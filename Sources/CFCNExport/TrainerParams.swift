public import CFCN
import FCNSwift

extension fcn_trainer_params: GrowingStruct {
  static var name: StaticString { "fcn_trainer_params" }
  static var firstSize: Int { offset(of: \.backend) }

  /// What marks a field whose value follows from the data: 0 where that is no value, else -1.
  private static let chosen: Int32 = -1

  /// The recipe that learns, and what it leaves to the data.
  static var defaults: fcn_trainer_params {
    let options = Recipe.modern.options
    var params = fcn_trainer_params()
    params.batch_norm = chosen
    params.optimizer = Int32(FCN_OPTIMIZER_ADAMW)
    params.momentum = 0.9
    params.weight_decay = Float(chosen)
    params.bias_rate = options.biasRate
    params.bias_decay = options.biasDecay
    params.clip_norm = Float(chosen)
    params.schedule = Int32(FCN_SCHEDULE_POLY)
    params.schedule_power = 0.9
    params.schedule_epochs = 10
    params.schedule_factor = 0.1
    params.warm_up = chosen
    params.class_weights = chosen
    (params.crop_width, params.crop_height) = (chosen, chosen)
    params.scale_least = options.augmentation.scale.lowerBound
    params.scale_greatest = options.augmentation.scale.upperBound
    params.flip = 1
    params.brightness = options.augmentation.brightness
    params.contrast = options.augmentation.contrast
    params.seed = options.seed
    return params
  }

  /// How label files are read.
  func reading() throws -> VOCFolder.Reading {
    VOCFolder.Reading(
      classNames: try start.map { try ModelObject.from($0).model.description.classNames },
      binaryMasks: try flag(binary_masks, "binary_masks"))
  }

  /// What `survey` counted, and what these parameters settle.
  func facts(_ survey: DatasetSurvey) throws -> TrainingFacts {
    var facts = TrainingFacts(
      survey, threads: Int(threads), device: try Device(backend: backend, device: device))
    facts.startsTrained = start != nil || weights != nil
    facts.settled.epochs = epochs == 0 ? nil : Int(epochs)
    facts.settled.batchSize = batch_size == 0 ? nil : Int(batch_size)
    facts.settled.cropWidth = crop_width == Self.chosen ? nil : Int(crop_width)
    facts.settled.cropHeight = crop_height == Self.chosen ? nil : Int(crop_height)
    return facts
  }

  /// How to train: as these parameters say, and where they leave it open, as `usual` is.
  func options(usual: TrainingOptions) throws -> TrainingOptions {
    guard reserved == 0 else {
      throw FCNError(.invalidArgument, "reserved is \(reserved); it must be 0")
    }
    try checkStart()
    try checkRanges()
    var options = usual
    options.threads = Int(threads)
    options.device = try Device(backend: backend, device: device)
    options.precision = try Precision(precision)
    if epochs != 0 { (options.epochs, options.iterations) = (Int(epochs), 0) }
    if batch_size != 0 { options.batchSize = Int(batch_size) }
    options.optimizer = try chosenOptimizer()
    let usesSGD = optimizer == Int32(FCN_OPTIMIZER_SGD)
    if learning_rate != 0 {
      options.learningRate = learning_rate
    } else if usesSGD {
      options.learningRate = TrainingOptions().learningRate
    }
    if weight_decay != Float(Self.chosen) {
      options.weightDecay = weight_decay
    } else if usesSGD {
      options.weightDecay = TrainingOptions().weightDecay
    }
    options.biasRate = bias_rate
    options.biasDecay = bias_decay
    if clip_norm != Float(Self.chosen) { options.clipNorm = clip_norm }
    options.schedule = try chosenSchedule()
    if warm_up != Self.chosen { options.warmup = Int(warm_up) }
    options.lossReduction = try choice(loss, "loss", [FCN_LOSS_MEAN: .mean, FCN_LOSS_SUM: .sum])
    if class_weights != Self.chosen {
      options.classWeights = try choice(
        class_weights, "class_weights",
        [FCN_CLASS_WEIGHTS_NONE: .none, FCN_CLASS_WEIGHTS_ENET: .enet])
    }
    options.augmentation = try augmentation(usual.augmentation)
    options.seed = seed
    if evaluation_interval != 0 { options.evaluationInterval = Int(evaluation_interval) }
    options.patience = Int(patience)
    options.timeLimit = time_limit
    options.keepsEveryEpoch = try flag(keep_every_epoch, "keep_every_epoch")
    options.elementType = try flag(half_precision, "half_precision") ? .float16 : .float32
    return options
  }

  /// The ranges of the header, in its words; the engine's own come to the same. Fields that are left
  /// open are not looked at.
  private func checkRanges() throws {
    let open = Float(Self.chosen)
    try check(threads, "threads", 0...1024)
    try check(evaluation_interval, "evaluation_interval", 0...1_000_000)
    if width != 0 { try check(width, "width", 0.01...4) }
    try check(epochs, "epochs", 0...1_000_000)
    try check(patience, "patience", 0...1_000_000)
    try check(time_limit, "time_limit", 0...1_000_000_000)
    try check(batch_size, "batch_size", 0...1024)
    if learning_rate != 0 { try check(learning_rate, "learning_rate", above0AtMost: 1000) }
    if Int(optimizer) == FCN_OPTIMIZER_SGD { try check(momentum, "momentum", 0...0.9999) }
    if weight_decay != open { try check(weight_decay, "weight_decay", 0...1) }
    try check(bias_rate, "bias_rate", 0...1000)
    try check(bias_decay, "bias_decay", 0...1000)
    if clip_norm != open { try check(clip_norm, "clip_norm", 0...Float.greatestFiniteMagnitude) }
    if Int(schedule) == FCN_SCHEDULE_POLY {
      try check(schedule_power, "schedule_power", above0AtMost: 10)
    }
    if Int(schedule) == FCN_SCHEDULE_STEP {
      try check(schedule_epochs, "schedule_epochs", 1...Int32.max)
      try check(schedule_factor, "schedule_factor", above0AtMost: 1)
    }
    try check(warm_up, "warm_up", Self.chosen...1_000_000_000)
    try check(crop_width, "crop_width", Self.chosen...65_536)
    try check(crop_height, "crop_height", Self.chosen...65_536)
    try check(scale_least, "scale_least", 0.05...20)
    try check(scale_greatest, "scale_greatest", 0.05...20)
    try check(brightness, "brightness", 0...1)
    try check(contrast, "contrast", 0...1)
  }

  /// Whether a resumed training may take another length at any schedule.
  var mayExtend: Bool { get throws { try flag(extend, "extend") } }

  /// Whether to go on from a checkpoint.
  var resumes: Bool { get throws { try flag(resume, "resume") } }

  /// The model to start from; a fresh one has the classes of `folder`, and what nobody says is that of
  /// `weights`, then what is usual. Where nothing is said of the network, it is all that of the training
  /// which goes on.
  func model(for folder: VOCFolder, _ training: UsualTraining) throws -> Model {
    if let start { return try ModelObject.from(start).model }
    let saved = training.saved
    if let saved, freshField == nil { return try Model.fresh(saved.description, seed: seed) }
    let named = try optionalString(architecture, "architecture").map { try Architecture.named($0) }
    let path = try optionalString(weights, "weights")
    let source = try path.map { path in
      try naming(path) { try ForeignWeights(contentsOf: path).translated() }
    }
    var found = try source?.network(of: named)
    let before = try saved.flatMap { saved in
      saved.description.graph == nil
        ? try Architecture.named(saved.description.architecture) : nil
    }
    let architecture = named ?? found?.architecture ?? before ?? .fcnSimple
    if found == nil, source?.graph == nil { found = try source?.network(of: architecture) }
    let network = training.network(architecture)
    var rule =
      try preprocessing.map { try fcn_preprocessing.read($0, over: fcn_preprocessing()).rule() }
      ?? network.preprocessing ?? source?.preprocessing ?? architecture.preprocessing
    if preprocessing == nil, rule.size == .native, let size = network.size { rule.size = size }
    let usual = found?.options ?? network.options
    let (name, width) = (architecture.name, width == 0 ? usual.width : width)
    let hasBatchNorm =
      batch_norm == Self.chosen ? usual.batchNorm : try flag(batch_norm, "batch_norm")
    if let found, let path, abs(width - found.options.width) > 1e-3 {
      throw FCNError(
        .invalidArgument,
        "width is \(width), but the network of \(path) has the width \(found.options.width); leave "
          + "width at 0 to take it")
    }
    if let found, let path, hasBatchNorm != found.options.batchNorm {
      throw FCNError(
        .invalidArgument,
        "batch_norm is \(batch_norm), but the network of \(path) has "
          + "\(found.options.batchNorm ? "" : "no ")batch normalisation; leave it at -1")
    }
    let known = saved?.description.classNames == folder.classNames ? saved?.description : nil
    var description = ModelDescription(
      architecture: name,
      options: ArchitectureOptions(
        classes: folder.classNames.count, inputChannels: rule.channels, width: width,
        batchNorm: hasBatchNorm, auxiliaryHead: usual.auxiliaryHead,
        denseUpsampling: usual.denseUpsampling),
      classNames: folder.classNames, palette: known?.palette ?? folder.palette,
      preprocessing: rule, note: known?.note ?? "")
    if named == nil, found == nil, let graph = source?.graph ?? saved?.description.graph {
      try checkGraph(graph, classes: folder.classNames.count)
      description = ModelDescription(
        graph: graph, classNames: description.classNames, palette: description.palette,
        preprocessing: rule, note: description.note)
    }
    let fresh = try Model.fresh(description, seed: seed)
    guard let source, let path else { return fresh }
    let (model, transplant) = try fresh.copyingWeights(from: source)
    Log.send(
      transplant.copied.isEmpty ? .warning : .info,
      "\(path): \(transplant.copied.count) of the network's tensors taken, "
        + "\(transplant.missing.count) not found, \(transplant.mismatched.count) of another shape")
    return model
  }

  /// Throws where fields or classes ask for another network than `graph`.
  private func checkGraph(_ graph: NetworkGraph, classes: Int) throws {
    guard width == 0, batch_norm == Self.chosen else {
      throw FCNError(
        .invalidArgument,
        "the network is one that its file describes as a whole: leave width at 0 and batch_norm at -1, "
          + "or name an architecture")
    }
    try graph.checkClasses(classes)
  }

  /// The first field that says what fresh weights are like; nil where none does.
  private var freshField: StaticString? {
    if architecture != nil { return "architecture" }
    if preprocessing != nil { return "preprocessing" }
    if weights != nil { return "weights" }
    if width != 0 { return "width" }
    return batch_norm == Self.chosen ? nil : "batch_norm"
  }

  /// Throws where the fields of a fresh model are wrong whatever the data is.
  func checkFresh() throws {
    guard start == nil else { return }
    _ = try optionalString(architecture, "architecture").map { try Architecture.named($0) }
    _ = try preprocessing.map { try fcn_preprocessing.read($0, over: fcn_preprocessing()).rule() }
    guard weights != nil else { return }
    let path = try pathString(weights, "weights")
    guard File.exists(path) else {
      throw FCNError(.notFound, "\(path): there is no such file of weights")
    }
  }

  /// Throws where there is a model to start from and a field says what another would be like.
  private func checkStart() throws {
    guard start != nil, let field = freshField else { return }
    throw FCNError(
      .invalidArgument, "\(field) is for a fresh model; start names one that exists")
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

  private func augmentation(_ usual: Augmentation) throws -> Augmentation {
    // Before the range is made, which must not be empty.
    guard scale_least <= scale_greatest else {
      throw FCNError(
        .invalidArgument,
        "scale_least is \(scale_least), scale_greatest \(scale_greatest); the first must not be the "
          + "greater")
    }
    let augmentation = Augmentation(
      cropWidth: crop_width == Self.chosen ? usual.cropWidth : Int(crop_width),
      cropHeight: crop_height == Self.chosen ? usual.cropHeight : Int(crop_height),
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
