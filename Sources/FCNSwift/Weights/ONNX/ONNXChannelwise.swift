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

extension ONNXGraph {
  /// The parameters of `layer` as values of channels×1×1, which lie over pictures.
  fileprivate mutating func channelwise(_ layer: ONNXLayer) -> [String] {
    let axes = constant("\(layer.name)/axes", [1, 2])
    return layer.parameters.enumerated().map { index, parameter in
      add("Unsqueeze", "\(layer.name)/parameter\(index)", [parameter, axes])
    }
  }
}
