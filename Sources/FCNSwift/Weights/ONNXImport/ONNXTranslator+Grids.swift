// Numbers that count rows or columns (CoordConv's, for one): they follow from the size alone, but are as
// many as it has lines, or pixels. Where they are put beside a layer's output, or computed with one, they
// are layers too.
extension ONNXTranslator {
  /// Nodes that make of such numbers more of their kind.
  private static let onGrids: Set<String> = [
    "Identity", "Cast", "CastLike", "Add", "Sub", "Mul", "Div", "Pow", "Neg", "Abs", "Sqrt", "Min",
    "Max", "Clip", "Unsqueeze", "Squeeze", "Reshape", "Expand", "Tile", "Transpose", "Concat",
    "MatMul",
  ]

  /// What `node`, which reads no layer's output, makes: sizes or, where these would be too many, layers.
  mutating func sizesOrGrid(_ node: ONNXNode, _ operands: [ONNXValue]) throws -> [ONNXValue] {
    if node.operation == "Shape", let input = node.inputs.first, grids[input] != nil {
      return [try withGrids(node) { try $0.shape(node) }]
    }
    var grid: ONNXValue?
    var refusal: FCNError?
    do {
      grid = try self.grid(node)
    } catch let error as FCNError {
      refusal = error
    }
    do {
      let made = try computed(node, operands)
      if let grid, let output = node.outputs.first { grids[output] = grid }
      return made
    } catch let error as FCNError {
      if let grid { return [grid] }
      throw refusal ?? error
    }
  }

  /// The layer that makes what `node` makes of counted lines, or that counts them; nil where it does neither.
  private mutating func grid(_ node: ONNXNode) throws -> ONNXValue? {
    if node.operation == "Range" { return try countedLine(node) }
    guard Self.onGrids.contains(node.operation),
      node.inputs.contains(where: { grids[$0] != nil })
    else { return nil }
    try checkWholeNumbers(node)
    return try withGrids(node) { try $0.layerValue(of: node) }
  }

  /// What `body` makes while inputs of `node` that count lines are taken to be layers.
  mutating func withGrids<Made>(
    _ node: ONNXNode, _ body: (inout ONNXTranslator) throws -> Made
  ) throws -> Made {
    guard Self.onGrids.contains(node.operation) || node.operation == "Shape" else {
      return try body(&self)
    }
    // Of what gives another shape the first alone.
    let isShaping = ["Reshape", "Expand", "Tile", "Unsqueeze", "Squeeze"].contains(node.operation)
    var kept: [String: ONNXValue] = [:]
    for name in isShaping ? node.inputs.prefix(1) : node.inputs[...] {
      guard let grid = grids[name], kept[name] == nil else { continue }
      kept[name] = values[name]
      values[name] = grid
    }
    defer { for (name, value) in kept { values[name] = value } }
    return try body(&self)
  }

  /// Whole numbers from the first on, as many as follow from the size, as one row of coordinates; nil where
  /// they are known, or go in other steps.
  private mutating func countedLine(_ node: ONNXNode) throws -> ONNXValue? {
    guard let first = try known(operand(node, 0))?.single(), first == first.rounded(),
      try known(operand(node, 2))?.single() == 1,
      let limit = try operand(node, 1), try known(limit) == nil, abs(first) < 0x1p24
    else { return nil }
    let kind = try probed(limit).kind
    let whole =
      kind == .integer ? limit : try add(.cast(.integer), [add(.unary(.ceil), [limit])])
    let less = ONNXValue.known(try SizeValue(.integer, [], [first]))
    let count = try first == 0 ? whole : add(.binary(.subtract), [whole, less])
    let list = try add(.reshape, [count, .known(SizeValue([1]))])
    let size = try add(.concatenate(axis: 0), [.known(SizeValue([1])), list])
    let made = try add(
      "\(name(node)).places", "coordinates", [Network.inputName],
      [("axis", .given("columns")), ("size", setting(size))])
    if kind == .integer, let output = node.outputs.first { wholeGrids.insert(output) }
    let line = first == 0 ? made : try line(name(node), made, 1, Float(first))
    return .layer(line, ONNXView(axes: [ONNXView.whole(3, try shape(of: line))]))
  }

  /// Notes what `node` makes of whole numbers.
  mutating func noteWholeNumbers(_ node: ONNXNode) throws {
    guard node.inputs.contains(where: { wholeGrids.contains($0) }) else { return }
    if node.operation == "Cast", [1, 10, 11, 16].contains(try node.integer("to", else: 1)) {
      return
    }
    wholeGrids.formUnion(node.outputs)
  }

  /// Throws where `node` divides whole numbers that are layers, and so would cut off what is left.
  func checkWholeNumbers(_ node: ONNXNode) throws {
    guard node.operation == "Div", node.inputs.contains(where: { wholeGrids.contains($0) }) else {
      return
    }
    throw FCNError(
      .unsupported, "it divides counted lines as whole numbers; divide floats in the network")
  }

  /// A column times a row of one number, as products of matrices spread lines; nil where `node` is another.
  mutating func spreadByOnes(_ node: ONNXNode) throws -> ONNXValue? {
    guard node.operation == "MatMul", case .layer(let source, let view)? = try operand(node, 0),
      let other = try operand(node, 1), case let (extents, number)? = try uniform(other),
      view.axes.count > 1, extents.count == view.axes.count, view.axes.last == [],
      extents.dropLast().allSatisfy({ $0 == 1 }), let sizes = extentsFilled(node.inputs[1])
    else { return nil }
    var target = view.extents
    target[target.count - 1] = extents[extents.count - 1]
    let made = try expanded(node, source, view, target, sizes)
    guard case .layer(let spread, let seen) = made else { return nil }
    return .layer(try scaled("\(name(node)).times", spread, by: number), seen)
  }
}
