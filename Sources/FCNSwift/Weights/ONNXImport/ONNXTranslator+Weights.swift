// Nodes that only move weights, or see them with other extents.
extension ONNXTranslator {
  /// What `node` makes of weights that are too many for a size, or only moves them; nil where it does not.
  func rearrangedWeights(_ node: ONNXNode) throws -> ONNXValue? {
    switch node.operation {
    case "Identity", "Dropout", "CastLike": return try required(node, 0)
    default: break
    }
    guard case .weights(let tensor)? = try operand(node, 0) else { return nil }
    switch node.operation {
    case "Cast" where [1, 10, 11, 16].contains(try node.integer("to", else: 1)):
      return .weights(tensor)
    case "Reshape" where try !isKnown(node, 1):
      // To extents of a layer's, as parameters of a normalisation over one pixel have them.
      var shape = try probed(required(node, 1)).integers()
      for (axis, extent) in shape.enumerated() where extent == 0 && axis < tensor.shape.count {
        shape[axis] = tensor.shape[axis]
      }
      guard shape.allSatisfy({ $0 > 0 }), checkedProduct(shape) == tensor.count else { return nil }
      return .weights(tensor.reshaped(tensor.name, shape))
    case "Reshape", "Squeeze", "Unsqueeze", "Flatten":
      guard tensor.count > SizeValue.mostElements,
        let shape = try movedShape(node, tensor.shape)
      else { return nil }
      guard checkedProduct(shape) == tensor.count else {
        throw FCNError(.shapeMismatch, "\(tensor.shape) cannot become \(shape)")
      }
      return .weights(tensor.reshaped(tensor.name, shape))
    case "Expand":
      // To as many pictures as there are, which is one here.
      guard let wanted = try operand(node, 1), try known(wanted) == nil else { return nil }
      let shape = try SizeValue.common(tensor.shape, probed(wanted).integers())
      return checkedProduct(shape) == tensor.count
        ? .weights(tensor.reshaped(tensor.name, shape)) : nil
    case "Transpose" where tensor.shape.count == 2:
      let order = try node.integers("perm") ?? [1, 0]
      return .weights(order == [0, 1] ? tensor : try tensor.transposedMatrix())
    default: return nil
    }
  }

  /// Whether input `index` is a number that does not follow from sizes.
  private func isKnown(_ node: ONNXNode, _ index: Int) throws -> Bool {
    guard let value = try operand(node, index) else { return true }
    return try known(value) != nil
  }

  private func movedShape(_ node: ONNXNode, _ shape: [Int]) throws -> [Int]? {
    let ones = try SizeValue(.integer, [shape.count], shape.map(Double.init))
    switch node.operation {
    case "Reshape":
      guard var wanted = try known(operand(node, 1))?.integers() else { return nil }
      for (axis, extent) in wanted.enumerated() where extent == 0 && axis < shape.count {
        wanted[axis] = shape[axis]
      }
      if let open = wanted.firstIndex(of: -1) {
        wanted[open] = 1
        guard let rest = checkedProduct(wanted), rest > 0 else { return nil }
        wanted[open] = (checkedProduct(shape) ?? 0) / rest
      }
      return wanted.allSatisfy { $0 > 0 } ? wanted : nil
    case "Squeeze":
      let axes = try integers(node, "axes", orInput: 1)?.map {
        try SizeValue.axis($0, of: shape.count)
      }
      return shape.enumerated().filter { !(axes?.contains($0) ?? ($1 == 1)) }.map(\.1)
    case "Unsqueeze":
      let axes = try integers(node, "axes", orInput: 1) ?? []
      let rank = ones.elements.count + axes.count
      let added = Set(try axes.map { try SizeValue.axis($0, of: rank) })
      var rest = shape[...]
      guard added.count == axes.count else { return nil }
      return (0..<rank).map { added.contains($0) ? 1 : rest.removeFirst() }
    default:
      let axis = try node.integer("axis", else: 1)
      guard (0...shape.count).contains(axis) else { return nil }
      return [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)]
    }
  }
}

extension WeightTensor {
  /// A matrix with rows for columns.
  func transposedMatrix() throws -> WeightTensor {
    let (rows, columns) = (shape[0], shape[1])
    return try WeightTensor(name: name, shape: [columns, rows]) { target in
      try withFloats { source in
        for i in 0..<rows {
          for j in 0..<columns { target[j * rows + i] = source[i * columns + j] }
        }
      }
    }
  }
}
