/// Whether a network makes sense as a model's, beyond what every `Network` does.
extension NetworkGraph {
  /// Throws unless a model can be made of `network`; returns the number of its classes.
  static func check(_ network: Network) throws -> Int {
    guard Limits.inputChannels.contains(network.inputChannels),
      Limits.stride.contains(network.stride), network.layers.count <= Limits.layers,
      network.auxiliaryScores.count <= Limits.auxiliaryScores
    else {
      throw FCNError(
        .invalidArgument,
        "the network has \(network.inputChannels) input channels, stride \(network.stride), "
          + "\(network.layers.count) layers and \(network.auxiliaryScores.count) auxiliary scores; the "
          + "most are \(Limits.inputChannels.upperBound), \(Limits.stride.upperBound), "
          + "\(Limits.layers) and \(Limits.auxiliaryScores)")
    }
    var parameterNames: Set<String> = []
    var count = 0
    for parameter in network.parameters {
      parameterNames.insert(parameter.name)
      // No overflow: a parameter has less than 2^57 elements, and counting ends at the limit.
      count += parameter.count
      guard count <= Limits.parameters else {
        throw FCNError(
          .unsupported,
          "up to \(parameter.name) the network has \(count) parameters; the limit is "
            + "\(Limits.parameters)")
      }
    }
    for node in network.sizes { try check(node.name) }
    for layer in network.layers {
      try check(layer.name)
      guard !parameterNames.contains(layer.name), !layer.name.hasPrefix("optimizer.") else {
        throw FCNError(
          .invalidArgument,
          "the layer's name \(layer.name) is that of a tensor; give it another one")
      }
    }
    return try checkScores(of: network)
  }

  private static func checkScores(of network: Network) throws -> Int {
    let last = network.layers.count - 1
    let classes = network.channels[last]
    let sizes = network.probedShapes
    for (index, layer) in network.layers.enumerated() {
      let factor = network.auxiliaryScores[layer.name]
      guard index == last || factor != nil else { continue }
      if let factor, !(factor > 0 && factor <= 1000) {
        throw FCNError(
          .invalidArgument,
          "the factor on the loss of layer \(layer.name) is \(factor); it must be above 0, at most 1000"
        )
      }
      if layer.operation is Softmax {
        throw FCNError(
          .invalidArgument,
          "layer \(layer.name) is a softmax; scores are wanted before it: leave it out")
      }
      guard network.channels[index] == classes else {
        throw FCNError(
          .invalidArgument,
          "layer \(layer.name) makes auxiliary scores of \(network.channels[index]) classes; the "
            + "network's own are of \(classes)")
      }
      guard let sizes else { continue }
      let (small, large) = (sizes.small.shapes[index], sizes.large.shapes[index])
      guard abs(large.h - 2 * small.h) <= 1, abs(large.w - 2 * small.w) <= 1 else {
        throw FCNError(
          .unsupported,
          "layer \(layer.name) makes scores of \(small.h)×\(small.w) for an input of "
            + "\(sizes.small.side)×\(sizes.small.side) and \(large.h)×\(large.w) for "
            + "\(sizes.large.side)×\(sizes.large.side): they are not in proportion to it, so they do "
            + "not lie over the picture. Pad the convolutions, crop the scores to the input, or end "
            + "with a resize that takes the input second")
      }
    }
    return classes
  }
}

extension Network {
  /// The shapes of all layers for two square inputs, the second twice as large as the first, at the
  /// smallest size that serves for both; nil where there is none.
  fileprivate var probedShapes:
    (small: (side: Int, shapes: [Shape]), large: (side: Int, shapes: [Shape]))?
  {
    func probe(_ side: Int) -> (side: Int, shapes: [Shape])? {
      (try? shapes(for: Shape(1, inputChannels, side, side))).map { (side, $0) }
    }
    guard inputSize == nil else { return nil }
    for factor in [8, 16, 32, 64, 128, 256] {
      if let small = probe(factor * stride), let large = probe(2 * factor * stride) {
        return (small, large)
      }
    }
    return nil
  }
}
