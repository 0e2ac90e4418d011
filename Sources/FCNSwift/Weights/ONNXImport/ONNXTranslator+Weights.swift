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
    case "Reshape", "Squeeze", "Unsqueeze", "Flatten":
      // To extents of a layer's, as parameters of a normalisation over one pixel have them.
      let follows = try node.operation == "Reshape" && !isKnown(node, 1)
      guard follows || tensor.count > SizeValue.mostElements else { return nil }
      let shape = try extentsMade(node, of: tensor.shape)
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
