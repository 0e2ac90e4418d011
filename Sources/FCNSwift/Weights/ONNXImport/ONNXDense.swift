import Glibc

/// An array of floats that constants of a graph are folded with, row by row.
struct ONNXDense {
  /// Outermost first.
  let extents: [Int]
  let floats: [Float]

  /// More than any layer's weights.
  static let most = 1 << 28

  /// Throws `unsupported` where it would be larger than weights are.
  init(_ extents: [Int], _ floats: [Float]) throws {
    guard extents.count <= 16, extents.allSatisfy({ $0 > 0 }),
      let count = checkedProduct(extents), count <= Self.most, count == floats.count
    else { throw FCNError(.unsupported, "an array of \(extents) is no constant that is read") }
    (self.extents, self.floats) = (extents, floats)
  }

  /// Elements between neighbours along each axis.
  private static func strides(_ extents: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in extents.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// The array of `extents` whose element at each index is the one at `offset` plus the sum of index times
  /// step along each axis.
  private func walked(_ extents: [Int], steps: [Int], offset: Int = 0) throws -> ONNXDense {
    guard extents.allSatisfy({ $0 > 0 }), let count = checkedProduct(extents), count <= Self.most
    else { throw FCNError(.unsupported, "an array of \(extents) is no constant that is read") }
    var made = [Float](repeating: 0, count: count)
    var index = [Int](repeating: 0, count: extents.count)
    var place = offset
    for target in 0..<count {
      made[target] = floats[place]
      for axis in extents.indices.reversed() {
        index[axis] += 1
        place += steps[axis]
        if index[axis] < extents[axis] { break }
        place -= steps[axis] * extents[axis]
        index[axis] = 0
      }
    }
    return try ONNXDense(extents, made)
  }

  /// Repeated along axes of one, and along new ones in front.
  func broadcast(_ extents: [Int]) throws -> ONNXDense {
    if extents == self.extents { return self }
    let own = [Int](repeating: 1, count: max(0, extents.count - self.extents.count)) + self.extents
    guard own.count == extents.count, zip(own, extents).allSatisfy({ $0 == $1 || $0 == 1 }) else {
      throw FCNError(.shapeMismatch, "an array of \(self.extents) does not fit one of \(extents)")
    }
    let steps = zip(own, Self.strides(own)).map { $0 == 1 ? 0 : $1 }
    return try walked(extents, steps: steps)
  }

  func combined(
    _ other: ONNXDense, _ function: (Float, Float) -> Float
  ) throws -> ONNXDense {
    let common = try SizeValue.common(extents, other.extents)
    let (a, b) = try (broadcast(common).floats, other.broadcast(common).floats)
    return try ONNXDense(common, a.indices.map { function(a[$0], b[$0]) })
  }

  func mapped(_ function: (Float) -> Float) throws -> ONNXDense {
    try ONNXDense(extents, floats.map(function))
  }

  func transposed(_ order: [Int]) throws -> ONNXDense {
    guard order.sorted() == Array(extents.indices) else {
      throw FCNError(.corrupt, "\(order) is no order of \(extents.count) axes")
    }
    let strides = Self.strides(extents)
    return try walked(order.map { extents[$0] }, steps: order.map { strides[$0] })
  }

  /// Lines from `begin` up to `end` of an axis.
  func sliced(_ axis: Int, _ range: Range<Int>) throws -> ONNXDense {
    var kept = extents
    kept[axis] = range.count
    let strides = Self.strides(extents)
    return try walked(kept, steps: strides, offset: range.lowerBound * strides[axis])
  }

  /// Along `axes`, of each of which one line is left: what `finish` makes of the sum of what `term` makes of
  /// each value, and of how many these are.
  func reduced(
    _ axes: Set<Int>, _ term: (Double) -> Double, _ finish: (Double, Int) -> Double
  ) throws -> ONNXDense {
    let kept = extents.enumerated().map { axes.contains($0) ? 1 : $1 }
    // Those that are reduced last, so that they follow each other.
    let order = extents.indices.filter { !axes.contains($0) } + axes.sorted()
    let moved = try transposed(Array(order))
    let count = axes.reduce(1) { $0 * extents[$1] }
    let made = stride(from: 0, to: moved.floats.count, by: count).map { start in
      var total = 0.0
      for value in moved.floats[start..<start + count] { total += term(Double(value)) }
      return Float(finish(total, count))
    }
    return try ONNXDense(kept, made)
  }

  func reshaped(_ extents: [Int]) throws -> ONNXDense { try ONNXDense(extents, floats) }
}

// Constants that nodes compute of weights: normalised weights, for one.
extension ONNXTranslator {
  /// What `node` makes of constants of which one is too large for a size, or which are computed as sizes are
  /// not; nil where it is none of what is carried out so.
  mutating func folded(_ node: ONNXNode) throws -> ONNXValue? {
    if let name = node.outputs.first, let known = foldedConstants[name] { return .weights(known) }
    let operands = try node.inputs.indices.map { try operand(node, $0) }
    var isLarge = operands.contains {
      if case .weights(let tensor)? = $0 { tensor.count > SizeValue.mostElements } else { false }
    }
    if !isLarge, let made = try extentsMade(node, operands).flatMap({ checkedProduct($0) }) {
      isLarge = made > SizeValue.mostElements
    }
    let wantsIt = ["ReduceMean", "ReduceL2", "BatchNormalization", "Exp", "Reciprocal"].contains(
      node.operation)
    guard isLarge || wantsIt, let first = try dense(operands.first ?? nil) else { return nil }
    // As many as are made at most, so that a small file does not take much time and memory.
    let counts = operands.map { operand in
      if case .weights(let tensor)? = operand { tensor.count } else { 0 }
    }
    let repeated = try extentsMade(node, operands).map { checkedProduct($0) ?? .max } ?? 0
    let count = counts.reduce(min(repeated, 1 << 50)) { $0 + min($1, 1 << 40) }
    try spendOnFolding(count)
    guard let made = try folded(node, first, operands) else { return nil }
    let tensor = try WeightTensor(
      name: node.outputs.first ?? "", shape: made.extents, floats: made.floats)
    foldedConstants[node.outputs.first ?? ""] = tensor
    return .weights(tensor)
  }

  /// Takes `count` numbers off those that may still be computed of constants.
  mutating func spendOnFolding(_ count: Int) throws {
    guard count <= foldingLeft else {
      throw FCNError(.unsupported, "constants of the graph are computed with too often")
    }
    foldingLeft -= count
  }

  /// The extents that constants are repeated to; nil where `node` repeats none.
  private func extentsMade(_ node: ONNXNode, _ operands: [ONNXValue?]) throws -> [Int]? {
    func extents(_ value: ONNXValue?) -> [Int]? {
      switch value {
      case .weights(let tensor)?: tensor.shape
      case .known(let value)?: value.extents
      default: nil
      }
    }
    guard operands.count == 2, let first = extents(operands[0]) else { return nil }
    switch node.operation {
    case "Expand":
      return try known(operands[1]).map { try SizeValue.common(first, $0.integers()) }
    case "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max":
      return try extents(operands[1]).map { try SizeValue.common(first, $0) }
    default: return nil
    }
  }

  private func dense(_ value: ONNXValue?) throws -> ONNXDense? {
    switch value {
    case .weights(let tensor)? where tensor.count > 0 && tensor.count <= ONNXDense.most:
      return try ONNXDense(tensor.shape, tensor.floats)
    case .known(let value)?: return try ONNXDense(value.extents, value.elements.map { Float($0) })
    default: return nil
    }
  }

  private func folded(
    _ node: ONNXNode, _ first: ONNXDense, _ operands: [ONNXValue?]
  ) throws -> ONNXDense? {
    let rank = first.extents.count
    switch node.operation {
    case "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max":
      guard operands.count == 2, let second = try dense(operands[1]) else { return nil }
      switch node.operation {
      case "Add": return try first.combined(second, +)
      case "Sub": return try first.combined(second, -)
      case "Mul": return try first.combined(second, *)
      case "Div": return try first.combined(second, /)
      case "Pow": return try first.combined(second, powf)
      case "Min": return try first.combined(second) { min($0, $1) }
      default: return try first.combined(second) { max($0, $1) }
      }
    case "Neg": return try first.mapped { -$0 }
    case "Abs": return try first.mapped { abs($0) }
    case "Sqrt": return try first.mapped { $0.squareRoot() }
    case "Exp": return try first.mapped { expf($0) }
    case "Reciprocal": return try first.mapped { 1 / $0 }
    case "ReduceMean", "ReduceSum", "ReduceL2":
      let given = try integers(node, "axes", orInput: 1) ?? []
      let axes = Set(
        given.isEmpty ? Array(0..<rank) : try given.map { try SizeValue.axis($0, of: rank) })
      let isL2 = node.operation == "ReduceL2"
      let isMean = node.operation == "ReduceMean"
      let made = try first.reduced(axes, { isL2 ? $0 * $0 : $0 }) { total, count in
        isL2 ? total.squareRoot() : isMean ? total / Double(count) : total
      }
      return try node.integer("keepdims", else: 1) != 0
        ? made
        : made.reshaped(made.extents.enumerated().filter { !axes.contains($0.0) }.map(\.1))
    case "Transpose":
      return try first.transposed(
        try node.integers("perm") ?? Array(first.extents.indices.reversed()))
    case "Expand":
      guard let target = try known(operands[1])?.integers() else { return nil }
      return try first.broadcast(SizeValue.common(first.extents, target))
    case "Concat":
      return try joined(node, operands)
    case "Slice": return try sliced(node, first)
    case "BatchNormalization": return try standardised(node, first)
    default: return nil
    }
  }

  private func joined(_ node: ONNXNode, _ operands: [ONNXValue?]) throws -> ONNXDense? {
    let parts = try operands.compactMap { try dense($0) }
    guard parts.count == operands.count, let first = parts.first else { return nil }
    let axis = try SizeValue.axis(node.integer("axis", else: 0), of: first.extents.count)
    // The axis to the front, and back.
    let order = [axis] + first.extents.indices.filter { $0 != axis }
    let moved = try parts.map { try $0.transposed(order) }
    guard moved.allSatisfy({ $0.extents.dropFirst() == moved[0].extents.dropFirst() }) else {
      throw FCNError(.shapeMismatch, "its inputs do not fit together")
    }
    let whole = try ONNXDense(
      [moved.reduce(0) { $0 + $1.extents[0] }] + moved[0].extents.dropFirst(),
      moved.flatMap(\.floats))
    let back = first.extents.indices.map { order.firstIndex(of: $0) ?? $0 }
    return try whole.transposed(back)
  }

  private func sliced(_ node: ONNXNode, _ first: ONNXDense) throws -> ONNXDense? {
    guard let begins = try integers(node, "starts", orInput: 1),
      let ends = try integers(node, "ends", orInput: 2), begins.count == ends.count
    else { return nil }
    let axes = try integers(node, "axes", orInput: 3) ?? Array(begins.indices)
    let steps = try known(operand(node, 4))?.integers() ?? []
    guard axes.count == begins.count, steps.allSatisfy({ $0 == 1 }) else { return nil }
    var made = first
    for (index, axis) in axes.enumerated() {
      let axis = try SizeValue.axis(axis, of: first.extents.count)
      let lines = Slicing.Lines(from: begins[index], to: ends[index])
      made = try made.sliced(axis, lines.range(of: made.extents[axis]))
    }
    return made
  }

  /// The statistics of constants are constants: weight standardisation is written so.
  private func standardised(_ node: ONNXNode, _ first: ONNXDense) throws -> ONNXDense? {
    let parameters = try (1...4).map { try dense(operand(node, $0)) }
    guard first.extents.count > 1, let weight = parameters[0], let bias = parameters[1] else {
      return nil
    }
    var (mean, variance) = (parameters[2], parameters[3])
    let shape = first.extents.enumerated().map { $0 == 1 ? $1 : 1 }
    if try node.integer("training_mode", else: 0) != 0 {
      let axes = Set(first.extents.indices).subtracting([1])
      let own = try first.reduced(axes, { $0 }) { $0 / Double($1) }
      mean = own
      variance = try first.combined(own, -).reduced(axes, { $0 * $0 }) { $0 / Double($1) }
    }
    guard let mean, let variance else { return nil }
    let epsilon = try node.float("epsilon", else: 1e-5)
    let factor = try variance.reshaped(shape).mapped { 1 / ($0 + epsilon).squareRoot() }
    return try first.combined(mean.reshaped(shape), -).combined(factor, *)
      .combined(weight.reshaped(shape), *).combined(bias.reshaped(shape), +)
  }
}
