import FCNTestSupport
import Testing

@testable import FCNSwift

/// The geometry of the FCN family against the published numbers, and whole networks against PyTorch.
struct FamilyTests {
  /// Rows and columns cut off by each crop, as the papers' models have them.
  @Test(arguments: [
    ("fcn32s", ["score": 19]),
    ("fcn16s", ["score_pool4c": 5, "score": 27]),
    ("fcn8s", ["score_pool4c": 5, "score_pool3c": 9, "score": 31]),
    ("fcn8s-atonce", ["score_pool4c": 5, "score_pool3c": 9, "score": 31]),
    ("fcn-alexnet", ["score": 18]),
  ])
  func cropsBeginWhereThePapersModelsDo(name: String, offsets: [String: Int]) throws {
    let network = try Architecture.named(name).network(ArchitectureOptions(classes: 21))
    let crops = network.layers.compactMap { layer in
      (layer.operation as? Crop).map { (layer.name, $0.offset) }
    }
    #expect(
      Dictionary(uniqueKeysWithValues: crops) == offsets.mapValues { Extent($0, $0) })
  }

  /// Parameters of the published models, upsampling included, and of torchvision's.
  @Test(arguments: [
    ("fcn32s", 136_150_000, true, false), ("fcn8s", 134_490_000, true, false),
    ("fcn-resnet50", 35_322_218, false, true), ("fcn-resnet101", 54_314_346, false, true),
    ("deeplabv3-resnet50", 42_004_074, false, true),
    ("deeplabv3-resnet101", 60_996_202, false, true),
    ("deeplabv3-mobilenet-v3-large", 11_029_328, false, true),
    ("lraspp-mobilenet-v3-large", 3_221_538, false, false),
  ])
  func networksHaveAsManyParametersAsPublished(
    name: String, count: Int, denseUpsampling: Bool, auxiliaryHead: Bool
  ) throws {
    let network = try Architecture.named(name).network(
      ArchitectureOptions(
        classes: 21, auxiliaryHead: auxiliaryHead, denseUpsampling: denseUpsampling))
    let learned = network.parameters.filter { $0.role != .statistic }.reduce(0) { $0 + $1.count }
    // The published FCN counts are rounded to 10,000.
    #expect(abs(learned - count) <= (denseUpsampling ? 5000 : 0), "\(learned)")
  }

  @Test(arguments: Architecture.all.map(\.name), [(1, 1), (7, 40), (61, 33), (96, 64)])
  func anySizeOfInputGivesScoresOfItsSize(name: String, size: (height: Int, width: Int)) throws {
    let network = try Architecture.named(name).network(
      ArchitectureOptions(classes: 3, width: 0.02))
    let input = Shape(
      1, 3, roundUp(size.height, toMultipleOf: network.stride),
      roundUp(size.width, toMultipleOf: network.stride))
    let output = try #require(try network.shapes(for: input).last)
    #expect(output == Shape(1, 3, input.h, input.w))
  }

  @Test(arguments: ["fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet"])
  func scoresOfNarrowNetworksAgreeWithPyTorch(name: String) throws {
    try compareWithPyTorch(name, width: 0.125)
  }

  @Test(arguments: ["fcn-resnet50", "fcn-resnet101"])
  func scoresOfResNetsAgreeWithTorchvision(name: String) throws {
    try compareWithPyTorch(name, width: 1)
  }

  /// torchvision's and segmentation_models_pytorch's own networks: each head, each trunk, each way in
  /// which a trunk is dilated.
  @Test(arguments: [
    "deeplabv3-resnet50", "deeplabv3-mobilenet-v3-large", "lraspp-mobilenet-v3-large",
    "unet-resnet18", "unet-mobilenet-v3-large", "fpn-resnet34", "fpn-efficientnet-b0",
    "deeplabv3plus-mobilenet-v2", "deeplabv3plus-mobilenet-v3-large",
    "deeplabv3plus-efficientnet-b0",
  ])
  func scoresOfHeadsOnTrunksAgreeWithTheirLibraries(name: String) throws {
    try compareWithPyTorch(name, width: 1, classes: 2, file: "networks")
  }

  @Test(arguments: ["unet", "segnet", "fc-densenet56", "fc-densenet67", "dabnet", "edanet"])
  func scoresOfOtherNetworksAgreeWithPyTorch(name: String) throws {
    try compareWithPyTorch(name, width: 0.5, classes: 2, file: "networks")
  }

  /// The files come from Goldens/make_family.py.
  private func compareWithPyTorch(
    _ name: String, width: Float, classes: Int = 4, file: String = "family"
  ) throws {
    func path(_ name: String) -> String { LayerGoldens.folder.appendingPathComponent(name).path }
    let architecture = try Architecture.named(name)
    let description = ModelDescription(
      architecture: name, options: ArchitectureOptions(classes: classes, width: width),
      classNames: Array(["a", "b", "c", "d"].prefix(classes)), palette: Palette.voc(count: classes),
      preprocessing: architecture.preprocessing)
    let weights = try Model.network(for: description).parameters.map {
      try WeightTensor(name: $0.name, shape: $0.shape, floats: weightsByRule($0))
    }
    let session = try Session(
      model: Model(description: description, weights: weights), options: .init(threads: 2))
    let picture = try Image(contentsOf: path("waves-33x47.png"))
    let wanted = try Safetensors(contentsOf: path("\(file).safetensors")).tensor(named: name)
      .fourDimensional()
    try session.run([picture])
    let scores = try Tensor(wanted.shape)
    try scores.withUnsafeElements { try session.copyScores(0, to: $0) }
    let range = (wanted.elements.max() ?? 0) - (wanted.elements.min() ?? 0)
    // Winograd's transforms cost a few bits.
    expectClose(scores, wanted, absolute: range * 1e-4, name)
  }

  /// What `fill` in Goldens/fcn_family.py puts into a tensor.
  private func weightsByRule(_ parameter: ParameterSpecification) -> [Float] {
    let name = parameter.name
    let kind = name.split(separator: ".").last ?? ""
    let (factor, shift): (Double, Double)
    if parameter.shape.count == 4 {
      let fanIn = name.contains("upscore") ? 4 : parameter.count / parameter.shape[0]
      (factor, shift) = ((6 / Double(fanIn)).squareRoot(), 0)
    } else if kind == "running_var" {
      (factor, shift) = (0.5, 1)
    } else if name.hasSuffix("acti.weight") {
      (factor, shift) = (0.1, 0.25)
    } else if kind == "weight" {
      let gain = name.contains("bn3") ? 0.3 : 1
      (factor, shift) = (0.2 * gain, gain)
    } else {
      (factor, shift) = (0.1, 0)
    }
    let seed = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    return (1...parameter.count).map { index in
      var x = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 &+ seed
      x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
      x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
      x ^= x >> 31
      return Float((Double(x >> 40) / Double(1 << 23) - 1) * factor + shift)
    }
  }
}
