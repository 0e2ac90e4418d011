import FCNTestSupport
import Testing

@testable import FCNSwift

/// What becomes of weights that are not exactly a network's.
struct ImportDecisionTests {
  private func identified(
    _ tensors: [WeightTensor], named names: [String] = [],
    _ change: (inout ImportOptions) throws -> Void = { _ in }
  ) throws -> ImportResult {
    var options = ImportOptions()
    try change(&options)
    return try ForeignWeights(format: .pytorch, tensors: tensors, statedNames: names)
      .translated(options.renamings).identified(options)
  }

  private func expectSame(_ result: ImportResult, _ wanted: Model) throws {
    guard case .model(let found) = result.found else {
      Issue.record("a trunk was found")
      return
    }
    #expect(found.network.parameters == wanted.network.parameters)
    for tensor in wanted.orderedWeights {
      #expect(found.weights[tensor.name]?.floats == tensor.floats, "\(tensor.name)")
    }
  }

  private func tensor(_ name: String, _ shape: [Int]) throws -> WeightTensor {
    try WeightTensor(
      name: name, shape: shape, floats: [Float](repeating: 0.5, count: shape.reduce(1, *)))
  }

  // MARK: Wrappers

  @Test(arguments: [
    ("backbone.", "backbone._orig_mod."), ("backbone.", "module.backbone._orig_mod."),
    ("backbone.layer1.", "backbone.layer1._checkpoint_wrapped_module."),
  ])
  func wordsOfWrappersComeOffWhereverTheyStand(part: String, wrapped: String) throws {
    let wanted = try narrowModel("fcn-resnet50")
    let leads = wrapped.hasPrefix("module.")
    let tensors = wanted.orderedWeights.map { tensor in
      guard tensor.name.hasPrefix(part) else {
        return leads ? tensor.named("module." + tensor.name) : tensor
      }
      return tensor.named(wrapped + tensor.name.dropFirst(part.count))
    }
    let result = try identified(tensors)
    try expectSame(result, wanted)
    #expect(result.report.leftOut.isEmpty)
  }

  // MARK: What is lost

  private func unet() throws -> [WeightTensor] {
    let trunk = try narrowModel("fcn-resnet50").orderedWeights.filter {
      $0.name.hasPrefix("backbone.")
    }
    return try trunk.map { $0.named("trunk." + $0.name.dropFirst("backbone.".count)) } + [
      tensor("up.0.conv.weight", [4, 8, 3, 3]),
      tensor("head.weight", [2, 4, 3, 3]), tensor("head.bias", [2]),
    ]
  }

  @Test func aDecoderIsNotDroppedInSilence() throws {
    let weights = try unet()
    expectError(
      .unsupported, saying: "up.0.conv.weight [4, 8, 3, 3]",
      "head.weight", "2 weights of other layers"
    ) { _ = try identified(weights) }
    // A trunk with vectors alone beside it is one, and they are told.
    let result = try identified(
      weights.filter { $0.shape.count < 3 || $0.name.hasPrefix("trunk.") })
    guard case .trunk(let trunk) = result.found else {
      Issue.record("a model was found")
      return
    }
    #expect(trunk.leftOver == ["head.bias"])
    #expect(result.report.leftOut == trunk.leftOver)
  }

  @Test func whatATransplantDoesNotTakeIsTold() throws {
    let source = try ForeignWeights(format: .pytorch, tensors: unet()).translated()
    let (_, transplant) = try narrowModel("fcn-resnet50").copyingWeights(from: source)
    #expect(transplant.unused.contains("up.0.conv.weight"))
  }

  @Test func aNetworkBesideOtherLayersNamesThem() throws {
    let wanted = try narrowModel("fcn-resnet50")
    let tensors =
      try wanted.orderedWeights.map { $0.named("fcn." + $0.name) } + [
        tensor("refine.conv.weight", [2, 2, 3, 3]), tensor("criterion.weight", [3]),
      ]
    let result = try identified(tensors)
    try expectSame(result, wanted)
    #expect(result.report.leftOut == ["refine.conv.weight", "criterion.weight"])
    #expect(result.report.leftOutLayers == ["refine.conv.weight"])
  }

  /// As segmentation_models_pytorch writes them of EfficientNet, and where `aux_params` are given.
  @Test func whatClassifiesWholePicturesIsLeftOut() throws {
    let wanted = try narrowModel("unet-efficientnet-b0")
    let besides = try [
      tensor("encoder._conv_head.weight", [8, 4, 1, 1]), tensor("encoder._bn1.weight", [8]),
      tensor("classification_head.3.weight", [5, 8]),
    ]
    let result = try identified(wanted.orderedWeights + besides)
    try expectSame(result, wanted)
    #expect(result.report.leftOut == besides.map(\.name))
    #expect(result.report.leftOutLayers.isEmpty)
  }

  @Test func whatWeightsDoNotTellIsTold() throws {
    let result = try identified(narrowModel("unet-mobilenet-v3-large").orderedWeights)
    #expect(result.report.assumed.count == 2)
    #expect(result.report.assumed.contains { $0.contains("nearest neighbours") })
    #expect(result.report.assumed.contains { $0.contains("not tf_mobilenetv3_large_100") })
    #expect(
      try identified(narrowModel("fcn-resnet50").orderedWeights).report.assumed.isEmpty)
  }

  @Test(arguments: ["criterion.weight", "loss_fn.weight", "ce_loss.weight", "metrics.iou"])
  func aLossesWeightsAreLeftOutWithANote(name: String) throws {
    let wanted = try narrowModel("fcn-resnet50")
    let result = try identified(wanted.orderedWeights + [tensor(name, [3])])
    try expectSame(result, wanted)
    #expect(result.report.leftOut == [name])
    #expect(result.report.leftOutLayers.isEmpty)
  }

  @Test func aLayerThatIsNotTheNetworksIsNotLeftOut() throws {
    let weights = try narrowModel("fcn-resnet50").orderedWeights + [tensor("refine.weight", [3])]
    expectError(.shapeMismatch, saying: "left over: refine.weight [3]") {
      _ = try identified(weights)
    }
  }

  // MARK: Heads

  @Test func anAuxiliaryHeadOfOtherClassesIsLeftOut() throws {
    let wanted = try narrowModel("fcn-resnet50", classes: 2)
    let other = try narrowModel("fcn-resnet50", classes: 5, auxiliaryHead: true).orderedWeights
      .filter {
        $0.name.hasPrefix("aux_classifier.")
      }
    let result = try identified(wanted.orderedWeights + other)
    try expectSame(result, wanted)
    #expect(result.report.leftOut == other.map(\.name))
    #expect(!other.isEmpty)
  }

  private func renamed() throws -> [WeightTensor] {
    try narrowModel("fcn8s", classes: 5).orderedWeights.map { tensor in
      guard tensor.name.hasPrefix("score") else { return tensor }
      return tensor.named(
        tensor.name.replacing("score_fr", with: "score_fr_mine")
          .replacing("score_pool", with: "score_mine_pool"))
    }
  }

  @Test func renamedScoreLayersAreSuggestedAndTaken() throws {
    let weights = try renamed()
    expectError(
      .shapeMismatch, saying: "fcn8s is nearest", "score_fr_mine for score_fr",
      "score_mine_pool4 for score_pool4", "score_mine_pool3 for score_pool3"
    ) { _ = try identified(weights) }
    for prefix in ["", "module."] {
      let result = try identified(weights.map { $0.named(prefix + $0.name) }) { options in
        options.architecture = "fcn8s"
        options.renamings = try [
          "score_fr_mine=score_fr", "score_mine_pool4=score_pool4",
          "score_mine_pool3.weight=score_pool3.weight", "score_mine_pool3.bias=score_pool3.bias",
        ].map { try Renaming($0) }
      }
      try expectSame(result, try narrowModel("fcn8s", classes: 5))
    }
    expectError(.notFound, saying: "\"score_none\"") {
      _ = try identified(weights) { $0.renamings = [try Renaming("score_none=score_fr")] }
    }
    for text in ["a", "a=", "=b", "a=b=c", ""] {
      expectError(.invalidArgument, saying: "from=to") { _ = try Renaming(text) }
    }
  }

  @Test func renamingsAreDoneAtOnce() throws {
    let wanted = try narrowModel("fcn8s", classes: 5)
    let swapped = wanted.orderedWeights.map { tensor in
      guard tensor.name.hasPrefix("score_pool") else { return tensor }
      return tensor.named(
        tensor.name.replacing("score_pool3", with: "score_pool#")
          .replacing("score_pool4", with: "score_pool3")
          .replacing("score_pool#", with: "score_pool4"))
    }
    for prefix in ["", "module."] {
      let result = try identified(swapped.map { $0.named(prefix + $0.name) }) { options in
        options.architecture = "fcn8s"
        options.renamings = try ["score_pool3=score_pool4", "score_pool4=score_pool3"]
          .map { try Renaming($0) }
      }
      try expectSame(result, wanted)
    }
    let tensors = wanted.orderedWeights.filter { $0.name.hasPrefix("score_fr.") }
    func names(_ texts: String...) throws -> Set<String> {
      Set(try Renaming.apply(texts.map { try Renaming($0) }, to: tensors).map(\.name))
    }
    #expect(try names("score_fr=a") == ["a.weight", "a.bias"])
    #expect(try names("score_fr=a", "score_fr.bias=b.c") == ["a.weight", "b.c"])
    #expect(try names("score_fr=a", "bias=b") == ["a.weight", "a.b"])
    expectError(.notFound, saying: "\"a\"") { _ = try names("score_fr=a", "a=b") }
    expectError(.invalidArgument, saying: "\"a\" and to \"b\"") {
      _ = try names("score_fr=a", "score_fr=b")
    }
  }

  @Test func upsamplingThatIsNotThereIsBilinear() throws {
    let wanted = try narrowModel("fcn32s")
    let result = try identified(wanted.orderedWeights.filter { $0.name != "upscore.weight" })
    try expectSame(result, wanted)
    #expect(result.report.filledIn == ["upscore.weight"])
    // Where part of it is there, or scores are missing, it is not made up.
    let deep = try narrowModel("fcn16s").orderedWeights
    expectError(.shapeMismatch, saying: "missing: upscore16.weight") {
      _ = try identified(deep.filter { $0.name != "upscore16.weight" })
    }
    expectError(.shapeMismatch, saying: "missing (3): score_fr.weight") {
      _ = try identified(
        deep.filter { !["score_fr.weight", "score_fr.bias", "upscore2.weight"].contains($0.name) }
      ) {
        $0.longestList = 2
      }
    }
  }

  // MARK: What a file says

  @Test(arguments: ["FCN8s", "fcn_8s", "fcn8s", "FCN8sAtOnce", "fcn8s-atonce"])
  func theArchitectureThatAFileNamesIsBelieved(name: String) throws {
    let weights = try narrowModel("fcn8s").orderedWeights
    let result = try identified(weights, named: ["resnet", name])
    guard case .model(let found) = result.found else {
      Issue.record("a trunk was found")
      return
    }
    let isAtOnce = name.lowercased().contains("once")
    #expect(found.description.architecture == (isAtOnce ? "fcn8s-atonce" : "fcn8s"))
    #expect(result.report.statedName == name)
    // What fits is what it is.
    let other = try identified(try narrowModel("fcn32s").orderedWeights, named: [name])
    try expectSame(other, try narrowModel("fcn32s"))
    #expect(other.report.statedName == nil)
  }

  // MARK: Preprocessing

  @Test func preprocessingIsAssumedOnlyWhereNothingIsSaid() throws {
    let weights = try narrowModel("fcn-resnet50").orderedWeights
    func preprocessing(
      _ change: (inout ImportOptions) throws -> Void = { _ in }
    ) throws -> (Preprocessing, Bool) {
      let result = try identified(weights, change)
      guard case .model(let found) = result.found else { throw FCNError(.unsupported, "a trunk") }
      return (found.description.preprocessing, result.report.preprocessingIsAssumed)
    }
    #expect(try preprocessing() == (.torchvision, true))
    #expect(try preprocessing { $0.preprocessing = .unit } == (.unit, false))
    let swapped = try preprocessing { $0.adjustment.channelOrder = .bgr }
    #expect(swapped.0.mean == Preprocessing.torchvision.mean.reversed())
    #expect(!swapped.1)
    let numbers = try preprocessing {
      $0.adjustment.mean = [0]
      $0.adjustment.scale = [1.0 / 255]
    }
    #expect(numbers.0 == .unit)
    expectError(.invalidArgument, saying: "wants 3 means") {
      _ = try preprocessing { $0.adjustment.mean = [1, 2] }
    }
  }

  @Test func rulesHaveNames() throws {
    for (name, rule) in Preprocessing.named { #expect(try Preprocessing.named(name) == rule) }
    expectError(.notFound, saying: "torchvision, caffe, grey, unit") {
      _ = try Preprocessing.named("none")
    }
  }

  // MARK: Messages

  @Test func aMessageFitsAScreenUnlessAllIsAskedFor() throws {
    let weights =
      try (0..<300).map { try tensor("stage\($0).conv.weight", [2, 2, 3, 3]) }
      + [try tensor("conv1_1.weight", [2, 3, 3, 3])]
    do {
      _ = try identified(weights)
      Issue.record("it was read")
    } catch let error as FCNError {
      #expect(error.message.utf8.count < 1200, "\(error.message)")
      #expect(error.message.contains("left over (300)"))
      #expect(error.message.contains("of its"))
    }
    expectError(.shapeMismatch, saying: "stage299.conv.weight") {
      _ = try identified(weights) { $0.longestList = .max }
    }
  }
}
