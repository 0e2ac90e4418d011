import Foundation

@testable import FCNSwift

enum GraphFixture {
  /// The example of docs/model-format.md: 3 classes, scores at a quarter of the input's size.
  static func example() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../docs/small-network.json").standardizedFileURL
    return try String(contentsOf: root, encoding: .utf8)
  }

  /// A network of two classes whose scores are a quarter of its input, with a second score head and
  /// dropout, small enough to train in a test.
  static let quarter = """
    {"input_channels":3,"stride":4,"layers":[\
    {"name":"conv1","operation":"convolution","inputs":["input"],\
    "attributes":{"output_channels":6,"kernel":3,"stride":2,"padding":1,"bias":false}},\
    {"name":"bn1","operation":"batch_norm","inputs":["conv1"]},\
    {"name":"relu1","operation":"relu","inputs":["bn1"]},\
    {"name":"aux","operation":"convolution","inputs":["relu1"],\
    "attributes":{"output_channels":2,"kernel":1,"makes_scores":true}},\
    {"name":"conv2","operation":"convolution","inputs":["relu1"],\
    "attributes":{"output_channels":8,"kernel":3,"stride":2,"padding":1}},\
    {"name":"relu2","operation":"relu","inputs":["conv2"]},\
    {"name":"drop2","operation":"dropout","inputs":["relu2"],"attributes":{"rate":0.1}},\
    {"name":"score","operation":"convolution","inputs":["drop2"],\
    "attributes":{"output_channels":2,"kernel":1,"makes_scores":true}}],\
    "auxiliary_scores":{"aux":0.5}}
    """

  /// A description of the network that `text` describes, with classes of no names in particular.
  static func description(_ text: String) throws -> ModelDescription {
    let graph = try NetworkGraph(parsing: text)
    return ModelDescription(
      graph: graph, classNames: (0..<graph.classCount).map { "class \($0)" },
      palette: Palette.voc(count: graph.classCount), preprocessing: .torchvision)
  }

  static func model(_ text: String, seed: UInt64 = 5) throws -> Model {
    try Model.fresh(try description(text), seed: seed)
  }

  /// The network of `text` with the weights and all else of `model`.
  static func withText(_ text: String, _ model: Model) throws -> Model {
    var made = try description(text)
    made.preprocessing = model.description.preprocessing
    let network = try made.network()
    return try Model(
      description: made, weights: network.parameters.compactMap { model.weights[$0.name] })
  }

  /// Random parameters of `network`.
  static func table(_ network: Network, seed: UInt64 = 1) throws -> ParameterTable {
    try network.randomWeights(seed: seed).reduce(into: ParameterTable()) { table, weight in
      guard let parameter = network.parameters.first(where: { $0.name == weight.key }) else {
        return
      }
      table[weight.key] = try Tensor(parameter.tensorShape, weight.value.floats)
    }
  }
}

extension Session {
  /// The labels of picture `index` of the last run.
  func labels(_ index: Int = 0) throws -> [UInt8] {
    let size = try resultSize(index)
    return try [UInt8](unsafeUninitializedCapacity: size.width * size.height) { buffer, count in
      try copyLabels(index, to: buffer)
      count = size.width * size.height
    }
  }
}
