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
      case .line, .flat, .grouped, .lifted: false
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
}
