// The nodes of what works on pairs of values, or on each channel with numbers of its own.

extension Product: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Mul", layer.name, layer.inputs)
  }
}

extension Difference: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Sub", layer.name, layer.inputs)
  }
}

extension Quotient: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Div", layer.name, layer.inputs)
  }
}

extension Maximum: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Max", layer.name, layer.inputs)
  }
}

extension Minimum: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Min", layer.name, layer.inputs)
  }
}

extension Affine: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let numbers = graph.channelwise(layer)
    let scaled = graph.add("Mul", "\(layer.name)/scaled", layer.inputs + [numbers[0]])
    return graph.add("Add", layer.name, [scaled, numbers[1]])
  }
}

extension PReLU: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("PRelu", layer.name, layer.inputs + graph.channelwise(layer))
  }
}

extension InstanceNormalization: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "InstanceNormalization", layer.name, layer.inputs + layer.parameters,
      [.float("epsilon", epsilon)])
  }
}

extension GroupNormalization: ONNXOperation {
  /// ONNX's own came with version 21; before that groups are made channels, all of a group's pixels theirs.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let name = layer.name
    let grouped = graph.constant("\(name)/groups", [0, groups, -1])
    let whole = graph.add("Shape", "\(name)/shape", layer.inputs)
    let apart = graph.add("Reshape", "\(name)/apart", [layer.inputs[0], grouped])
    let plain = try [("one", Float(1)), ("zero", 0)].map { part, value in
      graph.constant(
        try WeightTensor(
          name: "\(name)/\(part)", shape: [groups],
          floats: [Float](repeating: value, count: groups)))
    }
    let normal = graph.add(
      "InstanceNormalization", "\(name)/normal", [apart] + plain, [.float("epsilon", epsilon)])
    let together = graph.add("Reshape", "\(name)/together", [normal, whole])
    let numbers = graph.channelwise(layer)
    let scaled = graph.add("Mul", "\(name)/scaled", [together, numbers[0]])
    return graph.add("Add", name, [scaled, numbers[1]])
  }
}

extension LayerNormalization: ONNXOperation {
  /// Over the last axis, which the channels are for it.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let last = graph.add(
      "Transpose", "\(layer.name)/last", layer.inputs, [.integers("perm", [0, 2, 3, 1])])
    let normal = graph.add(
      "LayerNormalization", "\(layer.name)/normal", [last] + layer.parameters,
      [.integer("axis", -1), .float("epsilon", epsilon)])
    return graph.add("Transpose", layer.name, [normal], [.integers("perm", [0, 3, 1, 2])])
  }
}

extension ChannelShuffle: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let name = layer.name
    let whole = graph.add("Shape", "\(name)/shape", layer.inputs)
    let front = graph.constant("\(name)/groups", [0, groups, -1])
    let back = graph.add(
      "Shape", "\(name)/pixels", layer.inputs, [.integer("start", 2), .integer("end", 4)])
    let target = graph.add("Concat", "\(name)/apart-shape", [front, back], [.integer("axis", 0)])
    let apart = graph.add("Reshape", "\(name)/apart", [layer.inputs[0], target])
    let mixed = graph.add(
      "Transpose", "\(name)/mixed", [apart], [.integers("perm", [0, 2, 1, 3, 4])])
    return graph.add("Reshape", name, [mixed, whole])
  }
}

extension ErrorFunction: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Erf", layer.name, layer.inputs)
  }
}

extension Power: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    if exponent == 0.5 { return graph.add("Sqrt", layer.name, layer.inputs) }
    let number = graph.constant(
      try WeightTensor(name: "\(layer.name)/exponent", shape: [], floats: [exponent]))
    return graph.add("Pow", layer.name, layer.inputs + [number])
  }
}

extension ReducedMean: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("ReduceMean", layer.name, layer.inputs, axes.attributes)
  }
}

extension ReducedMaximum: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("ReduceMax", layer.name, layer.inputs, axes.attributes)
  }
}

extension PictureAxes {
  fileprivate var attributes: [ONNXAttribute] {
    let places = Self.names.indices.filter { contains(Self.names[$0].axis) }.map { $0 + 1 }
    return [.integers("axes", places), .integer("keepdims", 1)]
  }
}

extension ONNXGraph {
  /// The parameters of `layer` as values of channels×1×1, which lie over pictures.
  fileprivate mutating func channelwise(_ layer: ONNXLayer) -> [String] {
    let axes = constant("\(layer.name)/axes", [1, 2])
    return layer.parameters.enumerated().map { index, parameter in
      add("Unsqueeze", "\(layer.name)/parameter\(index)", [parameter, axes])
    }
  }
}
