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
