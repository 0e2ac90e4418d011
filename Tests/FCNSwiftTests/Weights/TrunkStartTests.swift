import FCNTestSupport
import Testing

@testable import FCNSwift

/// Weights of networks that classify, and of one segmentation network, as a start for another.
struct TrunkStartTests {
  private func fresh(_ name: String, width: Float = 0.25) throws -> Model {
    let names = (0..<3).map { "class \($0)" }
    return try Model.fresh(
      ModelDescription(
        architecture: name, options: ArchitectureOptions(classes: 3, width: width),
        classNames: names, palette: Palette.voc(count: 3), preprocessing: .torchvision), seed: 5)
  }

  private func translated(_ tensors: [WeightTensor]) throws -> TranslatedWeights {
    try ForeignWeights(format: .pytorch, tensors: tensors).translated()
  }

  /// What the trunk of `model` is in a file of a network that classifies.
  private func classifier(
    _ model: Model, without prefix: String, with other: String = ""
  ) throws -> [WeightTensor] {
    model.orderedWeights.filter { $0.name.hasPrefix(prefix) }.map {
      $0.named(other + $0.name.dropFirst(prefix.count))
    }
  }

  @Test(arguments: [
    ("unet-resnet18", "encoder.", "", "fcn-resnet18"),
    ("deeplabv3plus-mobilenet-v2", "encoder.features.", "features.", "fcn-mobilenet-v2"),
    ("lraspp-mobilenet-v3-large", "backbone.", "features.", "fcn-mobilenet-v3-large"),
    ("fpn-efficientnet-b0", "encoder.", "", "fcn-efficientnet-b0"),
  ])
  func classifiersWeightsGoIntoTheTrunk(
    name: String, prefix: String, other: String, trunk: String
  ) throws {
    let source = try fresh(name)
    let own = try classifier(source, without: prefix, with: other)
    // A last layer of a thousand classes, as a matrix or a convolution.
    let isConvolution = name.hasSuffix("efficientnet-b0")
    let head = try WeightTensor(
      name: other == "features."
        ? "classifier.1.weight" : isConvolution ? "_conv_head.weight" : "fc.weight",
      shape: isConvolution ? [1000, 1, 1, 1] : [1000, 1],
      floats: [Float](repeating: 1, count: 1000))
    let weights = try translated(own + [head])
    #expect(weights.naming == .classifier)
    let origin = try #require(try weights.network(of: Architecture.named(name)))
    #expect(origin.options.width == 0.25)
    let target = try Model.fresh(source.description, seed: 6)
    let (model, transplant) = try target.copyingWeights(from: weights)
    #expect(transplant.copied.count == own.count)
    #expect(transplant.mismatched.isEmpty)
    #expect(transplant.unused.count == 1)
    for tensor in source.orderedWeights where tensor.name.hasPrefix(prefix) {
      #expect(model.weights[tensor.name]?.floats == tensor.floats, "\(tensor.name)")
    }
    guard case .trunk(let found) = try weights.recognized() else {
      Issue.record("no trunk")
      return
    }
    #expect(found.architecture == trunk)
    #expect(found.weights.count == own.count)
  }

  @Test func oneSegmentationNetworkStartsAnotherWithTheSameTrunk() throws {
    let source = try fresh("fcn-resnet18")
    let weights = try translated(source.orderedWeights)
    let (model, transplant) = try fresh("unet-resnet18").copyingWeights(from: weights)
    let trunk = source.orderedWeights.filter { $0.name.hasPrefix("backbone.") }
    #expect(transplant.copied.count == trunk.count)
    #expect(
      model.weights["encoder.layer2.0.conv1.weight"]?.floats
        == source.weights["backbone.layer2.0.conv1.weight"]?.floats)
  }

  /// Each network under its own names, behind what data parallelism puts before them.
  @Test(arguments: Architecture.all.map(\.name))
  func everyArchitectureIsRecognisedByItsNamesAndShapes(name: String) throws {
    let width: Float = name.hasPrefix("fc-dense") ? 0.5 : 0.25
    let source = try fresh(name, width: width)
    let weights = try translated(source.orderedWeights.map { $0.named("module.\($0.name)") })
    var options = ImportOptions()
    if name.hasPrefix("fcn8s") { options.architecture = name }
    guard case .model(let model) = try weights.recognized(options) else {
      Issue.record("no model")
      return
    }
    #expect(model.description.architecture == name)
    #expect(model.description.options.classes == 3)
    #expect(model.network.parameters == source.network.parameters)
  }
}
