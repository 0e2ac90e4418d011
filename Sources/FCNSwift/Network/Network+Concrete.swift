// Networks whose operations take settings from sizes, and the concrete ones that they are for an input of
// one shape.
extension Network {
  /// The operations and output shapes of all layers for an input of `shape`; errors name the layer.
  static func concrete(
    _ layers: [Layer], _ inputIndices: [[Int]], _ sizes: [SizeNode], for shape: Shape
  ) throws -> (operations: [any Operation], shapes: [Shape]) {
    try naming("network input") { try shape.validate() }
    var evaluation = try SizeEvaluation(sizes, input: shape)
    var operations: [any Operation] = []
    var shapes: [Shape] = []
    for (layer, indices) in zip(layers, inputIndices) {
      let inputs = indices.map { $0 < 0 ? shape : shapes[$0] }
      let (operation, output) = try naming("layer \(layer.name)") {
        var operation = layer.operation
        if let sized = operation as? SizedOperation {
          operation = try sized.concrete(evaluation.values)
          try check(inputs.count, for: operation)
        }
        let output = try operation.outputShape(of: inputs)
        try output.validate()
        return (operation, output)
      }
      operations.append(operation)
      shapes.append(output)
      try evaluation.add(layer.name, output)
    }
    return (operations, shapes)
  }

  /// Throws unless `operation` takes `count` inputs.
  private static func check(_ count: Int, for operation: any Operation) throws {
    let wanted = operation.inputCount
    guard wanted.contains(count) else {
      throw FCNError(
        .invalidArgument,
        "it takes "
          + (wanted.count == 1
            ? "\(wanted.lowerBound)" : "\(wanted.lowerBound) to \(wanted.upperBound)")
          + " inputs; found \(count)")
    }
  }

  /// The network that this one is for an input of `shape`, without sizes, and with scores, auxiliary ones
  /// too, of the input's height and width. Every plan is made of this, for use and for training.
  func concrete(for shape: Shape) throws -> Network {
    guard !sizes.isEmpty else { return try resizingScores(for: shape) }
    let operations = try evaluated(for: shape).operations
    let made = zip(layers, operations).map { Layer($0.name, $1, $0.inputs) }
    // What is concrete serves this size alone.
    return try Network(
      inputChannels: inputChannels, stride: stride, inputSize: Extent(shape.h, shape.w),
      layers: Network.needed(of: made, for: auxiliaryScores, []).layers,
      auxiliaryScores: auxiliaryScores, sizes: []
    ).resizingScores(for: shape)
  }

  /// The operations and output shapes of all layers for an input of `shape`, which is checked first.
  func evaluated(for shape: Shape) throws -> (operations: [any Operation], shapes: [Shape]) {
    guard shape.c == inputChannels else {
      throw FCNError(
        .shapeMismatch,
        "the network takes \(inputChannels) channels; the input has \(shape.c)")
    }
    if let inputSize, inputSize != Extent(shape.h, shape.w) {
      throw FCNError(
        .shapeMismatch,
        "the network takes inputs of \(inputSize) and no others; found \(shape.h)×\(shape.w)")
    }
    return try Network.concrete(layers, inputIndices, sizes, for: shape)
  }

  /// The same with `layers` in place of its own, without those of them that no scores depend on and the
  /// sizes that none of them takes.
  func replacingLayers(
    _ layers: [Layer], auxiliaryScores: [String: Float]? = nil, sizes: [SizeNode]? = nil
  ) throws -> Network {
    let auxiliaryScores = auxiliaryScores ?? self.auxiliaryScores
    let (layers, sizes) = Network.needed(
      of: layers, for: auxiliaryScores, sizes ?? self.sizes)
    return try Network(
      inputChannels: inputChannels, stride: stride, inputSize: inputSize, layers: layers,
      auxiliaryScores: auxiliaryScores, sizes: sizes)
  }

  /// Of `layers` those that the last one or auxiliary scores depend on, and of `sizes` those that they
  /// take. Each is looked at a few times, however many there are: small files may have many.
  static func needed(
    of layers: some BidirectionalCollection<Layer>, for auxiliaryScores: [String: Float],
    _ sizes: some Collection<SizeNode>
  ) -> (layers: [Layer], sizes: [SizeNode]) {
    var needed = Set(auxiliaryScores.keys)
    if let last = layers.last { needed.insert(last.name) }
    var neededSizes: Set<String> = []
    let places = Dictionary(
      zip(sizes.map(\.name), sizes.indices), uniquingKeysWith: { first, _ in first })
    // What is computed for a layer may measure another, which stands before it.
    for layer in layers.reversed() where needed.contains(layer.name) {
      needed.formUnion(layer.inputs)
      guard let sized = layer.operation as? SizedOperation else { continue }
      var open = sized.computed.map(\.size)
      while let name = open.popLast() {
        guard neededSizes.insert(name).inserted, let place = places[name] else { continue }
        let node = sizes[place]
        if let measured = node.measured {
          needed.insert(measured)
        } else {
          open += node.inputs
        }
      }
    }
    return (
      layers.filter { needed.contains($0.name) }, sizes.filter { neededSizes.contains($0.name) }
    )
  }

  /// The same without the layers that the scores do not depend on: auxiliary heads.
  public func withoutAuxiliaryScores() throws -> Network {
    auxiliaryScores.isEmpty ? self : try replacingLayers(layers, auxiliaryScores: [:])
  }

  /// Throws unless sizes are named once and take what comes before them, and layers take sizes that are.
  static func checkSizes(_ sizes: [SizeNode], of layers: [Layer]) throws {
    let layerNames = Set(layers.map(\.name)).union([Network.inputName])
    var known: Set<String> = []
    for node in sizes {
      try naming("size \(node.name)") {
        guard node.function.inputCount.contains(node.inputs.count) else {
          throw FCNError(
            .invalidArgument, "it takes another number of inputs than \(node.inputs.count)")
        }
        let isShape = node.measured != nil
        for input in node.inputs where !(isShape ? layerNames : known).contains(input) {
          throw FCNError(
            .notFound,
            "it takes \(input), which \(isShape ? "no layer" : "no size before it") makes")
        }
        guard known.insert(node.name).inserted else {
          throw FCNError(.invalidArgument, "two sizes have this name")
        }
      }
    }
    for layer in layers {
      guard let sized = layer.operation as? SizedOperation else { continue }
      for setting in sized.computed where !known.contains(setting.size) {
        throw FCNError(
          .notFound,
          "layer \(layer.name): \(setting.name) is the size \(setting.size), which is not there"
        )
      }
    }
  }
}
