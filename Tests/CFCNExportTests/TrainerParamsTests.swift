import CFCN
import FCNTestSupport
import Foundation
import Testing

@testable import CFCNExport
@testable import FCNSwift

/// A number among the parameters of a trainer, beside the engine's: what its comment must say, and
/// values at the edges of its range.
private struct Field {
  typealias Change = (inout fcn_trainer_params) -> Void
  let name: String
  let range: String
  let byDefault: String
  var inside: [Change] = []
  var outside: [Change] = []

  /// A whole number; `open` leaves it to the data.
  init<Value: FixedWidthInteger>(
    _ name: String, _ path: WritableKeyPath<fcn_trainer_params, Value>, _ range: NumberRange<Int>,
    open: Int? = nil, with others: @escaping Change = { _ in }
  ) {
    self.name = name
    let (least, most) = (range.bounds.lowerBound, range.bounds.upperBound)
    let isOpenAbove = most == Int32.max
    self.range = isOpenAbove ? "at least \(least)" : "\(least) to \(most)"
    byDefault = "\(fcn_trainer_params.defaults[keyPath: path])"
    func set(_ value: Int) -> Change {
      {
        others(&$0)
        $0[keyPath: path] = Value(value)
      }
    }
    inside = ([least, most] + (open.map { [$0] } ?? [])).map(set)
    let below = least - 1 == open ? least - 2 : least - 1
    outside = (isOpenAbove ? [below] : [below, most + 1]).map(set)
  }

  /// A number with a fraction.
  init<Value: BinaryFloatingPoint & Sendable>(
    _ name: String, _ path: WritableKeyPath<fcn_trainer_params, Value>, _ range: NumberRange<Value>,
    open: Value? = nil, with others: @escaping Change = { _ in }
  ) {
    self.name = name
    func plain(_ value: Value) -> String { String(format: "%.10g", Double("\(value)") ?? .nan) }
    let (least, most) = (range.bounds.lowerBound, range.bounds.upperBound)
    let takesLeast = range.contains(least)
    self.range =
      most == Value.greatestFiniteMagnitude
      ? "at least \(plain(least))"
      : takesLeast ? "\(plain(least)) to \(plain(most))" : "above 0, at most \(plain(most))"
    byDefault = plain(fcn_trainer_params.defaults[keyPath: path])
    func set(_ value: Value) -> Change {
      {
        others(&$0)
        $0[keyPath: path] = value
      }
    }
    inside = ([takesLeast ? least : least.nextUp, most] + (open.map { [$0] } ?? [])).map(set)
    outside = [least.nextDown, most.nextUp, .nan].map(set)
    if !takesLeast, open != least { outside.append(set(least)) }
  }

  static var all: [Field] {
    [
      Field("threads", \.threads, .threads),
      Field(
        "evaluation_interval", \.evaluation_interval, TrainingNumber.evaluationInterval.range,
        open: 0
      ),
      Field("width", \.width, ArchitectureOptions.widthRange, open: 0),
      Field("epochs", \.epochs, TrainingNumber.epochs.range, open: 0),
      Field("batch_size", \.batch_size, TrainingNumber.batchSize.range, open: 0),
      Field("learning_rate", \.learning_rate, TrainingNumber.learningRate.range, open: 0),
      Field("momentum", \.momentum, Optimizer.momentumRange) { $0.optimizer = 0 },
      Field("weight_decay", \.weight_decay, TrainingNumber.weightDecay.range, open: -1),
      Field("bias_rate", \.bias_rate, TrainingNumber.biasRate.range),
      Field("bias_decay", \.bias_decay, TrainingNumber.biasDecay.range),
      Field("clip_norm", \.clip_norm, TrainingNumber.clipNorm.range, open: -1),
      Field("schedule_power", \.schedule_power, RateSchedule.powerRange),
      Field("schedule_epochs", \.schedule_epochs, RateSchedule.epochRange) { $0.schedule = 1 },
      Field("schedule_factor", \.schedule_factor, RateSchedule.factorRange) { $0.schedule = 1 },
      Field("warm_up", \.warm_up, TrainingNumber.warmup.range, open: -1),
      Field("crop_width", \.crop_width, Augmentation.sideRange, open: -1),
      Field("crop_height", \.crop_height, Augmentation.sideRange, open: -1),
      Field("scale_least", \.scale_least, Augmentation.scaleRange) { $0.scale_greatest = 20 },
      Field("scale_greatest", \.scale_greatest, Augmentation.scaleRange) { $0.scale_least = 0.05 },
      Field("brightness", \.brightness, Augmentation.lightRange),
      Field("contrast", \.contrast, Augmentation.lightRange),
      Field("patience", \.patience, TrainingNumber.patience.range, open: -1),
      Field("time_limit", \.time_limit, TrainingNumber.timeLimit.range),
      Field("iterations", \.iterations, TrainingNumber.iterations.range.withoutZero, open: 0),
      Field("accumulation", \.accumulation, TrainingNumber.accumulation.range, open: 0),
    ]
  }
}

@Suite struct TrainerParamsTests {
  private func fields() throws -> [HeaderText.Field] {
    try #require(try HeaderText("\(BuiltTree.root)/include/fcn.h").structs["fcn_trainer_params"])
  }

  private func options(_ change: Field.Change) throws -> TrainingOptions {
    var params = fcn_trainer_params.defaults
    change(&params)
    try params.checkFresh()
    return try params.options(usual: TrainingOptions())
  }

  @Test func everyCommentHasTheRangeAndTheDefault() throws {
    let comments = try fields().reduce(into: [:]) { $0[$1.name] = $1.comment }
    for field in Field.all {
      let comment = try #require(comments[field.name])
      #expect(comment.contains(field.range), "\(field.name): \(comment)")
      #expect(
        comment.contains("\(field.byDefault), the default")
          || comment.contains("\(field.byDefault) is the default"),
        "\(field.name), \(field.byDefault): \(comment)")
    }
    for (name, range) in [
      ("layer_rates", TrainingOptions.layerRateRange),
      ("class_weight_values", TrainingOptions.ClassWeights.range),
    ] {
      let (least, most) = (Int(range.bounds.lowerBound), Int(range.bounds.upperBound))
      #expect(comments[name]?.contains("\(least) to \(most)") == true, "\(name)")
    }
  }

  /// A new field belongs to `Field.all` or, where it has no range, here.
  @Test func everyFieldIsHeldAgainstTheEngine() throws {
    let others: Set = [
      "struct_size", "data", "train_split", "validation_split", "output", "resume",
      "keep_every_epoch", "half_precision", "start", "architecture", "preprocessing", "weights",
      "batch_norm", "optimizer", "schedule", "loss", "class_weights", "flip", "reserved", "seed",
      "backend", "device", "precision", "binary_masks", "extend", "recipe", "layer_rates",
      "class_weight_values", "class_weight_count", "graph",
    ]
    let names = Field.all.map(\.name) + others
    #expect(names.sorted() == (try fields().map(\.name).sorted()))
  }

  @Test func valuesAtTheEdgesAreTakenAndThoseBeyondRefused() throws {
    for field in Field.all {
      for change in field.inside {
        #expect(throws: Never.self, "\(field.name)") { _ = try options(change) }
      }
      for change in field.outside {
        expectError(.invalidArgument, saying: "\(field.name) is ") { _ = try options(change) }
      }
    }
  }

  @Test func whatIsSetArrives() throws {
    let options = try options {
      ($0.threads, $0.iterations, $0.accumulation, $0.batch_size) = (3, 77, 5, 6)
      ($0.learning_rate, $0.weight_decay, $0.bias_rate, $0.bias_decay) = (0.25, 0.125, 3, 4)
      ($0.clip_norm, $0.warm_up, $0.seed, $0.evaluation_interval) = (7, 8, 9, 10)
      ($0.patience, $0.time_limit, $0.crop_width, $0.crop_height) = (11, 12, 13, 14)
    }
    #expect((options.threads, options.iterations, options.accumulation) == (3, 77, 5))
    #expect((options.batchSize, options.learningRate, options.weightDecay) == (6, 0.25, 0.125))
    #expect((options.biasRate, options.biasDecay, options.clipNorm) == (3, 4, 7))
    #expect((options.warmup, options.seed, options.evaluationInterval) == (8, 9, 10))
    #expect((options.patience, options.timeLimit) == (11, 12))
    #expect((options.augmentation.cropWidth, options.augmentation.cropHeight) == (13, 14))
  }

  @Test func whatIsLeftOpenIsAsItWasAndWhatIsSaidCounts() throws {
    var usual = TrainingOptions()
    (usual.patience, usual.keepsEveryEpoch, usual.elementType) = (5, true, .float16)
    var params = fcn_trainer_params.defaults
    let kept = try params.options(usual: usual)
    #expect((kept.patience, kept.keepsEveryEpoch, kept.elementType) == (5, true, .float16))
    (params.patience, params.keep_every_epoch, params.half_precision) = (0, 0, 0)
    let said = try params.options(usual: usual)
    #expect((said.patience, said.keepsEveryEpoch, said.elementType) == (0, false, .float32))
    params.half_precision = 2
    expectError(.invalidArgument, saying: "half_precision is 2", "-1, 0, 1") {
      _ = try params.options(usual: usual)
    }
  }

  @Test func aGraphStandsAlone() throws {
    func check(_ text: String, _ change: Field.Change = { _ in }) throws {
      try text.withCString { text in
        var params = fcn_trainer_params.defaults
        params.graph = text
        change(&params)
        try params.checkFresh()
      }
    }
    let network = try Architecture.fcnSimple.network(ArchitectureOptions(classes: 2, width: 0.05))
    let text = try NetworkGraph(network).readableText
    try check(text)
    expectError(.corrupt, saying: "graph: ") { try check("{") }
    expectError(.invalidArgument, saying: "graph says all", "width at 0") {
      try check(text) { $0.width = 0.5 }
    }
    expectError(.invalidArgument, saying: "graph says all", "batch_norm at -1") {
      try check(text) { $0.batch_norm = 0 }
    }
    "fcn-simple".withCString { name in
      expectError(.invalidArgument, saying: "architecture and graph are both set") {
        try check(text) { $0.architecture = name }
      }
    }
  }

  @Test func aRuleForClassWeightsTakesTheUsualOnesPlace() throws {
    for usualRule: TrainingOptions.ClassWeights in [.none, .enet, .explicit([1, 2])] {
      for (code, wanted) in [
        (FCN_CLASS_WEIGHTS_NONE, .none), (FCN_CLASS_WEIGHTS_ENET, .enet), (-1, usualRule),
      ]
        as [(Int, TrainingOptions.ClassWeights)]
      {
        var params = fcn_trainer_params.defaults
        params.class_weights = Int32(code)
        var usual = TrainingOptions()
        usual.classWeights = usualRule
        #expect(try params.options(usual: usual).classWeights == wanted)
      }
    }
  }

  @Test func layerRatesAreReadAndNonsenseIsRefused() throws {
    func rates(_ text: String) throws -> [String: Float] {
      try text.withCString { text in
        var params = fcn_trainer_params.defaults
        params.layer_rates = text
        var usual = TrainingOptions()
        usual.layerRates = ["usual": 2]
        return try params.options(usual: usual).layerRates
      }
    }
    #expect(try rates("conv1=0,upscore=1.5") == ["conv1": 0, "upscore": 1.5])
    #expect(try rates("conv1=1e-3, upscore=1000") == ["conv1": 0.001, "upscore": 1000])
    #expect(try rates("").isEmpty)
    for text in ["conv1", "conv1=", "conv1=x", "conv1=0,", ",", "conv1=0 upscore"] {
      expectError(.invalidArgument, saying: "layer_rates is \"\(text)\"", "NAME=FACTOR") {
        _ = try rates(text)
      }
    }
    for text in ["conv1=-1", "conv1=1001", "conv1=nan"] {
      expectError(.invalidArgument, saying: "the factor of conv1 in layer_rates", "0…1000") {
        _ = try rates(text)
      }
    }
  }

  @Test func classWeightsAreCopiedAndCounted() throws {
    let values: [Float] = [1, 2, 0.5, -1]
    try values.withUnsafeBufferPointer { values in
      func params(_ count: Int32) -> fcn_trainer_params {
        var params = fcn_trainer_params.defaults
        (params.class_weight_values, params.class_weight_count) = (values.baseAddress, count)
        params.class_weights = 7  // not looked at
        return params
      }
      let usual = TrainingOptions()
      let options = try params(3).options(usual: usual)
      #expect(options.classWeights == .explicit([1, 2, 0.5]))
      expectError(.invalidArgument, saying: "class_weight_values[3] is -1.0", "0…1000000") {
        _ = try params(4).options(usual: usual)
      }
      for count: Int32 in [0, -1, 256, .min, .max] {
        expectError(.invalidArgument, saying: "class_weight_count is \(count)") {
          _ = try params(count).options(usual: usual)
        }
      }
      expectError(.invalidArgument, saying: "class_weight_count is 3, but there are 4 classes") {
        try params(3).checkClassWeights(classCount: 4)
      }
    }
    expectError(.invalidArgument, saying: "class_weight_count is 2", "NULL") {
      _ = try options { $0.class_weight_count = 2 }
    }
  }

  @Test func aRecipeIsItsSettingsAndWhatIsChanged() throws {
    for recipe in Recipe.all {
      let params = fcn_trainer_params.settings(of: recipe)
      let usual = UsualTraining(
        TrainingFacts(
          pictures: 8, size: .init(64, 48), classPixels: [5, 5], validationPictures: 0),
        saved: nil, recipe: try params.chosenRecipe())
      #expect(usual.recipe.name == recipe.name)
      let model = try Model.fresh(
        ModelDescription(
          architecture: "fcn-simple", options: ArchitectureOptions(classes: 2, width: 0.05),
          classNames: ["a", "b"], palette: Palette.voc(count: 2), preprocessing: .torchvision),
        seed: 1)
      let wanted = usual.options(of: model)
      if !recipe.isSuited { #expect(wanted == recipe.options) }
      #expect(try params.options(usual: wanted) == wanted, "\(recipe.name)")
    }
    var params = fcn_trainer_params.settings(of: try Recipe.named("voc-fcn32s"))
    #expect((params.momentum, params.bias_rate, params.flip) == (0.99, 2, 0))
    (params.flip, params.epochs) = (1, 3)
    let options = try params.options(usual: Recipe.named("voc-fcn32s").options)
    #expect((options.epochs, options.iterations) == (3, 0))
    #expect((options.augmentation.flip, options.learningRate) == (true, 1e-10))
    // A rate of SGD's summed loss is none of AdamW's.
    params.optimizer = Int32(FCN_OPTIMIZER_ADAMW)
    #expect(try params.options(usual: Recipe.named("voc-fcn32s").options).learningRate == 0.001)
    "voc-fcn32s".withCString { name in
      params.recipe = name
      expectError(.invalidArgument, saying: "fcn_trainer_params_named") {
        _ = try params.chosenRecipe()
      }
    }
  }
}
