/// Layers after a convolution, a transposed one or a normalisation that can be done with it, since nothing
/// else reads what lies between.
struct Fusion {
  var epilogue = Epilogue()
  /// The layers besides the convolution.
  var covered: [Int] = []
  /// The layer whose output is added.
  var residual: Int?
  /// The layer whose output is made.
  var last: Int
  /// What follows a 1×1 convolution and its activation, where it is a convolution of each channel by itself.
  var depthwise: Depthwise?

  /// A convolution of each channel by itself, with what it can do in turn.
  struct Depthwise {
    let layer: Int
    let operation: Convolution
    /// Of what it reads, and of what it makes by itself.
    let input, output: Shape
    let epilogue: Epilogue
  }

  init(last: Int) { self.last = last }

  /// Ways to go on after layer `index`, the longest first: after a convolution a sum with what is `made`
  /// already, an activation, a 2×2 pooling, and after a 1×1 one that of each channel by itself; after a
  /// transposed one a crop; after a batch normalisation a rectifier.
  static func candidates(
    _ network: Network, _ index: Int, _ shapes: [Shape], _ readers: [[Int]],
    made: (Int) -> Bool
  ) -> [Fusion] {
    var candidates: [Fusion] = []
    var fusion = Fusion(last: index)
    func next() -> Int? {
      let readers = readers[fusion.last]
      return readers.count == 1 ? readers[0] : nil
    }
    func extend(to layer: Int, _ change: (inout Fusion) -> Void) {
      change(&fusion)
      fusion.covered.append(layer)
      fusion.last = layer
      candidates.insert(fusion, at: 0)
    }
    if network.layers[index].operation is TransposedConvolution {
      if let layer = next(), let crop = network.layers[layer].operation as? Crop,
        network.inputIndices[layer][0] == index
      {
        extend(to: layer) {
          $0.epilogue.cropped = Epilogue.Part(offset: crop.offset, shape: shapes[layer])
        }
      }
      return candidates
    }
    if network.layers[index].operation is BatchNorm {
      if let layer = next(), network.layers[layer].operation is ReLU {
        extend(to: layer) { $0.epilogue.activation = .relu }
      }
      return candidates
    }
    guard network.layers[index].operation is Convolution else { return [] }
    if let layer = next(), network.layers[layer].operation is Sum {
      let inputs = network.inputIndices[layer]
      let others = inputs.filter { $0 != index }
      if inputs.count == 2, others.count == 1, others[0] >= 0, made(others[0]) {
        extend(to: layer) {
          $0.epilogue.addsResidual = true
          $0.residual = others[0]
        }
      }
    }
    if let layer = next(),
      let operation = network.layers[layer].operation as? any ActivationOperation
    {
      extend(to: layer) { $0.epilogue.activation = operation.activation }
    }
    // The largest is taken before the activation.
    if fusion.residual == nil, fusion.epilogue.activation.isMonotonic, let layer = next(),
      let pool = network.layers[layer].operation as? MaxPool, pool.halves
    {
      extend(to: layer) { $0.epilogue.pooled = shapes[layer] }
    }
    return followed(network, index, candidates, shapes, readers, made: made).map {
      [$0] + candidates
    } ?? candidates
  }

  /// After a 1×1 convolution and its activation, which is what the first of `candidates` does: with the
  /// convolution of each channel by itself that alone reads what they make, and what it can do.
  private static func followed(
    _ network: Network, _ index: Int, _ candidates: [Fusion], _ shapes: [Shape],
    _ readers: [[Int]], made: (Int) -> Bool
  ) -> Fusion? {
    var fusion = candidates.first ?? Fusion(last: index)
    let input = shapes[fusion.last]
    guard let expansion = network.layers[index].operation as? Convolution,
      expansion.groups == 1, expansion.window.kernel == 1,
      fusion.residual == nil, fusion.epilogue.pooled == nil,
      readers[fusion.last].count == 1, let layer = readers[fusion.last].first,
      let operation = network.layers[layer].operation as? Convolution,
      operation.groups > 1, operation.groups == input.c
    else { return nil }
    let own =
      Self.candidates(network, layer, shapes, readers, made: made)
      .first { $0.epilogue.pooled == nil } ?? Fusion(last: layer)
    fusion.depthwise = Depthwise(
      layer: layer, operation: operation, input: input, output: shapes[layer],
      epilogue: own.epilogue)
    fusion.covered += [layer] + own.covered
    (fusion.residual, fusion.last) = (own.residual, own.last)
    return fusion
  }
}

extension Network {
  /// Of a plan in which a layer's output (−1: the input) is read and nothing makes it.
  func lostValue(of layer: Int) -> FCNError {
    FCNError(
      .internalDefect,
      "the plan has no value of \(layer < 0 ? Network.inputName : "layer \(layers[layer].name)")")
  }
}
