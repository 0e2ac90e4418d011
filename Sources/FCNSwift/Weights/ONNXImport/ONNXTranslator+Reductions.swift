import Glibc

// Nodes that make one line of several, and comparisons that make labels.
extension ONNXTranslator {
  /// A mean, maximum or sum along some axes.
  mutating func reduction(_ node: ONNXNode) throws -> ONNXValue {
    var (source, view) = try seen(node)
    let rank = view.axes.count
    let isGlobal = node.operation.hasPrefix("Global")
    var axes = Array(2..<max(rank, 2))
    if !isGlobal {
      let given = try integers(node, "axes", orInput: 1) ?? []
      if given.isEmpty, try node.integer("noop_with_empty_axes", else: 0) != 0 {
        return .layer(source, view)
      }
      axes = try given.isEmpty ? Array(0..<rank) : given.map { try SizeValue.axis($0, of: rank) }
    } else if let whole = try upright(source, view) {
      (source, view) = (whole, .whole(try shape(of: whole)))
    }
    let reduced = Set(axes)
    let keeps = try isGlobal || node.integer("keepdims", else: 1) != 0
    var seen = view
    for axis in reduced { seen.axes[axis] = [] }
    if !keeps { seen.axes = seen.axes.enumerated().filter { !reduced.contains($0.0) }.map(\.1) }
    let parts = reduced.sorted().flatMap { view.axes[$0] }
    if let made = try overEachGroup(node, source, seen, parts) { return made }
    let made = try line(of: node, source, view, parts)
    return .layer(made, seen)
  }

  private mutating func line(
    of node: ONNXNode, _ source: String, _ view: ONNXView, _ parts: [ONNXView.Part]
  ) throws -> String {
    if parts.isEmpty {
      return node.operation == "ReduceL2"
        ? try add(name(node), "leaky_relu", [source], [("slope", .given(.number(-1)))]) : source
    }
    let shape = try shape(of: source)
    if node.operation == "ReduceL2" {
      let square = try add("\(name(node)).square", "product", [source, source])
      let sum = try summed(node, "\(name(node)).sum", square, parts)
      return try add(name(node), "power", [sum], [("exponent", .given(.number(0.5)))])
    }
    if let groups = groups(parts, shape) {
      return try overGroups(node, source, groups)
    }
    if node.operation == "ReduceSum" { return try summed(node, name(node), source, parts) }
    let isMax = node.operation == "ReduceMax" || node.operation == "GlobalMaxPool"
    guard let made = try mean(name(node), source, parts, isMax: isMax) else {
      throw FCNError(
        .unsupported,
        "it is over a part of the channels, rows or columns of \(view.described); wanted all of them"
      )
    }
    return made
  }

  /// The mean or maximum along all that `parts` are of; nil where they are not whole.
  mutating func mean(
    _ name: String, _ source: String, _ parts: [ONNXView.Part], isMax: Bool
  ) throws -> String? {
    let shape = try shape(of: source)
    guard parts.allSatisfy({ ONNXView.whole($0.axis, shape) == [$0] }) else { return nil }
    let axes = Set(parts.map(\.axis))
    // Axes of one line are whatever is wanted of them.
    let isPixel = axes.union(shape.h == 1 ? [2] : []).union(shape.w == 1 ? [3] : []) == [2, 3]
    if isPixel { return try add(name, isMax ? "global_max_pool" : "global_average_pool", [source]) }
    let names = axes.sorted().map { JSON.string(["", "channels", "rows", "columns"][$0]) }
    return try add(
      name, isMax ? "reduce_maximum" : "reduce_mean", [source], [("axes", .given(.array(names)))])
  }

  /// The sum: the mean times the number of what it is of, which may follow from the size.
  mutating func summed(
    _ node: ONNXNode, _ name: String, _ source: String, _ parts: [ONNXView.Part]
  ) throws -> String {
    guard let mean = try mean("\(name).mean", source, parts, isMax: false) else {
      throw FCNError(
        .unsupported, "it is over a part of the channels, rows or columns; wanted all of them")
    }
    let axes = parts.map(\.axis)
    if axes == [1] {
      return try scaled(name, mean, by: Float(try shape(of: source).c))
    }
    let measured = try measured(source)
    let extents = try add(.gather(axis: 0), [measured, .known(SizeValue(axes))])
    let count = try add(
      .cast(.float), [add(.reduce(.product, axes: nil, keepsAxes: false), [extents])])
    return try add(name, "scale", [mean], [("factor", setting(count))])
  }

  /// Into how many groups the channels are divided, where it is along these; nil where it is along others.
  private func groups(_ parts: [ONNXView.Part], _ shape: Shape) -> Int? {
    guard parts.count == 1, let part = parts.first, part.axis == 1, part.extent < shape.c,
      part.extent * part.step == shape.c, part.extent <= 64
    else { return nil }
    return part.extent
  }

  /// The sum or mean of groups of channels, or of values that were put one behind the other.
  private mutating func overGroups(
    _ node: ONNXNode, _ source: String, _ groups: Int
  ) throws -> String {
    guard ["ReduceSum", "ReduceMean"].contains(node.operation) else {
      throw FCNError(.unsupported, "the largest of several groups of channels is not read")
    }
    let size = try shape(of: source).c / groups
    var terms: [String] = []
    if let joined = layer(named: source), joined.operation is Concatenation,
      joined.inputs.count == groups,
      try joined.inputs.allSatisfy({ try shape(of: $0).c == size })
    {
      terms = joined.inputs
    } else {
      terms = try (0..<groups).map { group in
        try add(
          "\(name(node)).group\(group)", "slice", [source],
          [("channels", .given([.number(group * size), .number((group + 1) * size)]))])
      }
    }
    let sum = try sum("\(name(node)).sum", terms)
    return node.operation == "ReduceSum"
      ? sum : try scaled(name(node), sum, by: 1 / Float(groups))
  }

  /// The larger or smaller of layers' outputs, and of numbers.
  mutating func bounded(_ node: ONNXNode) throws -> ONNXValue {
    let operation = node.operation == "Max" ? "maximum" : "minimum"
    let operands = try node.inputs.indices.map { try required(node, $0) }
    var made: (name: String, view: ONNXView)?
    // Layers first: their order does not matter.
    for case (let index, .layer(let source, let view)) in operands.enumerated() {
      guard let one = made else {
        made = (source, view)
        continue
      }
      let label = operands.count == 2 ? name(node) : "\(name(node)).of\(index + 1)"
      made = try laidOver(one, (source, view)) { translator, first, second in
        try translator.add(label, operation, [first, second])
      }
    }
    for (index, operand) in operands.enumerated() {
      if case .layer = operand { continue }
      guard let (source, view) = made else { break }
      if let (extents, number) = try uniform(operand) {
        guard try SizeValue.common(view.extents, extents) == view.extents else {
          throw FCNError(.unsupported, "its constant \(extents) is larger than \(view.extents)")
        }
        made = (try bounded(node, source, number), view)
      } else {
        guard let tensor = try weights(node, index) else {
          throw FCNError(.corrupt, "its constant is missing")
        }
        let planes = try planes(node, tensor, view, shape(of: source))
        made = (try add(name(node), operation, [source, planes]), view)
      }
    }
    guard let (source, view) = made else { return .layer(try anyLayer(node), .whole(probe)) }
    return .layer(source, view)
  }

  private mutating func bounded(
    _ node: ONNXNode, _ source: String, _ number: Float
  ) throws -> String {
    let isMax = node.operation == "Max"
    if isMax, number == 0 { return try add(name(node), "relu", [source]) }
    let most = Float.greatestFiniteMagnitude
    return try add(
      name(node), "clip", [source],
      [
        ("low", .given(.number(isMax ? number : -most))),
        ("high", .given(.number(isMax ? most : number))),
      ])
  }

  /// Whether one score is above a number, as the labels that a graph ends with: the score less the number,
  /// which is above 0 where the label is 1. Of several scores what `choice` may take.
  mutating func threshold(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(var source, _) = try required(node, 0),
      case let (_, number)? = try uniform(try required(node, 1)),
      node.operation.hasPrefix("Greater")
    else { throw FCNError(.unsupported, Self.comparisons(node, 0)) }
    guard try shape(of: source).c == 1 else { return .comparison(source, number) }
    var least = number
    if let last = layer(named: source), last.operation is Sigmoid {
      guard number > 0, number < 1 else {
        throw FCNError(.unsupported, "a sigmoid is compared with \(number); wanted 0…1 between")
      }
      source = last.inputs[0]
      least = number == 0.5 ? 0 : logf(number / (1 - number))
    }
    if least != 0 { source = try line("\(name(node)).least", source, 1, -least) }
    return .ending(source, of: "threshold")
  }

  /// x where it is above a number and its softplus elsewhere, as PyTorch writes softplus: above 15 the two
  /// differ by less than float32 can tell.
  func choice(_ node: ONNXNode) throws -> ONNXValue {
    guard case .comparison(let compared, let number) = try required(node, 0), number >= 15,
      case .layer(compared, _) = try required(node, 1),
      case .layer(let smooth, _) = try required(node, 2),
      let last = layer(named: smooth), last.operation is Softplus, last.inputs == [compared]
    else {
      throw FCNError(
        .unsupported,
        "a choice between two values is read where it is a softplus's for large values alone")
    }
    return try required(node, 2)
  }
}
