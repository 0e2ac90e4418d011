// Networks with one score channel: a sigmoid's, which say with a score above 0 that a pixel belongs to
// the thing that they look for. Ours choose among classes, so such a network becomes one of two classes
// whose background always scores 0: the softmax of (0, z) is the sigmoid of z, and the larger of the two
// is the thing's where z is above 0.

extension ArchitectureGuess {
  /// The same network with two classes, background first. Scores are linear from the layers that make
  /// them on, so nothing else changes.
  func withBackground() throws -> (options: ArchitectureOptions, weights: [WeightTensor]) {
    var options = options
    options.classes = 2
    let network = try architecture.network(options)
    let single = Dictionary(fitted.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var weights: [WeightTensor] = []
    for (index, layer) in network.layers.enumerated() {
      for parameter in network.parametersByLayer[index] {
        guard let tensor = single[parameter.name] else {
          throw FCNError(.internalDefect, "the tensor \(parameter.name) was lost")
        }
        weights.append(
          try tensor.withBackground(
            parameter, isUpsampling: layer.operation is TransposedConvolution))
      }
    }
    return (options, weights)
  }

  /// Names for the two classes; `given` are the importer's own, of which one is the thing's.
  static func namesWithBackground(_ given: [String]?) -> [String] {
    switch given {
    case nil: ["background", "foreground"]
    case let names? where names.count == 1: ["background"] + names
    case let names?: names
    }
  }

  /// What a model that was made so says of itself.
  static let backgroundNote =
    "Made of a network with one score: class 1 where that is above 0, class 0 elsewhere."
}

extension WeightTensor {
  /// The tensor in the shape of `wanted`, which has two classes where this one has one: scores of the
  /// background are zero, each class is upsampled by the same kernel, and none goes into the other.
  fileprivate func withBackground(
    _ wanted: ParameterSpecification, isUpsampling: Bool
  ) throws -> WeightTensor {
    if shape == wanted.shape { return self }
    let copies = count == 0 ? 0 : wanted.count / count
    guard shape.first == 1, wanted.shape.first == 2, copies * count == wanted.count,
      copies == 2 || isUpsampling && copies == 4
    else {
      throw FCNError(
        .unsupported,
        "\(name) is \(shape): the network has one score, and this layer cannot be made one of two "
          + "classes (\(wanted.shape)); give the network a score for the background too")
    }
    return try WeightTensor(name: wanted.name, shape: wanted.shape) { target in
      target.update(repeating: 0)
      try withFloats { source in
        let isKernel = isUpsampling && shape.count == 4
        for copy in 0..<copies where isKernel ? copy % 3 == 0 || copies == 2 : copy == copies - 1 {
          for i in 0..<count { target[copy * count + i] = source[i] }
        }
      }
    }
  }
}
