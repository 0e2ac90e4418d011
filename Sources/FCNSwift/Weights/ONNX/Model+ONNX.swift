extension Model {
  /// Writes the model to `path` as an ONNX file, under a temporary name that is renamed once the
  /// file is whole.
  ///
  /// The graph takes `input`, N×channels×height×width floats of any N, height and width: pictures as
  /// the preprocessing, which the file's metadata tells of, makes them, but not padded. It makes
  /// `scores`, N×classes×height×width, before softmax. Padding to the network's stride and cropping
  /// are part of the graph. Weights are written as float32, whatever the model holds.
  ///
  /// Throws `unsupported` with the layer's name where ONNX cannot express it, and where the file
  /// would be beyond protobuf's 2 GB; `notFinite` and `inputOutput` as `write(to:elementType:)`.
  public func writeONNX(to path: String) throws {
    let file = try naming(path) {
      try checkFinite()
      let file = try onnxFile()
      try file.checkSize()
      return file
    }
    try File.write(to: path) { try file.write($0) }
  }

  /// The ModelProto; weights in it are borrowed.
  func onnxFile() throws -> ProtobufMessage {
    let classes = description.options.classes
    return try network.resizingScoresWhereNeeded().onnxGraph(weights).file(
      named: description.architecture, channels: network.inputChannels, classes: classes,
      size: network.inputSize,
      documentation: "Scores of \(classes) classes, fcn.classes, for every pixel of pictures that "
        + "were made ready as fcn.preprocessing says",
      // What else there is marks a safetensors file.
      metadata: description.metadata.filter { $0.key.hasPrefix("fcn.") })
  }
}

extension Network {
  /// The graph of those layers that the output depends on, padding and cropping around them.
  func onnxGraph(_ weights: [String: WeightTensor]) throws -> ONNXGraph {
    var graph = ONNXGraph()
    let input = stride > 1 ? graph.pad(toMultiplesOf: stride) : ONNXGraph.input
    var values = [String](repeating: "", count: layers.count)
    var sizes = ONNXSizes(self.sizes)
    sizes.add(Network.inputName, input)
    let needed = indicesOfNeededLayers
    for (index, layer) in layers.enumerated() where needed.contains(index) {
      values[index] = try naming("layer \(layer.name)") {
        let inputs = inputIndices[index].map { $0 < 0 ? input : values[$0] }
        guard layer.operation is MaxUnpool || !inputs.contains(where: { graph.places[$0] != nil })
        else {
          throw FCNError(
            .unsupported,
            "it takes what max_pool_indices makes, whole numbers of another kind in ONNX; wanted "
              + "max_unpool alone to take it")
        }
        if let sized = layer.operation as? SizedOperation {
          let place = ONNXLayer(name: layer.name, inputs: inputs, parameters: [])
          return try sizes.addNodes(of: sized, place, to: &graph)
        }
        guard let operation = layer.operation as? any ONNXOperation else {
          throw FCNError(
            .unsupported,
            "there is no way to write the operation \(type(of: layer.operation).name) as ONNX")
        }
        let parameters = try parametersByLayer[index].map { parameter in
          guard let weight = weights[parameter.name] else {
            throw FCNError(.notFound, "the model has no tensor \(parameter.name)")
          }
          return graph.constant(weight)
        }
        let place = ONNXLayer(
          name: layer.nameInONNX, inputs: inputs, parameters: parameters,
          places: placesLayer(beside: index, needed)?.nameInONNX)
        return try operation.addNodes(of: place, to: &graph)
      }
      sizes.add(layer.name, values[index])
    }
    let last = values[layers.count - 1]
    guard graph.places[last] == nil else {
      throw FCNError(
        .unsupported,
        "the last layer makes places of maxima, whole numbers in ONNX; wanted scores")
    }
    if stride > 1 {
      let size = graph.size(of: ONNXGraph.input)
      _ = graph.crop(last, ONNXGraph.output, to: size, offset: 0)
    } else {
      _ = graph.add("Identity", ONNXGraph.output, [last])
    }
    return graph
  }

  /// A later layer that tells the places of the maxima that the pool `index` takes.
  private func placesLayer(beside index: Int, _ needed: Set<Int>) -> Layer? {
    guard let pool = layers[index].operation as? MaxPool, !pool.ceilMode else { return nil }
    let found = layers.indices[(index + 1)...].first {
      needed.contains($0) && inputIndices[$0] == inputIndices[index]
        && (layers[$0].operation as? MaxPoolIndices)?.window == pool.window
    }
    return found.map { layers[$0] }
  }

  /// The layers that the last one takes, and those that they take, and so on.
  private var indicesOfNeededLayers: Set<Int> {
    var needed: Set<Int> = [layers.count - 1]
    for index in layers.indices.reversed() where needed.contains(index) {
      needed.formUnion(inputIndices[index].filter { $0 >= 0 })
    }
    // And those that sizes measure.
    let measured = Set(sizes.compactMap(\.measured))
    for index in layers.indices.reversed() where measured.contains(layers[index].name) {
      needed.insert(index)
    }
    for index in layers.indices.reversed() where needed.contains(index) {
      needed.formUnion(inputIndices[index].filter { $0 >= 0 })
    }
    return needed
  }
}

extension Layer {
  /// Two names are the graph's own.
  fileprivate var nameInONNX: String {
    [ONNXGraph.output, ONNXGraph.padding].contains(name) ? "\(name)/layer" : name
  }
}

extension ONNXGraph {
  /// Adds nodes that pad the input with zeros, at the right and the bottom, until its height and
  /// width are multiples of `stride`; returns the padded value.
  fileprivate mutating func pad(toMultiplesOf stride: Int) -> String {
    let size = size(of: Self.input)
    let one = constant("padding/one", [1, 1])
    let largest = constant("padding/largest", [stride - 1, stride - 1])
    let period = constant("padding/stride", [stride, stride])
    // stride − 1 − (size − 1) mod stride: remainders of positive numbers are the same everywhere.
    let before = add("Sub", "padding/last", [size, one])
    let rest = add("Mod", "padding/rest", [before, period])
    let missing = add("Sub", "padding/missing", [largest, rest])
    let others = constant("padding/others", [0, 0, 0, 0, 0, 0])
    let pads = add("Concat", "padding/pads", [others, missing], [.integer("axis", 0)])
    return add("Pad", Self.padding, [Self.input, pads])
  }
}
