// The nodes of attention.

extension Attention: ONNXOperation {
  /// Heads are made an axis of their own, and pixels one sequence; products of matrices do the rest.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let name = layer.name
    let front = graph.constant("\(name)/heads", [0, heads, -1])
    let matrices = zip(["query", "key", "value"], layer.inputs).map { part, input in
      let pixels = graph.add("ReduceProd", "\(name)/\(part)-pixels", [graph.size(of: input)])
      let target = graph.add(
        "Concat", "\(name)/\(part)-shape", [front, pixels], [.integer("axis", 0)])
      return graph.add("Reshape", "\(name)/\(part)", [input, target])
    }
    let turned: ONNXAttribute = .integers("perm", [0, 1, 3, 2])
    let query = graph.add("Transpose", "\(name)/query-turned", [matrices[0]], [turned])
    var scores = graph.add("MatMul", "\(name)/products", [query, matrices[1]])
    if factor != 1 {
      let factor = graph.constant(
        try WeightTensor(name: "\(name)/factor", shape: [], floats: [factor]))
      scores = graph.add("Mul", "\(name)/scores", [scores, factor])
    }
    let weights = softmax(of: scores, name, to: &graph)
    let columns = graph.add("Transpose", "\(name)/weights-turned", [weights], [turned])
    let made = graph.add("MatMul", "\(name)/pixels", [matrices[2], columns])
    let size = graph.size(of: layer.inputs[0])
    let channels = graph.add(
      "Shape", "\(name)/channels", [layer.inputs[2]], [.integer("start", 0), .integer("end", 2)])
    let shape = graph.add("Concat", "\(name)/shape", [channels, size], [.integer("axis", 0)])
    return graph.add("Reshape", name, [made, shape])
  }

  private func softmax(of scores: String, _ name: String, to graph: inout ONNXGraph) -> String {
    let last: ONNXAttribute = .integer("axis", -1)
    switch normalization {
    case .keys: return graph.add("Softmax", "\(name)/weights", [scores], [last])
    case .pairs:
      let flat = graph.constant("\(name)/flat", [0, heads, -1])
      let all = graph.add("Reshape", "\(name)/all-scores", [scores, flat])
      let weights = graph.add("Softmax", "\(name)/all-weights", [all], [last])
      let shape = graph.add("Shape", "\(name)/scores-shape", [scores])
      return graph.add("Reshape", "\(name)/weights", [weights, shape])
    }
  }
}

extension PixelsAsChannels: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let shape = graph.add("Shape", "\(layer.name)/shape", layer.inputs)
    let last = graph.add(
      "Transpose", "\(layer.name)/pixels", layer.inputs, [.integers("perm", [0, 2, 3, 1])])
    return graph.add("Reshape", layer.name, [last, shape])
  }
}

extension ONNXGraph {
  /// Heads × channels of a head × pixels of what `value` is.
  fileprivate mutating func inHeads(_ value: String, _ name: String, _ heads: Int) -> String {
    let front = constant("\(name)-heads", [0, heads, -1])
    let pixels = add("ReduceProd", "\(name)-pixels", [size(of: value)])
    let target = add("Concat", "\(name)-shape", [front, pixels], [.integer("axis", 0)])
    return add("Reshape", name, [value, target])
  }
}

extension ChannelProducts: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let name = layer.name
    let first = graph.inHeads(layer.inputs[0], "\(name)/first", heads)
    let second = graph.inHeads(layer.inputs[1], "\(name)/second", heads)
    let turned = graph.add(
      "Transpose", "\(name)/turned", [second], [.integers("perm", [0, 1, 3, 2])])
    let made = graph.add("MatMul", "\(name)/products", [first, turned])
    let front = graph.add(
      "Shape", "\(name)/front", [layer.inputs[0]], [.integer("start", 0), .integer("end", 2)])
    let row = graph.constant("\(name)/row", [1, -1])
    let shape = graph.add("Concat", "\(name)/shape", [front, row], [.integer("axis", 0)])
    return graph.add("Reshape", name, [made, shape])
  }
}

extension ChannelMixing: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let name = layer.name
    let pictures = graph.add(
      "Shape", "\(name)/pictures", [layer.inputs[0]], [.integer("start", 0), .integer("end", 1)])
    let columns = graph.add(
      "Shape", "\(name)/columns", [layer.inputs[0]], [.integer("start", 3), .integer("end", 4)])
    let parts = graph.constant("\(name)/parts", [heads, -1])
    let matrix = graph.add(
      "Concat", "\(name)/matrix", [pictures, parts, columns], [.integer("axis", 0)])
    var weight = graph.add("Reshape", "\(name)/weights", [layer.inputs[0], matrix])
    if isTransposed {
      weight = graph.add(
        "Transpose", "\(name)/turned", [weight], [.integers("perm", [0, 1, 3, 2])])
    }
    let values = graph.inHeads(layer.inputs[1], "\(name)/values", heads)
    let made = graph.add("MatMul", "\(name)/mixed", [weight, values])
    let channels = graph.constant("\(name)/channels", [0, -1])
    let shape = graph.add(
      "Concat", "\(name)/shape", [channels, graph.size(of: layer.inputs[1])],
      [.integer("axis", 0)])
    return graph.add("Reshape", name, [made, shape])
  }
}
