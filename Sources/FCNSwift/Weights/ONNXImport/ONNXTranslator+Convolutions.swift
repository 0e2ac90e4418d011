// Nodes that slide a window: convolutions, their transposes, pools.
extension ONNXTranslator {
  /// What a window's attributes say.
  private struct Geometry {
    var kernel: Extent
    var stride: Extent
    var dilation: Extent
    /// Top, left, bottom, right.
    var edges: [Int]

    init(_ node: ONNXNode, kernel: [Int]) throws {
      func pair(_ name: String) throws -> Extent {
        let list = try node.integers(name) ?? [1, 1]
        guard list.count == 2, list.allSatisfy({ (1...4096).contains($0) }) else {
          throw FCNError(
            .unsupported, "its \(name) are \(list); wanted two of 1…4096, of rows and columns")
        }
        return Extent(list[0], list[1])
      }
      guard kernel.count == 2, kernel.allSatisfy({ (1...4096).contains($0) }) else {
        throw FCNError(
          .unsupported,
          "its kernel is \(kernel); wanted two numbers of 1…4096: convolutions over rows and columns are "
            + "read")
      }
      self.kernel = Extent(kernel[0], kernel[1])
      stride = try pair("strides")
      dilation = try pair("dilations")
      edges = try node.integers("pads") ?? [0, 0, 0, 0]
      guard edges.count == 4, edges.allSatisfy({ (0...4096).contains($0) }) else {
        throw FCNError(.unsupported, "its pads are \(edges); wanted four of 0…4096")
      }
    }

    var span: Extent {
      Extent(dilation.h * (kernel.h - 1) + 1, dilation.w * (kernel.w - 1) + 1)
    }

    func settings(padding: Extent) -> [(name: String, setting: Setting)] {
      [
        ("kernel", .given(kernel.json)), ("stride", .given(stride.json)),
        ("padding", .given(padding.json)),
      ] + (dilation == 1 ? [] : [("dilation", .given(dilation.json))])
    }
  }

  mutating func convolution(_ node: ONNXNode) throws -> String {
    var source = try layer(node)
    guard let weight = try weights(node, 1), weight.shape.count == 4 else {
      throw FCNError(
        .unsupported, "its weights are not out×in×rows×columns: wanted a convolution of pictures")
    }
    let bias = try weights(node, 2)
    var geometry = try Geometry(node, kernel: Array(weight.shape[2...]))
    let name = name(node, weights: 1)
    var padding = try paddedAlike(&geometry, node, &source, name)
    foldPad(into: &padding, &source)
    return try add(
      name, "convolution", [source],
      [("output_channels", .given(.number(weight.shape[0])))] + geometry.settings(padding: padding)
        + [
          ("groups", .given(.number(try node.integer("group", else: 1)))),
          ("bias", .given(.bool(bias != nil))),
        ],
      parameters: [("weight", weight)] + (bias.map { [("bias", $0)] } ?? []))
  }

  /// The padding that a window has on both sides alike; where it has another on each, a layer that pads
  /// is put before it, with `value` in what it adds.
  private mutating func paddedAlike(
    _ geometry: inout Geometry, _ node: ONNXNode, _ source: inout String, _ name: String,
    value: Float = 0
  ) throws -> Extent {
    let rule = try node.text("auto_pad", else: "NOTSET")
    switch rule {
    case "NOTSET": break
    case "VALID": geometry.edges = [0, 0, 0, 0]
    case "SAME_UPPER", "SAME_LOWER":
      return try paddedToSame(&geometry, &source, name, value, upper: rule == "SAME_UPPER")
    default: throw FCNError(.unsupported, "auto_pad \(quoted(rule)) is unknown")
    }
    let edges = geometry.edges
    if edges[0] == edges[2], edges[1] == edges[3] { return Extent(edges[0], edges[1]) }
    source = try add(
      "\(name).pad", "pad", [source],
      zip(["top", "left", "bottom", "right"], edges).map { ($0, .given(.number($1))) }
        + (value == 0 ? [] : [("value", .given(.number(value)))]))
    return 0
  }

  /// Padding such that the output has ⌈size / stride⌉ pixels, which depends on the input's size.
  private mutating func paddedToSame(
    _ geometry: inout Geometry, _ source: inout String, _ name: String, _ value: Float, upper: Bool
  ) throws -> Extent {
    let (span, stride) = (geometry.span, geometry.stride)
    if stride == 1, (span.h - 1) % 2 == 0, (span.w - 1) % 2 == 0 {
      return Extent((span.h - 1) / 2, (span.w - 1) / 2)
    }
    func number(_ value: Int) throws -> ONNXValue {
      .known(try SizeValue(.integer, [], [Double(value)]))
    }
    let shape = try measured(source)
    var settings: [(name: String, setting: Setting)] = []
    for (axis, span, stride, names) in [
      (2, span.h, stride.h, ["top", "bottom"]), (3, span.w, stride.w, ["left", "right"]),
    ] {
      // (⌈size / stride⌉ − 1) · stride + span − size, not less than 0, half of it on each side.
      let size = try add(.gather(axis: 0), [shape, number(axis)])
      let last = try add(
        .binary(.divide), [add(.binary(.subtract), [size, number(1)]), number(stride)])
      let reach = try add(
        .binary(.add), [add(.binary(.multiply), [last, number(stride)]), number(span)])
      let missing = try add(
        .binary(.maximum), [add(.binary(.subtract), [reach, size]), number(0)])
      let less = try add(.binary(.divide), [missing, number(2)])
      let more = try add(.binary(.subtract), [missing, less])
      settings.append((names[0], try setting(upper ? less : more)))
      settings.append((names[1], try setting(upper ? more : less)))
    }
    source = try add(
      "\(name).pad", "pad", [source],
      settings + (value == 0 ? [] : [("value", .given(.number(value)))]))
    return 0
  }

  /// Where `source` is a layer that pads with zeros alike on both sides, takes what that pads and adds to
  /// `padding`.
  private func foldPad(into padding: inout Extent, _ source: inout String) {
    guard let before = layer(named: source), let pad = before.operation as? Pad,
      pad.filling == .constant(0), pad.top == pad.bottom, pad.left == pad.right, pad.top >= 0,
      pad.left >= 0, padding == 0
    else { return }
    padding = Extent(pad.top, pad.left)
    source = before.inputs[0]
  }

  /// The transpose of a convolution; what padding and output padding leave unequal is cut off after it.
  mutating func transposedConvolution(_ node: ONNXNode) throws -> String {
    let source = try layer(node)
    guard let weight = try weights(node, 1), weight.shape.count == 4 else {
      throw FCNError(.unsupported, "its weights are not in×out×rows×columns")
    }
    let bias = try weights(node, 2)
    let geometry = try Geometry(node, kernel: Array(weight.shape[2...]))
    let more = try node.integers("output_padding") ?? [0, 0]
    guard geometry.dilation == 1, more.count == 2, more.allSatisfy({ (0...4096).contains($0) }),
      !node.has("output_shape"), try node.text("auto_pad", else: "NOTSET") == "NOTSET"
    else {
      throw FCNError(
        .unsupported,
        "transposed convolutions are read without dilation, with pads and output_padding of their own"
      )
    }
    // From the whole output, without padding, this much is cut off at each side.
    let cuts = [
      geometry.edges[0], geometry.edges[1], geometry.edges[2] - more[0],
      geometry.edges[3] - more[1],
    ]
    guard cuts.allSatisfy({ $0 >= 0 }) else {
      throw FCNError(
        .unsupported,
        "its output_padding \(more) is larger than its pads \(geometry.edges) at the bottom and right"
      )
    }
    let padding = Extent(min(cuts[0], cuts[2]), min(cuts[1], cuts[3]))
    let name = name(node, weights: 1)
    let groups = try node.integer("group", else: 1)
    guard let channels = checkedProduct(weight.shape[1], groups) else {
      throw FCNError(.corrupt, "it has \(groups) groups of \(weight.shape[1]) channels")
    }
    let made = try add(
      name, "transposed_convolution", [source],
      [("output_channels", .given(.number(channels)))] + geometry.settings(padding: padding)
        + [("groups", .given(.number(groups))), ("bias", .given(.bool(bias != nil)))],
      parameters: [("weight", weight)] + (bias.map { [("bias", $0)] } ?? []))
    let rest = [
      cuts[0] - padding.h, cuts[1] - padding.w, cuts[2] - padding.h, cuts[3] - padding.w,
    ]
    if rest == [0, 0, 0, 0] { return made }
    return try add(
      "\(name).cut", "pad", [made],
      zip(["top", "left", "bottom", "right"], rest).map { ($0, .given(.number(-$1))) })
  }

  mutating func pool(_ node: ONNXNode) throws -> String {
    guard node.outputs.count < 2 || node.outputs[1].isEmpty else {
      throw FCNError(.unsupported, "the places of its maxima are asked for; unpooling is not read")
    }
    var source = try layer(node)
    var geometry = try Geometry(node, kernel: try node.integers("kernel_shape") ?? [])
    guard geometry.dilation == 1 else {
      throw FCNError(.unsupported, "pools are read without dilation")
    }
    let isMax = node.operation == "MaxPool"
    let counts = try node.integer("count_include_pad", else: 0) != 0
    let name = name(node)
    let isAlike = geometry.edges[0] == geometry.edges[2] && geometry.edges[1] == geometry.edges[3]
    let rule = try node.text("auto_pad", else: "NOTSET")
    guard isMax || counts || (isAlike && ["NOTSET", "VALID"].contains(rule)) else {
      throw FCNError(
        .unsupported,
        "an average that pads its sides differently and leaves the padding out of account is not read"
      )
    }
    let padding = try paddedAlike(
      &geometry, node, &source, name, value: isMax ? -.greatestFiniteMagnitude : 0)
    return try add(
      name, isMax ? "max_pool" : "average_pool", [source],
      geometry.settings(padding: padding)
        + [("ceil_mode", .given(.bool(try node.integer("ceil_mode", else: 0) != 0)))]
        + (isMax ? [] : [("counts_padding", .given(.bool(counts)))]))
  }

  /// A mean or maximum over all rows and columns.
  mutating func globalPool(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(let source, let view) = try required(node, 0),
      view == .whole || node.operation.hasPrefix("Reduce")
    else { return .layer(try layer(node), .whole) }
    var order = [0, 1, 2, 3]
    if case .order(let axes) = view { order = axes }
    guard view == .whole || order != [0, 1, 2, 3] else { return .layer(try layer(node), .whole) }
    var keeps = true
    if node.operation.hasPrefix("Reduce") {
      let axes = try integers(node, "axes", orInput: 1) ?? []
      keeps = try node.integer("keepdims", else: 1) != 0
      guard Set(axes.compactMap { SizeValue.place($0, of: 4).map { order[$0] } }) == [2, 3] else {
        throw FCNError(
          .unsupported, "it is over the axes \(axes); wanted rows and columns, axes 2 and 3")
      }
    }
    let isMax = node.operation.hasSuffix("Max") || node.operation == "GlobalMaxPool"
    return .layer(
      try add(name(node), isMax ? "global_max_pool" : "global_average_pool", [source]),
      keeps ? view : .vector)
  }

  /// A matrix of weights times the channels: a 1×1 convolution.
  mutating func product(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(let source, let view) = try required(node, 0) else {
      throw FCNError(
        .unsupported, "its second input comes from pictures; wanted weights times a layer's output")
    }
    guard case .weights? = try operand(node, 1), var weight = try weights(node, 1),
      weight.shape.count == 2
    else {
      throw FCNError(
        .unsupported,
        "it multiplies values with one another (attention), or with weights that are no matrix; wanted a "
          + "matrix of weights")
    }
    // Linear layers on vectors, or on the channels where they come last.
    guard view == .vector || view == .order([0, 2, 3, 1]) else {
      throw FCNError(
        .unsupported, "it multiplies along the columns of a picture; wanted along the channels")
    }
    let isGemm = node.operation == "Gemm"
    let (alpha, beta) = try (node.float("alpha", else: 1), node.float("beta", else: 1))
    let isTurned = try node.integer("transA", else: 0) != 0
    guard alpha == 1, beta == 1, !isTurned else {
      throw FCNError(.unsupported, "alpha and beta must be 1, and transA 0")
    }
    let isInByOut = try node.integer("transB", else: 0) == 0
    if !isGemm || isInByOut {
      weight = try weight.transposedMatrix()
    }
    let bias = isGemm ? try weights(node, 2) : nil
    let made = try add(
      name(node, weights: 1), "convolution", [source],
      [
        ("output_channels", .given(.number(weight.shape[0]))), ("kernel", .given(1)),
        ("bias", .given(.bool(bias != nil))),
      ],
      parameters: [("weight", weight)] + (bias.map { [("bias", $0)] } ?? []))
    return .layer(made, view)
  }

  /// `value`, a number, as a setting.
  mutating func setting(_ value: ONNXValue) throws -> Setting {
    if let number = try known(value) {
      return .given(
        number.extents.isEmpty
          ? .number(try number.single()) : .array(number.elements.map { .number($0) }))
    }
    return .size(try sizeName(value))
  }
}

extension Extent {
  /// One number where both are the same.
  var json: JSON { h == w ? .number(h) : [.number(h), .number(w)] }
}
