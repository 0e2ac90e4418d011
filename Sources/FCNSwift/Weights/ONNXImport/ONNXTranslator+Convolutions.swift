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

  mutating func convolution(_ node: ONNXNode) throws -> ONNXValue {
    let (given, view) = try seen(node)
    let block = try phaseBlock(given, view)
    var source = try block == 1 ? layer(node) : given
    guard let weight = try weights(node, 1), weight.shape.count == 4 else {
      throw FCNError(
        .unsupported, "its weights are not out×in×rows×columns: wanted a convolution of pictures")
    }
    let bias = try weights(node, 2)
    var geometry = try Geometry(node, kernel: Array(weight.shape[2...]))
    let name = name(node, weights: 1)
    if block > 1 {
      guard geometry.stride == 1, !(try node.text("auto_pad", else: "")).hasPrefix("SAME") else {
        throw FCNError(.unsupported, "of pixels in squares it is read with a stride of 1 and pads")
      }
      geometry.dilation = Extent(geometry.dilation.h * block, geometry.dilation.w * block)
      geometry.edges = geometry.edges.map { $0 * block }
    }
    var padding = try paddedAlike(&geometry, node, &source, name)
    foldPad(into: &padding, &source)
    let made = try add(
      name, "convolution", [source],
      [("output_channels", .given(.number(weight.shape[0])))] + geometry.settings(padding: padding)
        + [
          ("groups", .given(.number(try node.integer("group", else: 1)))),
          ("bias", .given(.bool(bias != nil))),
        ],
      parameters: [("weight", weight)] + (bias.map { [("bias", $0)] } ?? []))
    let shape = try shape(of: made)
    return .layer(made, block == 1 ? .whole(shape) : .inPhases(shape, block))
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
    guard var weight = try weights(node, 1), weight.shape.count == 4 else {
      throw FCNError(.unsupported, "its weights are not in×out×rows×columns")
    }
    let bias = try weights(node, 2)
    var geometry = try Geometry(node, kernel: Array(weight.shape[2...]))
    let more = try node.integers("output_padding") ?? [0, 0]
    guard more.count == 2, more.allSatisfy({ (0...4096).contains($0) }), !node.has("output_shape")
    else {
      throw FCNError(
        .unsupported,
        "transposed convolutions are read with pads and output_padding, not with output_shape")
    }
    try setSame(&geometry, node, more)
    if geometry.dilation != 1 { weight = try weight.dilated(&geometry.kernel, geometry.dilation) }
    geometry.dilation = 1
    // From the whole output, without padding, this much is cut off at each side, or added.
    let cuts = [
      geometry.edges[0], geometry.edges[1], geometry.edges[2] - more[0],
      geometry.edges[3] - more[1],
    ]
    let padding = Extent(max(0, min(cuts[0], cuts[2])), max(0, min(cuts[1], cuts[3])))
    let rest = [
      cuts[0] - padding.h, cuts[1] - padding.w, cuts[2] - padding.h, cuts[3] - padding.w,
    ]
    // What is added is of the bias alone, which comes last then.
    let grows = rest.contains { $0 < 0 } && bias != nil
    let name = name(node, weights: 1)
    let groups = try node.integer("group", else: 1)
    guard let channels = checkedProduct(weight.shape[1], groups) else {
      throw FCNError(.corrupt, "it has \(groups) groups of \(weight.shape[1]) channels")
    }
    let own = grows ? nil : bias
    let made = try add(
      name, "transposed_convolution", [source],
      [("output_channels", .given(.number(channels)))] + geometry.settings(padding: padding)
        + [("groups", .given(.number(groups))), ("bias", .given(.bool(own != nil)))],
      parameters: [("weight", weight)] + (own.map { [("bias", $0)] } ?? []))
    if rest == [0, 0, 0, 0] { return made }
    let cut = try add(
      "\(name).cut", "pad", [made],
      zip(["top", "left", "bottom", "right"], rest).map { ($0, .given(.number(-$1))) })
    guard grows, let bias else { return cut }
    let ones = try WeightTensor(
      name: "", shape: [channels], floats: [Float](repeating: 1, count: channels))
    return try add(
      "\(name).bias", "affine", [cut], parameters: [("weight", ones), ("bias", bias)])
  }

  /// Where a transposed convolution is to make `stride` times its input's size, the padding for that.
  private func setSame(_ geometry: inout Geometry, _ node: ONNXNode, _ more: [Int]) throws {
    let rule = try node.text("auto_pad", else: "NOTSET")
    switch rule {
    case "NOTSET": return
    case "VALID": geometry.edges = [0, 0, 0, 0]
    case "SAME_UPPER", "SAME_LOWER":
      let all = [
        geometry.span.h + more[0] - geometry.stride.h,
        geometry.span.w + more[1] - geometry.stride.w,
      ]
      guard all.allSatisfy({ $0 >= 0 }) else {
        throw FCNError(.unsupported, "auto_pad of a kernel smaller than the stride is not read")
      }
      let less = all.map { $0 / 2 }
      let greater = zip(all, less).map { $0 - $1 }
      geometry.edges = rule == "SAME_UPPER" ? less + greater : greater + less
    default: throw FCNError(.unsupported, "auto_pad \(quoted(rule)) is unknown")
    }
  }

  mutating func pool(_ node: ONNXNode) throws -> String {
    var source = try layer(node)
    var geometry = try Geometry(node, kernel: try node.integers("kernel_shape") ?? [])
    let isMax = node.operation == "MaxPool"
    guard geometry.dilation == 1 || isMax else {
      throw FCNError(.unsupported, "averages are read without dilation")
    }
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

extension WeightTensor {
  /// Kernels with zeros between their elements, as a dilated window has them; `kernel` becomes their size.
  fileprivate func dilated(_ kernel: inout Extent, _ dilation: Extent) throws -> WeightTensor {
    let (old, floats) = (kernel, floats)
    let new = Extent(dilation.h * (old.h - 1) + 1, dilation.w * (old.w - 1) + 1)
    guard new.h <= 4096, new.w <= 4096,
      let count = checkedProduct(shape[0], shape[1], new.h * new.w), count <= 1 << 28
    else { throw FCNError(.unsupported, "its kernel, dilated, is \(new)") }
    kernel = new
    return try WeightTensor(name: name, shape: [shape[0], shape[1], new.h, new.w]) { target in
      target.update(repeating: 0)
      for (index, value) in floats.enumerated() {
        let (plane, y, x) = (index / (old.h * old.w), index / old.w % old.h, index % old.w)
        target[(plane * new.h + y * dilation.h) * new.w + x * dilation.w] = value
      }
    }
  }
}

extension Extent {
  /// One number where both are the same.
  var json: JSON { h == w ? .number(h) : [.number(h), .number(w)] }
}
