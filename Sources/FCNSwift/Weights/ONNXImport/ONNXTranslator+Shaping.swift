// Nodes that move values about or change their size.
extension ONNXTranslator {
  mutating func concatenation(_ node: ONNXNode) throws -> ONNXValue {
    let axis = try node.integer("axis", else: 1)
    let operands = try node.inputs.indices.map { try required(node, $0) }
    let lifted = operands.compactMap { value -> String? in
      if case .layer(let name, .lifted) = value { name } else { nil }
    }
    if lifted.count == operands.count, axis == 0 || axis == -5 { return .stack(lifted) }
    let view = operands.compactMap { value -> ONNXValue.View? in
      if case .layer(_, let view) = value { view } else { nil }
    }
    guard view.count == operands.count, Set(view).count == 1 else {
      _ = try operands.indices.map { try layer(node, $0) }
      throw FCNError(.unsupported, "its inputs are seen in different orders of axes")
    }
    let isAlongChannels =
      switch view[0] {
      case .whole: axis == 1 || axis == -3
      case .vector: axis == 1 || axis == -1
      case .order(let order): SizeValue.place(axis, of: 4).map { order[$0] == 1 } ?? false
      case .line, .grouped, .lifted: false
      }
    guard isAlongChannels else {
      throw FCNError(.unsupported, "it is along axis \(axis); wanted the channels")
    }
    let inputs = try operands.indices.map { try anyLayer(node, $0) }
    return .layer(
      inputs.count == 1 ? inputs[0] : try add(name(node), "concatenation", inputs), view[0])
  }

  /// The sum of values that were put one behind the other.
  mutating func stackedSum(_ node: ONNXNode) throws -> ONNXValue {
    guard case .stack(let parts) = try required(node, 0),
      let axes = try integers(node, "axes", orInput: 1), axes == [0] || axes == [-5],
      try node.integer("keepdims", else: 1) == 0
    else {
      throw FCNError(.unsupported, "only sums of values stacked along a first axis are read")
    }
    return .layer(try sum(name(node), parts), .whole)
  }

  /// Channels, rows or columns that follow each other.
  mutating func slice(_ node: ONNXNode) throws -> String {
    let source = try layer(node)
    let begins: ONNXValue
    let ends: ONNXValue
    if let old = try node.integers("starts") {
      begins = .known(try SizeValue(old))
      ends = .known(try SizeValue(try node.integers("ends") ?? []))
    } else {
      (begins, ends) = try (required(node, 1), required(node, 2))
    }
    let count = try probed(begins).elements.count
    let axes = try integers(node, "axes", orInput: 3) ?? Array(0..<count)
    let steps = try known(operand(node, 4))?.integers() ?? [Int](repeating: 1, count: count)
    guard axes.count == count, steps.allSatisfy({ $0 == 1 }) else {
      throw FCNError(.unsupported, "its steps are \(steps); wanted lines that follow each other")
    }
    let most = try SizeValue(.integer, [], [Double(Slicing.most)])
    var settings: [(name: String, setting: Setting)] = []
    for (index, axis) in axes.enumerated() {
      let axis = try SizeValue.axis(axis, of: 4)
      guard axis > 0 else { throw FCNError(.unsupported, "it divides the pictures, axis 0") }
      let place = ONNXValue.known(try SizeValue([index]))
      let bounds = try [begins, ends].map { bound in
        let one = try add(.gather(axis: 0), [bound, place])
        return try add(
          .binary(.maximum),
          [
            add(.binary(.minimum), [one, .known(most)]),
            .known(try SizeValue(.integer, [], [Double(-Slicing.most)])),
          ])
      }
      settings.append(
        (
          ["", "channels", "rows", "columns"][axis], try setting(add(.concatenate(axis: 0), bounds))
        ))
    }
    return try add(name(node), "slice", [source], settings)
  }

  /// Rows and columns added or cut off at the sides.
  mutating func pad(_ node: ONNXNode) throws -> String {
    let source = try layer(node)
    let pads: ONNXValue
    if let list = try node.integers("pads") {
      pads = .known(try SizeValue(list))
    } else {
      pads = try required(node, 1)
    }
    var edges: [(name: String, place: Int)] = [
      ("top", 2), ("left", 3), ("bottom", 6), ("right", 7),
    ]
    let numbers = try probed(pads).integers()
    if let axes = try known(operand(node, 3))?.integers() {
      let axes = try axes.map { try SizeValue.axis($0, of: 4) }
      guard numbers.count == 2 * axes.count else {
        throw FCNError(.corrupt, "it has \(numbers.count) pads for \(axes.count) axes")
      }
      edges = axes.enumerated().flatMap { index, axis in
        axis == 2
          ? [("top", index), ("bottom", index + axes.count)]
          : [("left", index), ("right", index + axes.count)]
      }
      guard axes.allSatisfy({ $0 >= 2 }) else {
        throw FCNError(.unsupported, "it pads pictures or channels; wanted rows and columns")
      }
    } else {
      guard numbers.count == 8, [0, 1, 4, 5].allSatisfy({ numbers[$0] == 0 }) else {
        throw FCNError(
          .unsupported, "its pads are \(numbers); wanted eight, of rows and columns alone")
      }
    }
    let mode = try node.text("mode", else: "constant")
    var settings: [(name: String, setting: Setting)] = try edges.map { name, place in
      let one = try add(.gather(axis: 0), [pads, .known(SizeValue(.integer, [], [Double(place)]))])
      return (name, try setting(one))
    }
    switch mode {
    case "constant":
      var value = try node.float("value", else: 0)
      if let operand = try operand(node, 2) {
        guard let number = try known(operand) else {
          throw FCNError(.unsupported, "the value that it pads with is computed")
        }
        value = Float(try number.single())
      }
      if value != 0 { settings.append(("value", .given(.number(value)))) }
    case "reflect", "edge": settings.append(("filling", .given(.string(mode))))
    default:
      throw FCNError(.unsupported, "its mode is \(quoted(mode)); wanted constant, reflect or edge")
    }
    return try add(name(node), "pad", [source], settings)
  }

  mutating func resize(_ node: ONNXNode) throws -> String {
    let source = try layer(node)
    let isOld = node.operation == "Upsample" || file.opset < 11
    let mode = try node.text("mode", else: "nearest")
    let coordinates =
      isOld
      ? "asymmetric" : try node.text("coordinate_transformation_mode", else: "half_pixel")
    let rounding = isOld ? "floor" : try node.text("nearest_mode", else: "round_prefer_floor")
    guard ["nearest", "linear", "bilinear", "cubic"].contains(mode),
      ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].contains(coordinates),
      try node.integer("antialias", else: 0) == 0,
      try node.integer("exclude_outside", else: 0) == 0,
      try mode != "cubic" || node.float("cubic_coeff_a", else: -0.75) == -0.75,
      try node.text("keep_aspect_ratio_policy", else: "stretch") == "stretch"
    else {
      throw FCNError(
        .unsupported,
        "resizes are read as PyTorch writes them: nearest, bilinear and cubic (of −0.75), without smoothing"
      )
    }
    var settings: [(name: String, setting: Setting)] = []
    if mode == "nearest" {
      settings.append(("interpolation", .given("nearest")))
      if rounding != "floor" { settings.append(("rounding", .given(.string(rounding)))) }
    } else if mode == "cubic" {
      settings.append(("interpolation", .given("cubic")))
    }
    if coordinates != "half_pixel" {
      settings.append(("coordinates", .given(.string(coordinates))))
    }
    settings.append(try target(node, isOld: isOld))
    return try add(name(node), "resize", [source], settings)
  }

  /// The size or the factors of a resize.
  private mutating func target(
    _ node: ONNXNode, isOld: Bool
  ) throws -> (name: String, setting: Setting) {
    let axes = try node.integers("axes")?.map { try SizeValue.axis($0, of: 4) } ?? [0, 1, 2, 3]
    guard let row = axes.firstIndex(of: 2), let column = axes.firstIndex(of: 3) else {
      throw FCNError(.unsupported, "it resizes the axes \(axes); wanted rows and columns")
    }
    let places = ONNXValue.known(try SizeValue([row, column]))
    func given(_ index: Int) throws -> ONNXValue? {
      guard let value = try operand(node, index) else { return nil }
      return try probed(value).elements.isEmpty ? nil : value
    }
    if !isOld, let sizes = try given(3) {
      return ("size", try setting(add(.gather(axis: 0), [sizes, places])))
    }
    let factors: ONNXValue
    if let list = try node.floats("scales") {
      factors = .known(try SizeValue(.float, [list.count], list.map(Double.init)))
    } else if let given = try given(isOld ? 1 : 2) {
      factors = given
    } else {
      throw FCNError(.corrupt, "it has neither sizes nor scales")
    }
    let others = try probed(factors)
    for (index, axis) in axes.enumerated() where axis < 2 {
      guard index < others.elements.count, others.elements[index] == 1 else {
        throw FCNError(.unsupported, "it resizes pictures or channels; wanted rows and columns")
      }
    }
    return ("factor", try setting(add(.gather(axis: 0), [factors, places])))
  }

  /// Axes in another order: nothing moves until a layer wants them so.
  mutating func transposed(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(let source, let view) = try required(node, 0) else {
      return .layer(try layer(node), .whole)
    }
    let order: [Int]
    switch view {
    case .whole: order = [0, 1, 2, 3]
    case .order(let axes): order = axes
    case .vector, .line, .grouped, .lifted: return .layer(try layer(node), .whole)
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
    if view == .whole, target.count == 3, target[0] == shape.n, target[1] > 0,
      shape.c % target[1] == 0, target[1] * target[2] == shape.pictureCount
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
