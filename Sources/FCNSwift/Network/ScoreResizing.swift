extension Network {
  /// The same with scores, auxiliary ones too, of the size of an input of `shape`: after a layer that
  /// makes them in another a bilinear resize follows, as the size rule's, corners not aligned. Itself
  /// where there is nothing to do.
  ///
  /// So labels, losses and scores meet pixel by pixel whatever the network.
  func resizingScores(for shape: Shape) throws -> Network {
    try resizingScores(shapes(for: shape).map { ($0.h, $0.w) != (shape.h, shape.w) })
  }

  /// The same for inputs of any size; a resize that a size does not need changes nothing there.
  func resizingScoresWhereNeeded() throws -> Network {
    // Sides of all remainders by powers of two.
    let probes = (8..<24).compactMap { factor -> [Bool]? in
      let side = factor * stride
      return (try? shapes(for: Shape(1, inputChannels, side, side)))?.map {
        ($0.h, $0.w) != (side, side)
      }
    }
    return try resizingScores(
      layers.indices.map { index in probes.contains { $0[index] } })
  }

  private func resizingScores(_ differs: [Bool]) throws -> Network {
    let last = layers.count - 1
    let resized = layers.indices.filter {
      differs[$0] && ($0 == last || auxiliaryScores[layers[$0].name] != nil)
    }
    guard !resized.isEmpty else { return self }
    var made: [Layer] = []
    var factors = auxiliaryScores
    for (index, layer) in layers.enumerated() {
      made.append(layer)
      guard resized.contains(index) else { continue }
      // A space, which names in files do not have.
      let name = "\(layer.name) resized"
      made.append(Layer(name, Resize(to: .likeSecondInput), [layer.name, Network.inputName]))
      if let factor = factors.removeValue(forKey: layer.name) { factors[name] = factor }
    }
    return try replacingLayers(made, auxiliaryScores: factors)
  }
}
