import FCNTestSupport
import Testing

@testable import FCNSwift

/// Weights and scores that are not finite are errors that name the layer, never labels.
struct FinitenessTests {
  @Test func oneValueIsFoundWhereverItIs() {
    for count in [1, 15, 16, 17, 40, 4095, 4097, 8300] {
      var values = (0..<count).map { Float($0 % 3000 - 1500) * 2e35 }
      // Not in the macro, which would print them all.
      let isFinite = areFinite(values, count)
      #expect(isFinite, "\(count)")
      for position in Set([0, count / 2, max(0, count - 17), count - 1]) {
        let old = values[position]
        for bad in [Float.nan, .infinity, -.infinity] {
          values[position] = bad
          let isFinite = areFinite(values, count)
          #expect(!isFinite, "\(bad) at \(position) of \(count)")
        }
        values[position] = old
      }
    }
  }

  @Test func aLargeTensorIsLookedAtByAllThreads() throws {
    let tensor = try Tensor(Shape(1, 1, 3, 300_000), filledWith: 1)
    let pool = try WorkerPool(threads: 3)
    #expect(isFinite(tensor, pool))
    for position in [0, 262_144, 899_999] {
      tensor.pointer[position] = .infinity
      #expect(!isFinite(tensor, pool))
      tensor.pointer[position] = 1
    }
  }

  @Test(arguments: [
    ("fcn-simple", "conv1_1.bias"), ("fcn-simple", "conv3_2.weight"),
    ("fcn-simple", "score_pool4.weight"), ("fcn-simple", "upsampled_pool5.weight"),
    ("fcn-simple", "upsampled_final.bias"), ("fcn8s", "fc6.weight"), ("fcn8s", "upscore8.weight"),
    ("fcn-alexnet", "conv2.bias"), ("fcn-resnet50", "backbone.layer3.0.bn2.running_mean"),
  ])
  func aWeightThatIsNotFiniteIsNamed(architecture: String, name: String) throws {
    let layer = name.split(separator: ".").dropLast().joined(separator: ".")
    for bad in [Float.nan, .infinity] {
      let model = try Spoilt.model(architecture) { if $0 == name { $1[$1.count - 1] = bad } }
      for precision in [Precision.float32, .int16] {
        let session = try Session(model: model, options: .init(threads: 2, precision: precision))
        let isFolded = name.contains("running_mean")
        expectError(
          .notFinite, saying: isFolded ? "conv2" : "layer \(layer): ", "in \(name)", "\(bad)"
        ) { try session.run([Spoilt.picture()]) }
        #expect(session.resultCount == 0)
      }
    }
  }

  @Test func whatANormalizationMakesOfWeightsIsLookedAtToo() throws {
    let model = try Spoilt.model("fcn-simple", batchNorm: true) {
      if $0 == "bn2_1.running_var" { $1[0] = -2 }
    }
    let folded = try Session(model: model, options: .init(threads: 1))
    expectError(.notFinite, saying: "layer conv2_1", "bn2_1.running_var") {
      try folded.run([Spoilt.picture()])
    }
    let plain = try Session(
      model: model, options: .init(threads: 1, disabledForms: [InferenceWeights.foldingName]))
    expectError(.notFinite, saying: "scores", "layer bn2_1") { try plain.run([Spoilt.picture()]) }
  }

  @Test func halfPrecisionIsLookedAt() throws {
    let whole = try Spoilt.model("fcn-simple") { _, _ in }
    let weights = try whole.orderedWeights.map { weight -> WeightTensor in
      let half = try weight.converted(to: .float16)
      guard weight.name == "conv4_1.weight" else { return half }
      var bits = half.floats.map { Float16($0).bitPattern }
      bits[7] = 0x7E00
      let storage = try bits.withUnsafeBytes { try ByteStorage(copying: $0) }
      return WeightTensor(
        name: weight.name, shape: weight.shape, elementType: .float16, count: bits.count,
        storage: storage, offset: 0)
    }
    let model = try Model(description: whole.description, weights: weights)
    expectError(.notFinite, saying: "layer conv4_1: element 7 is nan in conv4_1.weight") {
      try Session(model: model, options: .init(threads: 1)).run([Spoilt.picture()])
    }
  }

  @Test(arguments: [Precision.float32, .int16])
  func scoresThatOverflowAreNoLabels(precision: Precision) throws {
    let model = try Spoilt.overflowing()
    let session = try Session(model: model, options: .init(threads: 2, precision: precision))
    expectError(.notFinite, saying: "the scores are not finite", "layer conv4_2") {
      try session.run([Spoilt.picture(), Spoilt.picture()])
    }
    #expect(session.resultCount == 0)
    expectError(.notFinite, saying: "layer conv4_2") {
      _ = try session.stepTimes([Spoilt.picture()])
    }
    expectError(.notFinite, saying: "layer conv4_2") {
      _ = try model.evaluate(on: Patches(), threads: 1, precision: precision) { _, _, _ in true }
    }
  }

  @Test func imageAfterImageIsSegmentedOnASmallStack() throws {
    let model = try Spoilt.model("fcn-simple") { _, _ in }
    let session = try Session(model: model, options: .init(threads: 2, largestBatch: 64))
    let image = try Image(width: 1, height: 1)
    try session.run([Image](repeating: image, count: 1500))
    #expect(session.resultCount == 1500)
  }

  @Test func importedAndExportedWeightsAreLookedAt() throws {
    let model = try Spoilt.model("fcn-simple") { if $0 == "conv2_2.bias" { $1[1] = .nan } }
    let folder = try TemporaryFolder()
    try Safetensors.write(model.orderedWeights, metadata: [:], to: folder.file("foreign"))
    expectError(.notFinite, saying: "\"conv2_2.bias\"", "element 1 is nan") {
      _ = try Import.read(folder.file("foreign"))
    }
    expectError(.notFinite, saying: "conv2_2.bias") {
      try model.writeONNX(to: folder.file("onnx"))
    }
  }
}

/// Models with weights that they should not have.
enum Spoilt {
  static func model(
    _ architecture: String, batchNorm: Bool = false,
    _ change: (_ name: String, _ values: inout [Float]) -> Void
  ) throws -> Model {
    let model = try Model.fresh(
      ModelDescription(
        architecture: architecture,
        options: ArchitectureOptions(classes: 2, width: 0.05, batchNorm: batchNorm),
        classNames: ["dark", "bright"], palette: Palette.voc(count: 2),
        preprocessing: .torchvision), seed: 5)
    return try Model(
      description: model.description,
      weights: model.orderedWeights.map { weight in
        var floats = weight.floats
        change(weight.name, &floats)
        return try WeightTensor(name: weight.name, shape: weight.shape, floats: floats)
      })
  }

  /// All of its weights are finite; what its layers conv4_2 and after make is not.
  static func overflowing() throws -> Model {
    try model("fcn-simple") { name, values in
      if name == "conv4_1.weight" || name == "conv4_2.weight" {
        for i in values.indices { values[i] = 1e25 }
      }
      // Something comes through.
      if name == "conv3_3.bias" { for i in values.indices { values[i] = 10 } }
    }
  }

  static func picture() throws -> Image {
    var generator = SeededGenerator(seed: 8)
    return try Image(
      width: 40, height: 33,
      pixels: (0..<40 * 33 * 3).map { _ in UInt8(generator.integer(in: 0..<256)) })
  }
}
