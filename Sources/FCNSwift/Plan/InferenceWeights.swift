/// A model made ready for segmentation: auxiliary heads left out, batch normalisation folded into the
/// convolutions before it. Made once for a model and shared by its sessions. Nothing is computed here
/// until a plan asks for it, layer by layer, so that folded weights exist in packed form alone.
final class InferenceWeights: Sendable, ParameterSource {
  let network: Network
  private let packed = SharedObjects()
  private let weights: [String: WeightTensor]
  /// The normalisation that is folded into a convolution, by the convolution's name.
  private let foldings: [String: Folding]
  /// As `network` was before folding, for sessions that switch folding off.
  static let foldingName = "batch_norm.folding"

  init(_ model: Model, folding: Bool) throws {
    let scoring = try model.network.withoutAuxiliaryScores()
    weights = model.weights
    (network, foldings) = folding ? try scoring.foldingBatchNorms() : (scoring, [:])
  }

  /// The weights in the layouts that a backend's kernels want, the same object every time.
  func packed<Packed: AnyObject & Sendable>(
    as _: Packed.Type = Packed.self
  ) throws -> PackedWeights<Packed> {
    try packed.object("\(Packed.self)") { PackedWeights<Packed>() }
  }

  func tensors(of index: Int, in network: Network, _ pool: WorkerPool?) throws -> [Tensor] {
    let layer = network.layers[index]
    guard let folding = foldings[layer.name] else {
      return try network.parametersByLayer[index].map { try tensor($0, pool) }
    }
    let weight = try tensor(network.parametersByLayer[index][0], pool)
    let bias = try folding.bias.map(tensor)
    let statistics = try folding.statistics.map(tensor)
    // Of an infinite variance nothing is left in what is folded: its root divides.
    guard statistics.allSatisfy({ isFinite($0) }) else { return [weight] + statistics }
    return try folding.norm.folded(into: weight, bias, statistics, pool)
  }

  func forget(_ index: Int, in network: Network) {
    for specification in network.parametersByLayer[index] {
      weights[specification.name]?.forgetPages()
    }
  }

  func whatIsNotFinite(of index: Int, in network: Network) throws -> String {
    let layer = network.layers[index]
    guard let folding = foldings[layer.name] else {
      let own = network.parametersByLayer[index]
      return try namedFault(zip(own.map(\.name), own.map(tensor))) ?? "a weight is not finite"
    }
    let stored =
      [network.parametersByLayer[index][0]] + (folding.bias.map { [$0] } ?? [])
      + folding.statistics
    return try namedFault(zip(stored.map(\.name), stored.map(tensor)))
      ?? "its weights times the factors of its batch normalisation "
      + "(\(folding.statistics.map(\.name).joined(separator: ", "))) are not finite"
  }

  private func tensor(
    _ specification: ParameterSpecification, _ pool: WorkerPool?
  ) throws -> Tensor {
    guard let weight = weights[specification.name] else {
      throw FCNError(.notFound, "the model has no tensor \(specification.name)")
    }
    return try weight.tensor(specification.tensorShape, pool)
  }

  private func tensor(_ specification: ParameterSpecification) throws -> Tensor {
    try tensor(specification, nil)
  }
}

/// A batch normalisation that a convolution does too.
struct Folding: Sendable {
  let norm: BatchNorm
  /// Of the convolution, where it had one.
  let bias: ParameterSpecification?
  /// The normalisation's parameters, in order.
  let statistics: [ParameterSpecification]
}

extension Model {
  /// Every weight as a float32 tensor, none copied that is stored so.
  func parameterTable() throws -> ParameterTable {
    try network.parameters.reduce(into: ParameterTable()) { table, specification in
      guard let weight = weights[specification.name] else {
        throw FCNError(.notFound, "the model has no tensor \(specification.name)")
      }
      table[specification.name] = try weight.tensor(specification.tensorShape)
    }
  }

  /// What sessions run; the same object every time for the same `folding`.
  func inferenceWeights(folding: Bool) throws -> InferenceWeights {
    try shared.object(folding ? "folded weights" : "weights") {
      try InferenceWeights(self, folding: folding)
    }
  }
}

extension WeightTensor {
  /// The elements as a float32 tensor that must not be written to; shared where they are stored so, else
  /// converted by the threads of `pool`.
  func tensor(_ shape: Shape, _ pool: WorkerPool? = nil) throws -> Tensor {
    if let borrowed = borrowedFloats {
      return Tensor(
        shape, memory: AlignedMemory(borrowing: borrowed, count: count, owner: self), offset: 0)
    }
    let tensor = try Tensor(uninitialized: shape)
    copyFloats(to: tensor.pointer, pool)
    return tensor
  }
}

extension Network {
  /// The same function without the batch normalisations that follow a convolution and nothing else
  /// reads, and which those are.
  func foldingBatchNorms() throws -> (Network, [String: Folding]) {
    let readers = readers
    var foldings: [String: Folding] = [:]
    var folded: [Int: Layer] = [:]
    var renamed: [String: String] = [:]
    for (index, layer) in layers.enumerated() {
      let source = inputIndices[index][0]
      guard let norm = layer.operation as? BatchNorm, source >= 0, readers[source] == [index],
        let convolution = layers[source].operation as? Convolution
      else { continue }
      let name = layers[source].name
      foldings[name] = Folding(
        norm: norm, bias: convolution.bias ? parametersByLayer[source][1] : nil,
        statistics: parametersByLayer[index])
      folded[source] = Layer(name, convolution.withBias, layers[source].inputs)
      renamed[layer.name] = name
    }
    let remaining = layers.enumerated().filter { renamed[$1.name] == nil }.map { index, layer in
      let layer = folded[index] ?? layer
      return Layer(layer.name, layer.operation, layer.inputs.map { renamed[$0] ?? $0 })
    }
    // A convolution that normalises makes what the normalisation made, of the same shape.
    let sizes = sizes.map { node in
      node.measured.flatMap { renamed[$0] }.map { SizeNode(node.name, .shape, [$0]) } ?? node
    }
    return (try replacingLayers(remaining, sizes: sizes), foldings)
  }
}

extension Convolution {
  /// The same convolution with a bias.
  fileprivate var withBias: Convolution {
    Convolution(
      outputChannels, kernel: window.kernel, stride: window.stride, padding: window.padding,
      dilation: window.dilation, groups: groups, bias: true, makesScores: makesScores)
  }
}

extension BatchNorm {
  /// The weight and bias of a convolution that normalises too: w' = w · γ/σ and
  /// b' = (b − mean) · γ/σ + β, with σ = √(variance + ε), for each output channel. `statistics` are
  /// this operation's parameters in order.
  fileprivate func folded(
    into weight: Tensor, _ bias: Tensor?, _ statistics: [Tensor], _ pool: WorkerPool?
  ) throws -> [Tensor] {
    let newWeight = try Tensor(uninitialized: weight.shape)
    let newBias = try Tensor(uninitialized: Shape(1, 1, 1, weight.shape.n))
    let perChannel = weight.shape.pictureCount
    let (gamma, beta) = (statistics[0].pointer, statistics[1].pointer)
    let (mean, variance) = (statistics[2].pointer, statistics[3].pointer)
    func fold(_ o: Int) {
      let scale = gamma[o] / (variance[o] + epsilon).squareRoot()
      for i in o * perChannel..<(o + 1) * perChannel {
        newWeight.pointer[i] = weight.pointer[i] * scale
      }
      newBias.pointer[o] = ((bias?.pointer[o] ?? 0) - mean[o]) * scale + beta[o]
    }
    if let pool {
      pool.run(weight.shape.n) { o, _ in fold(o) }
    } else {
      for o in 0..<weight.shape.n { fold(o) }
    }
    return [newWeight, newBias]
  }
}
