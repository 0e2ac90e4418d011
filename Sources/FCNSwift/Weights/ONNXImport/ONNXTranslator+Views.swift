// Nodes that only see the same numbers in another way: nothing moves.
extension ONNXTranslator {
  /// Axes in another order: nothing moves until a layer wants them so.
  mutating func transposed(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(let source, let view) = try required(node, 0) else {
      return .layer(try layer(node), .whole)
    }
    let order: [Int]
    switch view {
    case .whole: order = [0, 1, 2, 3]
    case .order(let axes): order = axes
    case .vector, .line, .flat, .grouped, .lifted: return .layer(try layer(node), .whole)
    }
    let moved = try node.integers("perm") ?? order.indices.reversed()
    guard moved.sorted() == [0, 1, 2, 3] else {
      throw FCNError(.corrupt, "\(moved) is no order of four axes")
    }
    let made = moved.map { order[$0] }
    return .layer(source, made == [0, 1, 2, 3] ? .whole : .order(made))
  }

  /// Another view of the same numbers: as a vector, in groups of channels, one axis deeper, and back.
  mutating func reshaped(_ node: ONNXNode) throws -> ONNXValue {
    let source: String
    let view: ONNXValue.View
    switch try required(node, 0) {
    case .layer(let name, let seen): (source, view) = (name, seen)
    // The labels' own axis goes or comes.
    case .ending(let scores, let what): return .ending(scores, of: what)
    default: return .layer(try layer(node), .whole)
    }
    let shape = try shape(of: source)
    let extents = [shape.n, shape.c, shape.h, shape.w]
    let isPixel = shape.h == 1 && shape.w == 1
    let own: [Int]
    switch view {
    case .whole: own = extents
    case .vector: own = [shape.n, shape.c]
    case .line: own = [shape.n, shape.c, 1]
    case .flat: own = [shape.c]
    case .grouped(let groups): own = [shape.n, groups, shape.pictureCount / groups]
    case .lifted: own = [1] + extents
    case .order(let order): own = order.map { extents[$0] }
    }
    let target = try extentsMade(node, of: own)
    if target == own { return .layer(source, view) }
    if target == extents, !isOrdered(view) || isPixel { return .layer(source, .whole) }
    if target == [1] + extents, view == .whole { return .layer(source, .lifted) }
    if isPixel, target == [shape.n, shape.c] { return .layer(source, .vector) }
    if isPixel, target == [shape.n, shape.c, 1] { return .layer(source, .line) }
    if isPixel, shape.n == 1, target == [shape.c] { return .layer(source, .flat) }
    if view == .whole, target.count == 3, target[0] == shape.n, target[1] > 0,
      shape.c % target[1] == 0, checkedProduct(target[1], target[2]) == shape.pictureCount
    {
      return .layer(source, .grouped(target[1]))
    }
    if node.operation == "Expand", view == .whole, isPixel, target.count == 4,
      Array(target[..<2]) == Array(extents[..<2])
    {
      let size = try add(
        .gather(axis: 0), [required(node, 1), .known(SizeValue([2, 3]))])
      return .layer(
        try add(
          name(node), "resize", [source],
          [
            ("interpolation", .given("nearest")), ("coordinates", .given("asymmetric")),
            ("size", setting(size)),
          ]), .whole)
    }
    throw FCNError(
      .unsupported,
      "it makes \(target) of \(own); wanted what only takes off or puts back axes of one, or divides the "
        + "channels into groups")
  }

  private func isOrdered(_ view: ONNXValue.View) -> Bool {
    if case .order = view { true } else { false }
  }

  /// The extents that a Reshape, Flatten, Squeeze, Unsqueeze or Expand makes of `own`, for the probe.
  private func extentsMade(_ node: ONNXNode, of own: [Int]) throws -> [Int] {
    switch node.operation {
    case "Flatten":
      let axis = try node.integer("axis", else: 1)
      let front = axis < 0 ? axis + own.count : axis
      guard (0...own.count).contains(front) else {
        throw FCNError(.corrupt, "\(own) has no axis \(axis)")
      }
      return [own[..<front].reduce(1, *), own[front...].reduce(1, *)]
    case "Squeeze":
      let axes = try integers(node, "axes", orInput: 1)?.map {
        try SizeValue.axis($0, of: own.count)
      }
      return own.enumerated().filter { !(axes?.contains($0) ?? ($1 == 1)) }.map(\.1)
    case "Unsqueeze":
      let axes = try integers(node, "axes", orInput: 1) ?? []
      let rank = own.count + axes.count
      let added = Set(try axes.map { try SizeValue.axis($0, of: rank) })
      guard added.count == axes.count else { throw FCNError(.corrupt, "its axes are \(axes)") }
      var rest = own[...]
      return (0..<rank).map { added.contains($0) ? 1 : rest.removeFirst() }
    case "Expand":
      return try SizeValue.common(own, probed(required(node, 1)).integers())
    default:
      var target = try probed(required(node, 1)).integers()
      for (axis, extent) in target.enumerated() where extent == 0 && axis < own.count {
        target[axis] = own[axis]
      }
      if let open = target.firstIndex(of: -1) {
        target[open] = 1
        guard let rest = checkedProduct(target), rest > 0 else {
          throw FCNError(.corrupt, "it makes \(target) of \(own)")
        }
        target[open] = own.reduce(1, *) / rest
      }
      guard checkedProduct(target) == own.reduce(1, *) else {
        throw FCNError(.shapeMismatch, "\(own) cannot become \(target)")
      }
      return target
    }
  }
}

extension SizeValue {
  /// `axis` counted from the front; nil where there is no such axis in `rank`.
  static func place(_ axis: Int, of rank: Int) -> Int? { try? SizeValue.axis(axis, of: rank) }
}
