// The nodes of what tells places, or puts values below or beside each other.

extension Coordinates: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let size =
      size.map { graph.constant("\(layer.name)/given-size", [$0.h, $0.w]) }
      ?? graph.size(of: layer.inputs[0])
    return try addNodes(of: layer, size: size, to: &graph)
  }

  /// The nodes where `size` is the value that holds the rows and columns wanted.
  func addNodes(of layer: ONNXLayer, size: String, to graph: inout ONNXGraph) throws -> String {
    let name = layer.name
    let numbers = [("zero", 0), ("one", 1), ("place", axis == .rows ? 0 : 1)].map {
      graph.constant("\(name)/\($0)", [$1], extents: [])
    }
    let count = graph.add("Gather", "\(name)/count", [size, numbers[2]], [.integer("axis", 0)])
    let range = graph.add("Range", "\(name)/range", [numbers[0], count, numbers[1]])
    let floats = graph.add("Cast", "\(name)/floats", [range], [.integer("to", 1)])
    let line = graph.constant("\(name)/line", axis == .rows ? [1, 1, -1, 1] : [1, 1, 1, -1])
    let lines = graph.add("Reshape", "\(name)/lines", [floats, line])
    let pictures = graph.add(
      "Shape", "\(name)/pictures", [layer.inputs[0]], [.integer("start", 0), .integer("end", 1)])
    let channel = graph.constant("\(name)/channel", [1])
    let shape = graph.add(
      "Concat", "\(name)/shape", [pictures, channel, size], [.integer("axis", 0)])
    return graph.add("Expand", name, [lines, shape])
  }
}

extension ConstantPlanes: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let name = layer.name
    let pictures = graph.add(
      "Shape", "\(name)/pictures", [layer.inputs[0]], [.integer("start", 0), .integer("end", 1)])
    let rest = graph.constant("\(name)/rest", [1, 1, 1])
    let shape = graph.add("Concat", "\(name)/shape", [pictures, rest], [.integer("axis", 0)])
    return graph.add("Expand", name, [layer.parameters[0], shape])
  }
}

extension LineConcatenation: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Concat", layer.name, layer.inputs, [.integer("axis", axis == .rows ? 2 : 3)])
  }
}

extension RowsAsColumns: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Transpose", layer.name, layer.inputs, [.integers("perm", [0, 1, 3, 2])])
  }
}
