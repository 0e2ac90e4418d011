/// A model made ready for segmentation: auxiliary heads left out, batch normalisation folded into the
/// convolutions before it, and every weight as float32, in place where the file holds it so. Made once for a model and shared
/// by its sessions.
final class InferenceWeights: Sendable {
  let network: Network
  let parameters: ParameterTable
  /// In the layouts that kernels want.
  let packed = PackedWeights()
  /// As `network` and `parameters` were before folding, for sessions that switch folding off.
  static let foldingName = "batch_norm.folding"

  init(_ model: Model, folding: Bool) throws {
    let scoring = try model.network.withoutAuxiliaryScores()
    let table = try model.parameterTable(for: scoring)
    (network, parameters) = folding ? try scoring.foldingBatchNorms(table) : (scoring, table)
  }
}

extension Model {
  /// Every weight of `part`, or of the whole network, as a float32 tensor, none copied that is stored
  /// so.
  func parameterTable(for part: Network? = nil) throws -> ParameterTable {
    var table = ParameterTable()
    for specification in (part ?? network).parameters {
      guard let weight = weights[specification.name] else {
        throw FCNError(.notFound, "the model has no tensor \(specification.name)")
      }
      table[specification.name] = try weight.tensor(specification.tensorShape)
    }
    return table
  }

  /// What sessions run; the same object every time for the same `folding`.
  func inferenceWeights(folding: Bool) throws -> InferenceWeights {
    try inferenceCache.withLock { cache in
      if let made = cache[folding] { return made }
      let made = try InferenceWeights(self, folding: folding)
      cache[folding] = made
      return made
    }
  }
}

extension WeightTensor {
  /// The elements as a float32 tensor that must not be written to; shared where they are stored so.
  func tensor(_ shape: Shape) throws -> Tensor {
    if let borrowed = borrowedFloats {
      return Tensor(
        shape, memory: AlignedMemory(borrowing: borrowed, count: count, owner: self), offset: 0)
    }
    let tensor = try Tensor(uninitialized: shape)
    copyFloats(to: tensor.pointer)
    return tensor
  }
}

extension Network {
  /// The same function without the batch normalisations that follow a convolution and nothing else
  /// reads: w' = w · γ/σ and b' = (b − mean) · γ/σ + β, with σ = √(variance + ε), for each output
  /// channel. Weights that nothing was folded into stay shared.
  func foldingBatchNorms(_ parameters: ParameterTable) throws -> (Network, ParameterTable) {
    var readers: [String: Int] = [:]
    for layer in layers { for input in layer.inputs { readers[input, default: 0] += 1 } }
    var convolutions: [String: Convolution] = [:]
    for layer in layers {
      convolutions[layer.name] = layer.operation as? Convolution
    }
    var folded: [String: Layer] = [:]
    var renamed: [String: String] = [:]
    var table = parameters
    for (index, layer) in layers.enumerated() {
      guard let norm = layer.operation as? BatchNorm,
        let convolution = convolutions[layer.inputs[0]],
        readers[layer.inputs[0]] == 1,
        let source = layers.first(where: { $0.name == layer.inputs[0] })
      else { continue }
      let statistics = try parameterTensors(index, in: parameters)
      for specification in parametersByLayer[index] { table[specification.name] = nil }
      try norm.fold(into: source.name, convolution, statistics, &table)
      folded[source.name] = Layer(source.name, convolution.withBias, source.inputs)
      renamed[layer.name] = source.name
    }
    let remaining = layers.filter { renamed[$0.name] == nil }.map { layer in
      let layer = folded[layer.name] ?? layer
      return Layer(layer.name, layer.operation, layer.inputs.map { renamed[$0] ?? $0 })
    }
    return (
      try Network(inputChannels: inputChannels, stride: stride, layers: remaining), table
    )
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
  /// Replaces the weight and bias of the convolution `name` in `table` by folded ones; `statistics`
  /// are this operation's parameters in order.
  fileprivate func fold(
    into name: String, _ convolution: Convolution, _ statistics: [Tensor],
    _ table: inout ParameterTable
  ) throws {
    guard let weight = table["\(name).weight"] else {
      throw FCNError(.notFound, "the model has no tensor \(name).weight")
    }
    let bias = table["\(name).bias"]
    let newWeight = try Tensor(uninitialized: weight.shape)
    let newBias = try Tensor(uninitialized: Shape(1, 1, 1, weight.shape.n))
    let perChannel = weight.shape.pictureCount
    let (gamma, beta) = (statistics[0].pointer, statistics[1].pointer)
    let (mean, variance) = (statistics[2].pointer, statistics[3].pointer)
    for o in 0..<weight.shape.n {
      let scale = gamma[o] / (variance[o] + epsilon).squareRoot()
      for i in o * perChannel..<(o + 1) * perChannel {
        newWeight.pointer[i] = weight.pointer[i] * scale
      }
      newBias.pointer[o] = ((bias?.pointer[o] ?? 0) - mean[o]) * scale + beta[o]
    }
    table["\(name).weight"] = newWeight
    table["\(name).bias"] = newBias
  }
}
