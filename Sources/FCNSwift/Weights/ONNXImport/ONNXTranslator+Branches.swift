// Nodes that hold graphs.
extension ONNXTranslator {
  /// What the branch makes that the condition, which follows from shapes, chooses.
  mutating func branch(_ node: ONNXNode) throws -> [ONNXValue] {
    let condition = try required(node, 0)
    if case .layer = condition {
      throw FCNError(
        .unsupported, "what is computed depends on the picture; wanted one network for all pictures"
      )
    }
    let isTrue = try probed(condition).single() != 0
    guard let branch = try node.graph(isTrue ? "then_branch" : "else_branch") else {
      throw FCNError(.corrupt, "its branch is missing")
    }
    guard depth < 8 else {
      throw FCNError(.unsupported, "it stands within 8 others; that many branches are not read")
    }
    depth += 1
    defer { depth -= 1 }
    let graph = try ONNXModelFile(branch, opset: file.opset)
    nodesInBranches += graph.nodes.count
    guard nodesInBranches <= ONNXModelFile.mostNodes else {
      throw FCNError(.unsupported, "the branches of the graph have too many nodes")
    }
    for (name, tensor) in graph.constants { values[name] = try Self.constant(tensor) }
    let outputs = graph.outputs.map(\.name)
    for node in graph.orderedNodes(for: outputs) { try translate(node) }
    return try outputs.map { try value($0) }
  }
}
