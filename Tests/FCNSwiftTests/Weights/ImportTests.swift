import FCNTestSupport
import Testing

@testable import FCNSwift

/// A model of the architecture `name`, narrow, with fresh weights.
func narrowModel(
  _ name: String, classes: Int = 3, batchNorm: Bool = false, auxiliaryHead: Bool = false
) throws -> Model {
  let architecture = try Architecture.named(name)
  return try Model.fresh(
    ModelDescription(
      architecture: name,
      options: ArchitectureOptions(
        classes: classes, width: 0.03125, batchNorm: batchNorm, auxiliaryHead: auxiliaryHead),
      classNames: (0..<classes).map { "class \($0)" }, palette: Palette.voc(count: classes),
      preprocessing: architecture.preprocessing), seed: 4)
}

/// Foreign weights, under the names that frameworks give them, becoming models.
struct ImportTests {
  private func recognized(
    _ tensors: [WeightTensor], _ format: ForeignWeights.Format = .pytorch,
    _ change: (inout ImportOptions) -> Void = { _ in }
  ) throws -> Model {
    var options = ImportOptions()
    change(&options)
    let found = try ForeignWeights(format: format, tensors: tensors).translated()
      .recognized(options)
    guard case .model(let model) = found else {
      throw FCNError(.unsupported, "a trunk was found")
    }
    return model
  }

  /// `model`'s tensors as published files hold them: upsampling with a kernel for every pair.
  private func published(_ model: Model) throws -> [WeightTensor] {
    try model.orderedWeights.map { tensor in
      guard tensor.name.hasPrefix("upscore") else { return tensor }
      let (classes, side) = (tensor.shape[0], tensor.shape[2])
      let kernel = side * side
      var floats = [Float](repeating: 0, count: classes * classes * kernel)
      for (c, source) in zip(0..., stride(from: 0, to: tensor.count, by: kernel)) {
        floats.replaceSubrange(
          (c * classes + c) * kernel..<(c * classes + c + 1) * kernel,
          with: tensor.floats[source..<source + kernel])
      }
      return try WeightTensor(
        name: tensor.name, shape: [classes, classes, side, side], floats: floats)
    }
  }

  private func expectSame(_ found: Model, _ wanted: Model) {
    #expect(found.description.architecture == wanted.description.architecture)
    // Several widths make the same network.
    var options = found.description.options
    options.width = wanted.description.options.width
    #expect(options == wanted.description.options)
    #expect(found.network.parameters == wanted.network.parameters)
    for tensor in wanted.orderedWeights {
      #expect(found.weights[tensor.name]?.floats == tensor.floats, "\(tensor.name)")
    }
  }

  @Test(arguments: ["fcn-simple", "fcn32s", "fcn16s", "fcn8s", "fcn-alexnet", "fcn-resnet50"])
  func aNetworkIsRecognizedByNamesAndShapes(name: String) throws {
    let wanted = try narrowModel(name)
    let found = try recognized(published(wanted), .caffe)
    expectSame(found, wanted)
    #expect(
      found.description.preprocessing == (name == "fcn-resnet50" ? .torchvision : .caffe))
    #expect(found.description.classNames == ["class 0", "class 1", "class 2"])
  }

  @Test func classesOfVOCGetTheirNames() throws {
    let found = try recognized(published(try narrowModel("fcn32s", classes: 21)))
    #expect(found.description.classNames == Palette.vocClassNames)
  }

  @Test func theAuxiliaryHeadShowsInTheNames() throws {
    let wanted = try narrowModel("fcn-resnet50", auxiliaryHead: true)
    expectSame(try recognized(wanted.orderedWeights), wanted)
  }

  @Test func batchNormalizationShowsInTheNames() throws {
    let wanted = try narrowModel("fcn-simple", batchNorm: true)
    expectSame(try recognized(wanted.orderedWeights), wanted)
  }

  @Test func namesThatFitTwoNetworksWantOneSaid() throws {
    let weights = try published(try narrowModel("fcn8s"))
    expectError(.invalidArgument, saying: "fcn8s and fcn8s-atonce", "say which") {
      _ = try recognized(weights)
    }
    for name in ["fcn8s", "fcn8s-atonce"] {
      let found = try recognized(weights) { $0.architecture = name }
      #expect(found.description.architecture == name)
    }
  }

  @Test func caffesScalesTellANetworkTrainedAtOnce() throws {
    let weights = try published(try narrowModel("fcn8s-atonce"))
    func scale(_ name: String, _ factor: Float) throws -> WeightTensor {
      try WeightTensor(
        name: "\(name).weight", shape: [4], floats: [Float](repeating: factor, count: 4))
    }
    let found = try recognized(
      weights + [scale("scale_pool4", 0.01), scale("scale_pool3", 0.0001)], .caffe)
    expectSame(found, try narrowModel("fcn8s-atonce"))
    expectError(.shapeMismatch, saying: "scale_pool4.weight (wanted 0.01 throughout)") {
      _ = try recognized(
        weights + [scale("scale_pool4", 0.5), scale("scale_pool3", 0.0001)], .caffe)
    }
  }

  @Test(arguments: ["predictor.", "module.", "updater.model:main.predictor."])
  func prefixesComeOff(prefix: String) throws {
    let wanted = try narrowModel("fcn32s")
    let stranger = try WeightTensor(name: "updater.iteration", shape: [1], floats: [9])
    expectSame(
      try recognized(published(wanted).map { $0.named(prefix + $0.name) } + [stranger], .chainer),
      wanted)
  }

  @Test func twoNetworksInAFileAreOneTooMany() throws {
    let weights = try published(try narrowModel("fcn32s"))
    expectError(.invalidArgument, saying: "2 networks", "\"model.\"", "\"ema.\"") {
      _ = try recognized(
        weights.map { $0.named("model.\($0.name)") } + weights.map { $0.named("ema.\($0.name)") })
    }
  }

  @Test func whatIsAmissIsListed() throws {
    var weights = try published(try narrowModel("fcn16s"))
    weights.removeAll { $0.name == "conv3_2.bias" }
    weights.append(try WeightTensor(name: "score59.weight", shape: [1], floats: [1]))
    let index = try #require(weights.firstIndex { $0.name == "conv2_1.bias" })
    weights[index] = try WeightTensor(name: "conv2_1.bias", shape: [5], floats: [1, 2, 3, 4, 5])
    expectError(
      .shapeMismatch,
      saying: "fcn16s is nearest", "missing: conv3_2.bias [8]",
      "of another shape: conv2_1.bias (found [5], wanted [4])", "left over: score59.weight"
    ) { _ = try recognized(weights) }
    expectError(.unsupported, saying: "\"a\" [1]") {
      _ = try recognized([WeightTensor(name: "a", shape: [1], floats: [1])])
    }
    expectError(.unsupported, saying: "no tensor") { _ = try recognized([]) }
  }

  @Test func upsamplingThatMixesClassesStaysDense() throws {
    var weights = try published(try narrowModel("fcn32s"))
    let index = try #require(weights.firstIndex { $0.name == "upscore.weight" })
    var floats = weights[index].floats
    floats[64 * 64] = 0.5  // from the first class to the second
    weights[index] = try WeightTensor(
      name: "upscore.weight", shape: weights[index].shape, floats: floats)
    let found = try recognized(weights)
    #expect(found.description.options.denseUpsampling)
    #expect(found.weights["upscore.weight"]?.floats == floats)
    // A fresh one has the same upsampling as the kernels a class.
    let dense = try Model.fresh(found.description, seed: 4)
    expectSame(try recognized(dense.orderedWeights), try narrowModel("fcn32s"))
  }

  @Test func caffesOldShapesFit() throws {
    let wanted = try narrowModel("fcn32s")
    let weights = try published(wanted).map { tensor in
      tensor.shape.count == 4
        ? tensor : tensor.reshaped(tensor.name, [1, 1, 1, tensor.count])
    }
    expectSame(try recognized(weights, .caffe), wanted)
  }

  @Test func zeroWeightsAreNamed() throws {
    var weights = try published(try narrowModel("fcn32s"))
    let index = try #require(weights.firstIndex { $0.name == "fc6.weight" })
    weights[index] = try WeightTensor(
      name: "fc6.weight", shape: weights[index].shape,
      floats: [Float](repeating: -0.0, count: weights[index].count))
    #expect(try recognized(weights).zeroWeights == ["fc6.weight"])
  }
}

/// Classifiers' weights, which networks start from.
struct TrunkImportTests {
  /// VGG16's tensors under Caffe's names, the hidden layers as matrices.
  private func classifier(batchNorm: Bool = false) throws -> (trunk: Model, [WeightTensor]) {
    let trunk = try Model.fresh(
      ModelDescription(
        architecture: "fcn32s",
        options: ArchitectureOptions(classes: 2, width: 0.03125, batchNorm: batchNorm),
        classNames: ["a", "b"], palette: Palette.voc(count: 2), preprocessing: .caffe), seed: 6)
    let weights = trunk.orderedWeights.filter { !$0.name.contains("score") }.map { tensor in
      tensor.name.hasPrefix("fc") && tensor.shape.count == 4
        ? tensor.reshaped(tensor.name, [tensor.shape[0], tensor.count / tensor.shape[0]]) : tensor
    }
    let last = try WeightTensor(
      name: "fc8.weight", shape: [7, 128], floats: [Float](repeating: 1, count: 7 * 128))
    return (trunk, weights + [last])
  }

  private func expectTrunk(
    _ weights: [WeightTensor], of model: Model, _ format: ForeignWeights.Format
  ) throws {
    let found = try ForeignWeights(format: format, tensors: weights).translated().recognized()
    guard case .trunk(let trunk) = found else {
      Issue.record("a model was found")
      return
    }
    #expect(trunk.leftOver == ["fc8.weight"])
    for tensor in trunk.weights {
      #expect(tensor.shape == model.weights[tensor.name]?.shape)
      #expect(tensor.floats == model.weights[tensor.name]?.floats, "\(tensor.name)")
    }
    #expect(trunk.weights.count == weights.count - 1)
    #expect(trunk.preprocessing == (format == .caffe ? .caffe : .torchvision))
  }

  @Test func caffesVGG16IsATrunk() throws {
    let (model, weights) = try classifier()
    try expectTrunk(weights, of: model, .caffe)
  }

  /// The numbers of VGG16's convolutions in torchvision's `features`.
  @Test(arguments: [
    (false, [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]),
    (true, [0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40]),
  ])
  func torchvisionsVGG16IsATrunk(batchNorm: Bool, numbers: [Int]) throws {
    let (model, weights) = try classifier(batchNorm: batchNorm)
    var theirs = ["fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"]
    for (name, number) in zip(VGG16.convolutionNames, numbers) {
      theirs["conv\(name)"] = "features.\(number)"
      theirs["bn\(name)"] = "features.\(number + 1)"
    }
    try expectTrunk(
      weights.map { tensor in
        let parts = tensor.name.split(separator: ".")
        return tensor.named("\(theirs[String(parts[0])] ?? "").\(parts[1])")
      }, of: model, .pytorch)
  }

  /// Its convolutions have biases that ours have not.
  @Test func aBiasBeforeABatchNormalizationMovesIntoItsMean() throws {
    let (_, weights) = try classifier(batchNorm: true)
    let means = try #require(weights.first { $0.name == "bn1_1.running_mean" }).floats
    let theirs =
      try weights.compactMap { tensor -> WeightTensor? in
        switch tensor.name {
        case "conv1_1.weight": tensor.named("features.0.weight")
        case "bn1_1.running_mean": tensor.named("features.1.running_mean")
        default: nil
        }
      } + [WeightTensor(name: "features.0.bias", shape: [2], floats: [0.5, -2])]
    let translated = try ForeignWeights(format: .pytorch, tensors: theirs).translated()
    #expect(
      translated.tensor(named: "bn1_1.running_mean")?.floats == [means[0] - 0.5, means[1] + 2])
    #expect(translated.tensor(named: "conv1_1.bias") == nil)
  }

  @Test func aTrunkStartsAnyNetworkOnIt() throws {
    let (trunk, weights) = try classifier()
    let source = try ForeignWeights(format: .caffe, tensors: weights).translated()
    for (name, copied) in [("fcn-simple", 26), ("fcn8s", 30)] {
      let fresh = try Model.fresh(
        ModelDescription(
          architecture: name, options: ArchitectureOptions(classes: 4, width: 0.03125),
          classNames: ["a", "b", "c", "d"], palette: Palette.voc(count: 4),
          preprocessing: .caffe), seed: 1, scores: .zero)
      let (model, transplant) = try fresh.copyingWeights(from: source)
      #expect(transplant.copied.count == copied)
      #expect(transplant.zero.isEmpty)
      #expect(model.weights["conv4_2.weight"]?.floats == trunk.weights["conv4_2.weight"]?.floats)
      #expect(model.zeroWeights.allSatisfy { $0.hasPrefix("score") })
    }
  }

  @Test func aTrunkFileKeepsItsPreprocessing() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("trunk.safetensors")
    let (_, weights) = try classifier()
    let found = try ForeignWeights(format: .caffe, tensors: weights).translated().recognized()
    guard case .trunk(let trunk) = found else {
      Issue.record("a model was found")
      return
    }
    try trunk.write(to: path, elementType: .float16)
    let again = try ForeignWeights(contentsOf: path).translated()
    #expect(again.preprocessing == .caffe)
    #expect(again.tensors.count == trunk.weights.count)
    #expect(again.tensors.allSatisfy { $0.elementType == .float16 })
  }
}
