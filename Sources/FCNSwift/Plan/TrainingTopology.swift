/// A network's layers on one input shape as training sees them, and which of their values share a buffer
/// because an operation runs in place.
struct TrainingTopology {
  let network: Network
  let inputShape: Shape
  /// The buffer of each layer's output; buffer 0 is the input's.
  let buffers: [Int]
  let bufferCount: Int
  /// How each layer's output lies, where the backend has several ways.
  var layouts: [Layout]
  /// Layers that rectify what they make, so that the rectifiers after them have nothing left to do.
  var rectifying: Set<Int> = []
  private let shapes: [Shape]
  private let carriesScores: [Bool]

  init(_ network: Network, inputShape: Shape) throws {
    (self.network, self.inputShape) = (network, inputShape)
    shapes = try network.shapes(for: inputShape)
    carriesScores = network.carriesScores
    layouts = [Layout](repeating: .planar, count: shapes.count)
    let readers = network.readers
    var buffers: [Int] = []
    var bufferCount = 1
    for (index, layer) in network.layers.enumerated() {
      let source = network.inputIndices[index][0]
      // The loss reads auxiliary scores once all layers have run.
      if layer.operation.mayRunInPlace, source >= 0, readers[source].count == 1,
        network.auxiliaryScores[network.layers[source].name] == nil,
        !network.layers[source].operation.backwardReadsOutput
      {
        buffers.append(buffers[source])
      } else {
        buffers.append(bufferCount)
        bufferCount += 1
      }
    }
    self.buffers = buffers
    self.bufferCount = bufferCount
  }

  /// The output of layer `index`; −1: the input.
  func value(_ index: Int) -> TrainingValue {
    index < 0
      ? TrainingValue(
        shape: inputShape, layout: .planar, carriesScores: false, isRectified: false)
      : TrainingValue(
        shape: shapes[index], layout: layouts[index], carriesScores: carriesScores[index],
        isRectified: rectifying.contains(index))
  }

  /// The buffer that it is in.
  func buffer(_ index: Int) -> Int { index < 0 ? 0 : buffers[index] }

  /// The layers whose outputs the loss sees: those of auxiliary heads, and the last.
  var scoreLayers: [Int] {
    network.layers.indices.filter {
      $0 == network.layers.count - 1 || network.auxiliaryScores[network.layers[$0].name] != nil
    }
  }

  /// The factor on the loss of layer `index`, which makes scores.
  func factor(of index: Int) throws -> Float {
    guard index < network.layers.count - 1 else { return 1 }
    let name = network.layers[index].name
    guard let factor = network.auxiliaryScores[name] else {
      throw FCNError(.internalDefect, "the factor on the loss of layer \(name) was lost")
    }
    return factor
  }

  /// Throws unless all of `learned` have gradients.
  func checkCanLearn(_ learned: Set<String>) throws {
    if let stranger = learned.subtracting(network.learnableParameters).min() {
      throw FCNError(
        .internalDefect,
        "\(stranger) is to be learned, and is no parameter of the network that has a gradient")
    }
  }

  /// Whether each layer has parameters of `learned` or passes gradients on to one that has.
  func wantsGradient(_ learned: Set<String>) -> [Bool] {
    var wants: [Bool] = []
    for index in network.layers.indices {
      wants.append(
        network.parametersByLayer[index].contains { learned.contains($0.name) }
          || network.inputIndices[index].contains { $0 >= 0 && wants[$0] })
    }
    return wants
  }
}

extension Network {
  /// The names of the parameters that gradients can be taken by: all but running statistics.
  var learnableParameters: Set<String> {
    Set(parameters.filter { $0.role != .statistic }.map(\.name))
  }
}

/// What the random choices of layer number `layer` follow from in a step.
func layerSeed(_ seed: UInt64, _ layer: Int) -> UInt64 {
  seed &+ UInt64(layer) &* 0x9E37_79B9_7F4A_7C15
}
