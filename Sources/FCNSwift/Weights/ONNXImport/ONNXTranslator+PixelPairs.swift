// What happens to products of pixels before they meet the values that they weight.
extension ONNXTranslator {
  /// The products of pixels that `node` takes; nil where it takes none.
  func pairs(_ node: ONNXNode) throws -> ONNXPairs? {
    for index in node.inputs.indices {
      if case .pairs(let pairs)? = try operand(node, index) { return pairs }
    }
    return nil
  }

  /// What a node makes of products of pixels that only sees them in another way, or takes their softmax.
  mutating func changed(_ node: ONNXNode, _ pairs: ONNXPairs) throws -> ONNXPairs {
    var made = pairs
    switch node.operation {
    case "Transpose":
      let order = try node.integers("perm") ?? pairs.axes.indices.reversed()
      guard order.sorted() == Array(pairs.axes.indices) else {
        throw FCNError(.corrupt, "\(order) is no order of \(pairs.axes.count) axes")
      }
      made.axes = order.map { pairs.axes[$0] }
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      guard let reshaped = pairs.reshaped(try extentsMade(node, of: pairs.extents)) else {
        throw Self.notAttention()
      }
      made = reshaped
    case "Softmax" where pairs.size == nil:
      let axis = try SizeValue.axis(
        try node.integer("axis", else: file.opset < 13 ? 1 : -1), of: pairs.axes.count)
      // Before version 13 a softmax was over all axes from its own on.
      let parts = file.opset < 13 ? Array(pairs.axes[axis...].joined()) : pairs.axes[axis]
      guard pairs.softmax == nil else { throw Self.notAttention() }
      made.softmax = Set(parts)
    case "Mul", "Div":
      let isFirst = if case .pairs = try required(node, 0) { true } else { false }
      let other = try required(node, isFirst ? 1 : 0)
      if case .size(let size) = other, pairs.softmax == nil, pairs.size == nil,
        isFirst || node.operation == "Mul", case let number = try probed(other),
        number.elements.count == 1, number.extents.count <= pairs.axes.count,
        try uniform(other) == nil
      {
        made.size = (size, node.operation == "Div")
        break
      }
      guard pairs.softmax == nil, isFirst || node.operation == "Mul",
        case let (extents, number)? = try uniform(other),
        extents.allSatisfy({ $0 == 1 }), extents.count <= pairs.axes.count
      else { throw Self.notAttention() }
      made.factor = node.operation == "Mul" ? made.factor * number : made.factor / number
    case "Add", "Sub":
      // Paddle's exporter adds 0 to what it scales.
      let isFirst = if case .pairs = try required(node, 0) { true } else { false }
      guard isFirst || node.operation == "Add",
        case let (extents, 0)? = try uniform(required(node, isFirst ? 1 : 0)),
        extents.allSatisfy({ $0 == 1 }), extents.count <= pairs.axes.count
      else { throw Self.notAttention() }
    default: throw Self.notAttention()
    }
    return made
  }

  /// The extents of products of pixels, as a value that is worked out for each size of picture.
  mutating func measured(_ pairs: ONNXPairs) throws -> [ONNXValue] {
    try pairs.axes.map { parts in
      try parts.reduce(ONNXValue.known(SizeValue([1]))) { product, part in
        let extent: ONNXValue
        switch part {
        case .phases, .heads: extent = .known(try SizeValue([pairs.extent(part)]))
        case .one, .other:
          let sides = try add(
            .gather(axis: 0),
            [measured(part == .one ? pairs.one : pairs.other), .known(SizeValue([2, 3]))])
          extent = try add(.reduce(.product, axes: nil, keepsAxes: true), [sides])
        }
        return try add(.binary(.multiply), [product, extent])
      }
    }
  }
}
