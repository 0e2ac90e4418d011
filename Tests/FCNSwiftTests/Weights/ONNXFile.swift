import Testing

@testable import FCNSwift

/// An ONNX file as a reader of protobuf sees it.
struct ONNXFile {
  struct Node {
    var type = ""
    var name = ""
    var inputs: [String] = []
    var outputs: [String] = []
    /// Integers of any number; floats and texts are not kept.
    var integers: [String: [Int]] = [:]
    var floats: [String: Float] = [:]
    var texts: [String: String] = [:]
  }

  struct Constant {
    var name = ""
    var shape: [Int] = []
    var type = 0
    var bytes: [UInt8] = []
    var floats: [Float] {
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    var integers: [Int] {
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) }
      }
    }
  }

  /// A value that goes into the graph or comes out of it.
  struct Value: Equatable {
    var name = ""
    var type = 0
    /// Numbers, or names of what is free.
    var shape: [String] = []
  }

  var version = 0
  var producer = ""
  var operatorSet = 0
  var graphName = ""
  var metadata: [String: String] = [:]
  var nodes: [Node] = []
  var constants: [Constant] = []
  var inputs: [Value] = []
  var outputs: [Value] = []

  init(_ message: ProtobufMessage) throws {
    var bytes: [UInt8] = []
    try message.write { bytes += $0 }
    #expect(bytes.count == message.byteCount)
    try self.init(bytes)
  }

  init(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { file in
      for field in try fields(file, 0..<file.count) {
        switch field.number {
        case 1: version = try field.integer()
        case 2: producer = try field.text(in: file)
        case 7: try readGraph(file, field.range())
        case 8:
          for field in try fields(file, field.range()) where field.number == 2 {
            operatorSet = try field.integer()
          }
        case 14:
          let texts = try fields(file, field.range()).map { try $0.text(in: file) }
          metadata[texts[0]] = texts[1]
        default: break
        }
      }
    }
  }

  /// The node whose output is called `name`.
  func node(_ name: String) throws -> Node { try #require(nodes.first { $0.name == name }) }

  /// The constant called `name`.
  func constant(_ name: String) throws -> Constant {
    try #require(constants.first { $0.name == name })
  }

  private mutating func readGraph(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    for field in try fields(file, range) {
      switch field.number {
      case 1: nodes.append(try readNode(file, field.range()))
      case 2: graphName = try field.text(in: file)
      case 5: constants.append(try readConstant(file, field.range()))
      case 11: inputs.append(try readValue(file, field.range()))
      case 12: outputs.append(try readValue(file, field.range()))
      default: break
      }
    }
  }
}

/// All fields of the message at `range`.
private func fields(
  _ file: UnsafeRawBufferPointer, _ range: Range<Int>
) throws -> [ProtobufReader.Field] {
  var reader = ProtobufReader(file, range)
  var fields: [ProtobufReader.Field] = []
  while let field = try reader.next() { fields.append(field) }
  return fields
}

private func readNode(
  _ file: UnsafeRawBufferPointer, _ range: Range<Int>
) throws -> ONNXFile.Node {
  var node = ONNXFile.Node()
  for field in try fields(file, range) {
    switch field.number {
    case 1: node.inputs.append(try field.text(in: file))
    case 2: node.outputs.append(try field.text(in: file))
    case 3: node.name = try field.text(in: file)
    case 4: node.type = try field.text(in: file)
    case 5:
      let setting = try fields(file, field.range())
      let name = try #require(setting.first { $0.number == 1 }).text(in: file)
      for field in setting {
        switch (field.number, field.value) {
        case (2, .fixed32(let bits)): node.floats[name] = Float(bitPattern: bits)
        case (3, _), (8, _): node.integers[name, default: []].append(try field.integer())
        case (4, _): node.texts[name] = try field.text(in: file)
        default: break
        }
      }
    default: break
    }
  }
  return node
}

private func readConstant(
  _ file: UnsafeRawBufferPointer, _ range: Range<Int>
) throws -> ONNXFile.Constant {
  var constant = ONNXFile.Constant()
  for field in try fields(file, range) {
    switch field.number {
    case 1: constant.shape.append(try field.integer())
    case 2: constant.type = try field.integer()
    case 8: constant.name = try field.text(in: file)
    case 9: constant.bytes = Array(file[try field.range()])
    default: break
    }
  }
  return constant
}

private func readValue(
  _ file: UnsafeRawBufferPointer, _ range: Range<Int>
) throws -> ONNXFile.Value {
  let parts = try fields(file, range)
  var value = ONNXFile.Value(name: try parts[0].text(in: file))
  let tensor = try fields(file, try fields(file, parts[1].range())[0].range())
  value.type = try tensor[0].integer()
  for dimension in try fields(file, tensor[1].range()) {
    let extent = try fields(file, dimension.range())[0]
    value.shape.append(
      extent.number == 1 ? "\(try extent.integer())" : try extent.text(in: file))
  }
  return value
}

// MARK: A network to write

/// Every operation there is, with settings that differ between rows and columns, and a head that
/// nothing depends on.
func networkOfEveryOperation() throws -> Network {
  var network = NetworkBuilder()
  network.add("conv1", Convolution(6, kernel: 3, padding: 1, bias: false))
  network.add("bn1", BatchNorm(epsilon: 1e-3))
  network.add("relu1", ReLU())
  network.add("drop1", Dropout(rate: 0.5))
  network.add("norm1", LocalResponseNormalization(size: 3, alpha: 0.5, beta: 0.6, bias: 1.5))
  network.add("scaled1", Scale(by: 1.25))
  network.add(
    "pool1", MaxPool(kernel: Extent(3, 2), stride: 2, padding: Extent(1, 0), ceilMode: true))
  network.add("auxiliary", Convolution(4, kernel: 1))
  network.add(
    "conv2",
    Convolution(
      8, kernel: Extent(3, 5), stride: Extent(2, 1), padding: Extent(2, 1),
      dilation: Extent(2, 1), groups: 2), ["pool1"])
  let functions: [any FCNSwift.Operation] = [
    LeakyReLU(slope: 0.1), ClippedReLU(limit: 1), Sigmoid(), HardSigmoid(), HardSwish(), SiLU(),
  ]
  for (index, function) in functions.enumerated() {
    network.add("function\(index)", function, ["conv2"])
  }
  network.add("joined", Concatenation(), functions.indices.map { "function\($0)" })
  network.add("pool2", MaxPool(kernel: 2, stride: Extent(1, 2)))
  network.add("score", Convolution(4, kernel: 1))
  network.add(
    "up", TransposedConvolution(4, kernel: Extent(4, 3), stride: 2, padding: 1, groups: 4))
  network.add("resized", Resize(to: .likeSecondInput), ["up", Network.inputName])
  network.add(
    "large", TransposedConvolution(4, kernel: 9, stride: Extent(6, 5), bias: false), ["score"])
  network.add("cropped", Crop(offset: Extent(1, 2)), ["large", "resized"])
  network.add("twice", Resize(to: .scaled(by: Extent(2, 3))), ["score"])
  network.add("small", Resize(to: .exact(Extent(5, 7))))
  network.add("back", Resize(to: .likeSecondInput), ["small", "cropped"])
  network.add("sum", Sum(), ["resized", "cropped", "back"])
  // The name of the graph's own output.
  network.add("scores", Softmax())
  return try Network(
    inputChannels: 3, stride: 4, layers: network.layers, auxiliaryScores: ["auxiliary": 0.5])
}

extension Network {
  /// Weights for it that follow from a seed; variances are positive.
  func randomWeights(seed: UInt64) throws -> [String: WeightTensor] {
    var generator = SeededGenerator(seed: seed)
    var weights: [String: WeightTensor] = [:]
    for parameter in parameters {
      let floats = (0..<parameter.count).map { _ in generator.normal() / 2 }
      weights[parameter.name] = try WeightTensor(
        name: parameter.name, shape: parameter.shape,
        floats: parameter.name.hasSuffix("running_var") ? floats.map { 0.5 + abs($0) } : floats)
    }
    return weights
  }
}
