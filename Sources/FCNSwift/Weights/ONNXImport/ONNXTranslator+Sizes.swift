// Nodes that compute with sizes and constants.
extension ONNXTranslator {
  /// What `node`, which reads no layer's output, makes of `operands`.
  mutating func computed(_ node: ONNXNode, _ operands: [ONNXValue]) throws -> [ONNXValue] {
    guard !operands.isEmpty else { throw FCNError(.corrupt, "it takes nothing") }
    if let moved = try rearrangedWeights(node) { return [moved] }
    if let filled = try filled(node, operands) {
      if let output = node.outputs.first {
        filledExtents[output] =
          switch node.operation {
          case "ConstantOfShape": operands[0]
          case "Expand": try extentsExpanded(node, filled)
          default: extentsFilled(node.inputs[0])
          }
      }
      return [filled]
    }
    if let folded = try folded(node) { return [folded] }
    switch node.operation {
    case "Split":
      let pieces = try pieces(
        of: node,
        extent: { axis in
          let extents = try probed(operands[0]).extents
          return extents[try SizeValue.axis(axis, of: extents.count)]
        })
      return try pieces.ranges.map { range in
        try add(
          .slice,
          [
            operands[0], .known(SizeValue([range.lowerBound])),
            .known(SizeValue([range.upperBound])), .known(SizeValue([pieces.axis])),
          ])
      }
    case "Sum":
      return [try operands.dropFirst().reduce(operands[0]) { try add(.binary(.add), [$0, $1]) }]
    case "Min", "Max":
      let function = SizeFunction.Binary(rawValue: node.operation == "Min" ? "minimum" : "maximum")
      guard let function else { break }
      return [
        try operands.dropFirst().reduce(operands[0]) { try add(.binary(function), [$0, $1]) }
      ]
    case "Clip":
      return [
        try zip([SizeFunction.Binary.maximum, .minimum], 1...2).reduce(operands[0]) {
          value, bound in
          let attribute = ["", "min", "max"][bound.1]
          let limit =
            try node.has(attribute)
            ? ONNXValue.known(
              SizeValue(.float, [], [Double(node.float(attribute, else: 0))]))
            : operand(node, bound.1)
          return try limit.map { try add(.binary(bound.0), [value, $0]) } ?? value
        }
      ]
    case "Tile" where operands.count == 2:
      // Of axes of one, as PyTorch's repeat writes most of them.
      let extents = try probed(operands[0]).extents
      let repeats = try probed(operands[1]).integers()
      guard extents.count == repeats.count,
        zip(extents, repeats).allSatisfy({ $0 == 1 || $1 == 1 })
      else { break }
      return [try add(.expand, operands)]
    case "Size":
      let count = try probed(operands[0]).elements.count
      return [.known(try SizeValue(.integer, [], [Double(count)]))]
    case "Shape":
      let extents: [Int]
      if let whole = extentsFilled(node.inputs[0]) {
        let range = try shapeRange(node, probed(whole).elements.count)
        return [try add(.gather(axis: 0), [whole, .known(SizeValue(Array(range)))])]
      }
      if case .weights(let tensor) = operands[0] {
        extents = tensor.shape
      } else {
        extents = try probed(operands[0]).extents
      }
      let range = try shapeRange(node, extents.count)
      return [.known(try SizeValue(Array(extents[range])))]
    default: break
    }
    if node.operation == "Slice", let begins = try node.integers("starts") {
      let ends = try node.integers("ends") ?? []
      let axes = try node.integers("axes") ?? Array(begins.indices)
      return [
        try add(.slice, [operands[0]] + [begins, ends, axes].map { .known(try SizeValue($0)) })
      ]
    }
    guard let function = try sizeFunction(node) else {
      throw FCNError(
        .unsupported,
        "it computes with numbers alone, and is none of the operations that sizes are computed with"
      )
    }
    var taken = operands
    if case .reduce = function { taken = [operands[0]] }
    if ["Squeeze", "Unsqueeze"].contains(node.operation) { taken = [operands[0]] }
    guard function.inputCount.contains(taken.count) else {
      throw FCNError(.corrupt, "it has \(taken.count) inputs")
    }
    return [try add(function, taken)]
  }

  /// The function of sizes that `node` is; nil where it is none.
  private func sizeFunction(_ node: ONNXNode) throws -> SizeFunction? {
    switch node.operation {
    case "Gather": return .gather(axis: try node.integer("axis", else: 0))
    case "Concat": return .concatenate(axis: try node.integer("axis", else: 0))
    case "Slice" where node.inputs.count > 1: return .slice
    case "Cast":
      switch try node.integer("to", else: 1) {
      case 1, 10, 11, 16: return .cast(.float)
      case 9: return .truth
      default: return .cast(.integer)
      }
    case "Reshape": return .reshape
    case "Transpose": return try node.integers("perm").map { .transpose($0) }
    case "Squeeze": return .squeeze(try integers(node, "axes", orInput: 1) ?? [])
    case "Unsqueeze": return .unsqueeze(try integers(node, "axes", orInput: 1) ?? [])
    case "Expand": return .expand
    case "Where": return .select
    case "Range": return .range
    case "ConstantOfShape":
      let value = try node.tensor("value").flatMap { try $0.size() }
      return .fill(try value ?? SizeValue(.float, [], [0]))
    case "ReduceProd", "ReduceMax", "ReduceMin", "ReduceSum":
      let reductions: [String: SizeFunction.Reduction] = [
        "ReduceProd": .product, "ReduceMax": .maximum, "ReduceMin": .minimum, "ReduceSum": .sum,
      ]
      return .reduce(
        reductions[node.operation] ?? .sum, axes: try integers(node, "axes", orInput: 1),
        keepsAxes: try node.integer("keepdims", else: 1) != 0)
    default:
      return Self.unary[node.operation].map { .unary($0) }
        ?? Self.binary[node.operation].map { .binary($0) }
    }
  }

  private static let unary: [String: SizeFunction.Unary] = [
    "Neg": .negative, "Abs": .absolute, "Floor": .floor, "Ceil": .ceil, "Round": .round,
    "Sqrt": .root, "Not": .not, "Sign": .sign,
  ]

  private static let binary: [String: SizeFunction.Binary] = [
    "Add": .add, "Sub": .subtract, "Mul": .multiply, "Div": .divide, "Mod": .modulo, "Pow": .power,
    "Equal": .equal, "Less": .less, "Greater": .greater, "LessOrEqual": .lessOrEqual,
    "GreaterOrEqual": .greaterOrEqual, "And": .and, "Or": .or,
  ]

  /// An array of one number everywhere that is larger than sizes are, or has nothing in it; nil where `node`
  /// makes none.
  private func filled(_ node: ONNXNode, _ operands: [ONNXValue]) throws -> ONNXValue? {
    func made(_ extents: [Int], _ number: Double) throws -> ONNXValue? {
      guard extents.count <= SizeValue.mostAxes, extents.allSatisfy({ $0 >= 0 }),
        let count = checkedProduct(extents), count <= 1 << 40
      else { throw FCNError(.unsupported, "it makes an array of \(extents)") }
      let isLarge = count == 0 && extents.count > 1 || count > SizeValue.mostElements
      return isLarge ? .filled(extents, Float(number)) : nil
    }
    switch (node.operation, operands[0]) {
    case ("Cast", .filled), ("CastLike", .filled), ("Identity", .filled): return operands[0]
    case ("ConstantOfShape", _):
      let number = try node.tensor("value").flatMap { try $0.size() }
      return try made(probed(operands[0]).integers(), number?.single() ?? 0)
    case ("Expand", _) where operands.count == 2:
      guard let (extents, number) = try uniform(operands[0]) else { return nil }
      return try made(
        SizeValue.common(extents, probed(operands[1]).integers()), Double(number))
    default: return nil
    }
  }

  /// The extents that `node`, an Expand that made `filled`, was asked for; nil where its input had
  /// larger ones.
  private func extentsExpanded(_ node: ONNXNode, _ filled: ONNXValue) throws -> ONNXValue? {
    guard case .filled(let extents, _) = filled, let wanted = try operand(node, 1),
      try probed(wanted).integers() == extents
    else { return nil }
    return wanted
  }

  /// The shape of a layer's output, or the part of it that `node` asks for.
  mutating func shape(_ node: ONNXNode) throws -> ONNXValue {
    if case .pairs(let pairs) = try required(node, 0) {
      let range = try shapeRange(node, pairs.axes.count)
      return try add(.concatenate(axis: 0), Array(measured(pairs)[range]))
    }
    let (name, view) = try seen(node)
    let range = try shapeRange(node, view.axes.count)
    let whole = try measured(name)
    let shape = try shape(of: name)
    // The usual orders in one; of parts each by itself.
    let sources = view.axes.indices.map { axis in
      view == .whole(shape) ? axis : view.source(of: axis, shape)
    }
    let plain = sources[range].compactMap { $0 }
    if plain.count == range.count {
      return plain == [0, 1, 2, 3]
        ? whole : try add(.gather(axis: 0), [whole, .known(SizeValue(plain))])
    }
    let extents = try range.map { axis in
      try view.axes[axis].reduce(ONNXValue.known(SizeValue([1]))) { product, part in
        try add(.binary(.multiply), [product, extent(of: part, shape, whole)])
      }
    }
    return try add(.concatenate(axis: 0), extents)
  }

  /// How many lines `part` of a value of the extents `whole` has.
  private mutating func extent(
    of part: ONNXView.Part, _ shape: Shape, _ whole: ONNXValue
  ) throws -> ONNXValue {
    let own = [shape.n, shape.c, shape.h, shape.w][part.axis]
    // Channels are fixed; of rows and columns the inner parts are.
    guard part.axis != 1, part.extent * part.step == own else {
      return .known(try SizeValue([part.extent]))
    }
    let extent = try add(.gather(axis: 0), [whole, .known(SizeValue([part.axis]))])
    return part.step == 1
      ? extent : try add(.binary(.divide), [extent, .known(SizeValue([part.step]))])
  }

  /// Which of the extents of a value of `rank` axes `node`, a Shape, asks for.
  private func shapeRange(_ node: ONNXNode, _ rank: Int) throws -> Range<Int> {
    func place(_ name: String, _ standard: Int) throws -> Int {
      let index = try node.integer(name, else: standard)
      return min(max(index < 0 ? index + rank : index, 0), rank)
    }
    let start = try place("start", 0)
    return start..<max(start, try place("end", rank))
  }

  /// The axis along which `node`, a Split, divides its first input, and what each output has of it.
  func pieces(
    of node: ONNXNode, extent: (Int) throws -> Int
  ) throws -> (axis: Int, ranges: [Range<Int>]) {
    let axis = try node.integer("axis", else: 0)
    let whole = try extent(axis)
    let given = try integers(node, "split", orInput: 1)
    let count = max(1, node.outputs.count)
    // Where sizes are not given all are equal, but a smaller last one.
    let sizes =
      given
      ?? (0..<count).map { index in
        let size = (whole + count - 1) / count
        return min(size, max(0, whole - index * size))
      }
    guard sizes.allSatisfy({ $0 > 0 && $0 <= whole }), sizes.reduce(0, +) == whole else {
      throw FCNError(.shapeMismatch, "parts of \(sizes) do not make up \(whole)")
    }
    var ranges: [Range<Int>] = []
    for size in sizes {
      let start = ranges.last?.upperBound ?? 0
      ranges.append(start..<start + size)
    }
    return (axis, ranges)
  }
}
