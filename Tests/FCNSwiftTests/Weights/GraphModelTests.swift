import FCNTestSupport
import Testing

@testable import FCNSwift

/// Model files that carry their network.
struct GraphModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The file of `model` with other metadata.
  private func read(_ model: Model, _ change: (inout [String: String]) -> Void) throws -> Model {
    var metadata = model.description.metadata
    change(&metadata)
    let path = folder.file("changed.safetensors")
    try Safetensors.write(model.orderedWeights, metadata: metadata, to: path)
    return try Model(contentsOf: path)
  }

  @Test func aModelComesBackWithItsNetwork() throws {
    let model = try GraphFixture.model(GraphFixture.quarter)
    let path = folder.file("m.safetensors")
    try model.write(to: path)
    let copy = try Model(contentsOf: path)
    #expect(copy.description == model.description)
    #expect(copy.description.architecture == "graph")
    #expect(copy.description.options == ArchitectureOptions(classes: 2))
    #expect(copy.description.graph?.text == GraphFixture.quarter)
    #expect(copy.hasBatchNorm)
    #expect(copy.network.auxiliaryScores == ["aux": 0.5])
    for (own, other) in zip(model.orderedWeights, copy.orderedWeights) {
      #expect(own.name == other.name && own.floats == other.floats)
    }
    try copy.write(to: folder.file("again"))
    #expect(try File.read(folder.file("again")) == File.read(path))
    let metadata = try Safetensors(contentsOf: path).metadata
    #expect(metadata["fcn.version"] == "2")
    #expect(metadata["fcn.architecture"] == nil && metadata["fcn.options"] == nil)
  }

  @Test func whatAnArchitectureMakesIsWrittenAsBefore() throws {
    let metadata = smallDescription().metadata
    #expect(metadata["fcn.version"] == "1" && metadata["fcn.graph"] == nil)
    var second = metadata
    second["fcn.version"] = "2"
    #expect(try ModelDescription(metadata: second) == smallDescription())
  }

  @Test func aGraphBesideAnArchitectureMustBeTheSameNetwork() throws {
    let model = try Model.fresh(smallDescription(), seed: 1)
    let text = try NetworkGraph(model.network).text
    for version in ["1", "2"] {
      let same = try read(model) { ($0["fcn.graph"], $0["fcn.version"]) = (text, version) }
      #expect(same.description == model.description)
      expectError(
        .corrupt, saying: "fcn.graph is another network than fcn.architecture, \"fcn-simple\""
      ) {
        _ = try read(model) {
          $0["fcn.version"] = version
          $0["fcn.graph"] = text.replacing("\"stride\":32", with: "\"stride\":64")
        }
      }
    }
  }

  @Test func keysThatAreMissingAreNamed() throws {
    let model = try GraphFixture.model(GraphFixture.quarter)
    // Version 1 knows no graphs.
    expectError(.corrupt, saying: "lacks fcn.architecture") {
      _ = try read(model) { $0["fcn.version"] = "1" }
    }
    expectError(.corrupt, saying: "lacks fcn.architecture") {
      _ = try read(model) { $0["fcn.graph"] = nil }
    }
    expectError(.corrupt, saying: "lacks fcn.options") {
      _ = try read(model) { $0["fcn.architecture"] = "fcn-simple" }
    }
    expectError(.corrupt, saying: "changed.safetensors", "fcn.graph: JSON") {
      _ = try read(model) { $0["fcn.graph"] = "{" }
    }
    expectError(.unsupported, saying: "fcn.graph: layer relu1", "newer version") {
      _ = try read(model) {
        $0["fcn.graph"] = GraphFixture.quarter.replacing("\"relu\"", with: "\"rrelu\"")
      }
    }
  }

  @Test func graphAndClassesMustFit() throws {
    let model = try GraphFixture.model(GraphFixture.quarter)
    expectError(.invalidArgument, saying: "3 class names for 2 classes") {
      _ = try read(model) { $0["fcn.classes"] = #"["a","b","c"]"# }
    }
    let grey = Preprocessing.grey.json.compactText
    expectError(.invalidArgument, saying: "takes 3 channels and the preprocessing makes 1") {
      _ = try read(model) { $0["fcn.preprocessing"] = grey }
    }
    expectError(.invalidArgument, saying: "one class") {
      _ = try GraphFixture.model(
        GraphFixture.quarter.replacing("\"output_channels\":2", with: "\"output_channels\":1"))
    }
    var description = model.description
    description.options.width = 2
    expectError(.invalidArgument, saying: "no options but its own") {
      _ = try Model(description: description, weights: model.orderedWeights)
    }
    description = model.description
    description.architecture = "fcn8s"
    expectError(.invalidArgument, saying: "its network is fcn8s") {
      _ = try Model(description: description, weights: model.orderedWeights)
    }
    expectError(
      .invalidArgument, saying: "scores of 2 classes, and there are 5", "(aux: 5, score: 5)"
    ) {
      try model.description.graph?.checkClasses(5)
    }
    try model.description.graph?.checkClasses(2)
  }

  @Test func weightsOfAnotherNetworkAreNamed() throws {
    let model = try GraphFixture.model(GraphFixture.quarter)
    expectError(
      .shapeMismatch, saying: "not those of the model's graph", "conv1.weight (found [6, 3, 3, 3], "
    ) {
      _ = try read(model) {
        $0["fcn.graph"] = GraphFixture.quarter.replacing(
          "\"output_channels\":6,\"kernel\":3", with: "\"output_channels\":6,\"kernel\":5")
      }
    }
  }

  @Test func layersBeginAsTheirOperationsSay() throws {
    let model = try GraphFixture.model(try GraphFixture.example())
    let up = try #require(model.weights["up3.weight"])
    #expect(up.shape == [3, 1, 4, 4])
    #expect(up.floats[5] == 0.75 * 0.75)
    #expect(model.weights["bn1.weight"]?.floats.allSatisfy { $0 == 1 } == true)
    let zero = try Model.fresh(model.description, seed: 5, scores: .zero)
    #expect(zero.weights["score2.weight"]?.floats.allSatisfy { $0 == 0 } == true)
    #expect(zero.weights["conv1.weight"]?.floats == model.weights["conv1.weight"]?.floats)
  }

  /// Names of layers that are also others' stay as they are.
  @Test func weightsComeBackUnderTheirOwnNames() throws {
    var text = GraphFixture.quarter
    for (name, other) in [("conv1", "features.0"), ("conv2", "classifier.6"), ("aux", "conv1_1")] {
      text = text.replacing("\"\(name)\"", with: "\"\(other)\"")
    }
    let model = try GraphFixture.model(text)
    let path = folder.file("m.safetensors")
    try model.write(to: path)
    guard case .model(let read) = try Import.read(path) else {
      Issue.record("the file was not read as a model")
      return
    }
    #expect(read.description == model.description)
    let weights = try ForeignWeights(contentsOf: path).translated()
    #expect(weights.graph == model.description.graph)
    #expect(try weights.network() == nil)
    let (copy, transplant) = try Model.fresh(model.description, seed: 6)
      .copyingWeights(from: weights)
    #expect(transplant.copied == model.network.parameters.map(\.name))
    #expect(copy.weights["features.0.weight"]?.floats == model.weights["features.0.weight"]?.floats)
  }

  @Test func scoresOfAnotherSizeAreResizedInONNX() throws {
    let path = folder.file("m.onnx")
    try GraphFixture.model(GraphFixture.quarter).writeONNX(to: path)
    let file = try ONNXFile(try File.read(path))
    #expect(file.graphName == "graph")
    let resize = try #require(file.nodes.first { $0.type == "Resize" })
    #expect(resize.inputs.first == "score")
    #expect(file.metadata["fcn.graph"] == GraphFixture.quarter)
  }

  @Test func aLayerMayBeCalledAsONNXsOwnNodesAre() throws {
    let text = GraphFixture.quarter.replacing("\"conv2\"", with: "\"padding\"")
      .replacing("\"score\"", with: "\"scores\"")
    let path = folder.file("m.onnx")
    try GraphFixture.model(text).writeONNX(to: path)
    let file = try ONNXFile(try File.read(path))
    let names = file.nodes.map(\.name) + file.constants.map(\.name)
    #expect(Set(names).count == names.count)
  }
}
