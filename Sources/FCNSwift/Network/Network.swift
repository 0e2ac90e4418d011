/// A layer: a named operation on the outputs of earlier layers.
public struct Layer: Sendable {
  /// Unique within its network; parameters are named after it.
  public let name: String
  /// What it computes.
  public let operation: any Operation
  /// Names of the layers whose outputs it takes; `Network.inputName` is the network's input.
  public let inputs: [String]

  /// Makes a layer of its parts.
  public init(_ name: String, _ operation: any Operation, _ inputs: [String]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

/// A network as data: layers in an order in which each comes after its inputs. The last layer's
/// output is the network's: class scores, before softmax.
public struct Network: Sendable {
  /// The name by which layers take the network's own input.
  public static let inputName = "input"

  /// Channels of the input.
  public let inputChannels: Int
  /// What the input's height and width must be multiples of.
  public let stride: Int
  /// The only height and width that the input may have; nil where any serve.
  public let inputSize: Extent?
  /// In execution order.
  public let layers: [Layer]
  /// Further scores that training learns from, at the input's size like the network's own: the layer
  /// that makes them, and the factor on their loss.
  public let auxiliaryScores: [String: Float]
  /// What it works out from shapes before it runs; layers with `SizedOperation`s take their settings
  /// from them.
  let sizes: [SizeNode]
  /// For each layer, the indices of its inputs among the layers; −1 is the network's input.
  let inputIndices: [[Int]]
  /// Channels of each layer's output.
  let channels: [Int]
  /// The parameters of each layer, named `layer.parameter`.
  public let parametersByLayer: [[ParameterSpecification]]

  /// All parameters, named `layer.parameter`, in layer order.
  public var parameters: [ParameterSpecification] { parametersByLayer.flatMap { $0 } }

  /// Checks that names are unique, inputs exist before they are used, counts and channels fit, and the
  /// scores depend on every layer.
  public init(
    inputChannels: Int, stride: Int, layers: [Layer], auxiliaryScores: [String: Float] = [:]
  ) throws {
    try self.init(
      inputChannels: inputChannels, stride: stride, inputSize: nil, layers: layers,
      auxiliaryScores: auxiliaryScores, sizes: [])
  }

  /// The same with sizes, which stand in the order in which layers make them known.
  init(
    inputChannels: Int, stride: Int, inputSize: Extent?, layers: [Layer],
    auxiliaryScores: [String: Float] = [:], sizes: [SizeNode]
  ) throws {
    guard !layers.isEmpty else { throw FCNError(.invalidArgument, "a network needs a layer") }
    self.inputChannels = inputChannels
    self.stride = stride
    self.inputSize = inputSize
    self.layers = layers
    self.sizes = sizes
    self.auxiliaryScores = auxiliaryScores
    for name in auxiliaryScores.keys where !layers.contains(where: { $0.name == name }) {
      throw FCNError(.notFound, "there is no layer \(name) that makes auxiliary scores")
    }
    let inputIndices = try Network.resolveInputs(of: layers)
    self.inputIndices = inputIndices
    try Network.checkSizes(sizes, of: layers)
    try Network.checkReaders(
      of: layers, inputIndices, auxiliaryScores, measured: Set(sizes.compactMap(\.measured)))
    let channels = try Network.channels(inputChannels, stride, inputSize) { shape in
      try Network.concrete(layers, inputIndices, sizes, for: shape).shapes
    }
    self.channels = channels
    parametersByLayer = zip(layers, inputIndices).map { layer, indices in
      let inputs = indices[0] < 0 ? inputChannels : channels[indices[0]]
      return layer.operation.parameters(inputChannels: inputs).map {
        var specification = $0
        specification.name = "\(layer.name).\(specification.name)"
        return specification
      }
    }
  }

  /// The output shape of every layer for an input of `shape`; errors name the layer.
  public func shapes(for shape: Shape) throws -> [Shape] {
    try evaluated(for: shape).shapes
  }

  /// The layers that read each layer's output.
  var readers: [[Int]] {
    var readers = [[Int]](repeating: [], count: layers.count)
    for (index, inputs) in inputIndices.enumerated() {
      for input in inputs where input >= 0 { readers[input].append(index) }
    }
    return readers
  }

  /// Whether each layer's output is scores, or follows from some: of a convolution that makes scores, and
  /// of everything else that reads such.
  var carriesScores: [Bool] {
    var carries: [Bool] = []
    for (layer, inputs) in zip(layers, inputIndices) {
      let operation = layer.operation
      let operands = operation.readsFirstInputOnly ? [inputs[0]] : inputs
      if let convolution = operation as? Convolution {
        carries.append(convolution.makesScores)
      } else {
        carries.append(operands.contains { $0 >= 0 && carries[$0] })
      }
    }
    return carries
  }

  private static func resolveInputs(of layers: [Layer]) throws -> [[Int]] {
    var indexByName = [Network.inputName: -1]
    var inputIndices: [[Int]] = []
    for (index, layer) in layers.enumerated() {
      let wanted = layer.operation.inputCount
      guard wanted.contains(layer.inputs.count) else {
        throw FCNError(
          .invalidArgument,
          "layer \(layer.name) takes "
            + (wanted.count == 1
              ? "\(wanted.lowerBound)" : "\(wanted.lowerBound) to \(wanted.upperBound)")
            + " inputs; found \(layer.inputs.count)")
      }
      inputIndices.append(
        try layer.inputs.map { input in
          guard let found = indexByName[input] else {
            throw FCNError(
              .notFound, "layer \(layer.name) takes \(input), which no layer before it makes")
          }
          return found
        })
      guard indexByName.updateValue(index, forKey: layer.name) == nil else {
        throw FCNError(.invalidArgument, "two layers are named \(layer.name)")
      }
    }
    return inputIndices
  }

  /// Throws where a layer's output goes nowhere: it could not be learned, and might be taken for the
  /// scores. Those of the last layer are the network's own and nothing else.
  private static func checkReaders(
    of layers: [Layer], _ inputIndices: [[Int]], _ auxiliaryScores: [String: Float],
    measured: Set<String>
  ) throws {
    let read = Set(inputIndices.joined())
    for (index, layer) in layers.enumerated() {
      let isLast = index == layers.count - 1
      guard !isLast || auxiliaryScores[layer.name] == nil else {
        throw FCNError(
          .invalidArgument,
          "layer \(layer.name) comes last, so it makes the network's own scores; it cannot make auxiliary "
            + "ones too")
      }
      guard
        isLast || read.contains(index) || auxiliaryScores[layer.name] != nil
          || measured.contains(layer.name)
      else {
        throw FCNError(
          .invalidArgument,
          "nothing takes what layer \(layer.name) makes, and it is not the last; leave it out, or let "
            + "another layer take it")
      }
    }
  }

  /// Channel counts do not depend on the picture's size, so any size that fits will do.
  private static func channels(
    _ inputChannels: Int, _ stride: Int, _ size: Extent?, _ shapes: (Shape) throws -> [Shape]
  ) throws -> [Int] {
    func probe(_ size: Extent) throws -> [Int] {
      try shapes(Shape(1, inputChannels, size.h, size.w)).map(\.c)
    }
    if let size { return try probe(size) }
    do {
      return try probe(Extent(8 * stride, 8 * stride))
    } catch {
      // Windows without padding want more, fixed sizes less; where none fits the first error tells.
      for factor in [1, 2, 4, 16, 32, 64, 128, 256] {
        if let channels = try? probe(Extent(factor * stride, factor * stride)) { return channels }
      }
      throw error
    }
  }
}
