// Nodes that move values about or change their size.
extension ONNXTranslator {
  /// Values one behind the other along the channels, or along an axis of one, which the channels then have a
  /// part of.
  mutating func concatenation(_ node: ONNXNode) throws -> ONNXValue {
    let operands = try node.inputs.indices.map { try required(node, $0) }
    guard
      let (first, pattern) = operands.lazy.compactMap({ value -> (String, ONNXView)? in
        if case .layer(let name, let view) = value { (name, view) } else { nil }
      }).first
    else { return .layer(try anyLayer(node), .whole(probe)) }
    let axis = try SizeValue.axis(node.integer("axis", else: 1), of: pattern.axes.count)
    if let made = try lineConcatenation(node, operands, axis) { return made }
    var inputs: [String] = []
    for (index, operand) in operands.enumerated() {
      if case .layer = operand {
        var (source, view) = try seen(node, index)
        if view.axes.count == 4, pattern == .whole(try shape(of: first)),
          let whole = try upright(source, view)
        {
          (source, view) = (whole, .whole(try shape(of: whole)))
        }
        try check(source, view, like: pattern, axis)
        inputs.append(source)
      } else if let (extents, number) = try uniform(operand) {
        guard extents.count == pattern.axes.count,
          try channelAxis(pattern, axis, shape(of: first)),
          extents.indices.allSatisfy({ $0 == axis || extents[$0] == pattern.extents[$0] })
        else {
          throw FCNError(.shapeMismatch, "\(extents) does not fit beside \(pattern.extents)")
        }
        inputs += try constants(number, count: extents[axis], like: first, name(node))
      } else if let made = try planes(node, index, beside: pattern, axis, shape(of: first)) {
        inputs.append(made)
      } else {
        _ = try seen(node, index)
      }
    }
    let isStack = try !channelAxis(pattern, axis, shape(of: first))
    let made = inputs.count == 1 ? inputs[0] : try add(name(node), "concatenation", inputs)
    var view = pattern
    let (channels, own) = try (shape(of: made).c, shape(of: first).c)
    if !isStack {
      view.axes[axis] = ONNXView.whole(1, Shape(1, channels, 1, 1))
    } else if inputs.count > 1 {
      view.axes[axis] = [.init(axis: 1, extent: inputs.count, step: own)]
    }
    return .layer(made, view)
  }

  /// Whether the channels, and nothing else, lie along `axis`; an axis of one has the one channel that there
  /// is.
  private func channelAxis(_ view: ONNXView, _ axis: Int, _ shape: Shape) -> Bool {
    view.axes[axis] == ONNXView.whole(1, shape)
  }

  /// Whether both have as many lines along all axes but `axis`.
  private func isAlike(_ one: ONNXView, _ other: ONNXView, _ axis: Int) -> Bool {
    one.extents.indices.allSatisfy { $0 == axis || one.extents[$0] == other.extents[$0] }
  }

  /// Throws where `source` cannot be put behind others seen as `pattern` along `axis`.
  private func check(
    _ source: String, _ view: ONNXView, like pattern: ONNXView, _ axis: Int
  ) throws {
    let shape = try shape(of: source)
    var (own, wanted) = (view, pattern)
    guard own.axes.count == wanted.axes.count else {
      throw FCNError(
        .unsupported, "its inputs are \(pattern.described) and \(view.described)")
    }
    guard own.described != wanted.described || isAlike(own, wanted, axis) else {
      throw unequal(pattern, view)
    }
    let isChannels = channelAxis(view, axis, shape)
    let isStack = view == pattern && view.axes[axis].isEmpty
    (own.axes[axis], wanted.axes[axis]) = ([], [])
    guard own == wanted, isChannels || isStack else {
      throw FCNError(
        .unsupported,
        "its inputs are \(pattern.described) and \(view.described), and it is along axis \(axis); wanted the "
          + "channels or, of N×C×H×W, rows or columns")
    }
  }

  /// Layers that make `count` channels of the same number, of the size that `source` makes.
  mutating func constants(
    _ number: Float, count: Int, like source: String, _ name: String
  ) throws -> [String] {
    guard count > 0 else { return [] }
    let channels = try shape(of: source).c
    guard count <= 1024 * channels else {
      throw FCNError(.unsupported, "\(count) channels of the same number are not read")
    }
    let bounds: [(name: String, setting: Setting)] = [
      ("low", .given(.number(number))), ("high", .given(.number(number))),
    ]
    var made: [String] = []
    if count >= channels {
      let whole = try add("\(name).constant", "clip", [source], bounds)
      made = [String](repeating: whole, count: count / channels)
    }
    if count % channels > 0 {
      let part = try add(
        "\(name).part", "slice", [source],
        [("channels", .given([.number(0), .number(count % channels)]))])
      made.append(try add("\(name).constant", "clip", [part], bounds))
    }
    return made
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
