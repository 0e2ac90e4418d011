// Channels in groups: one number for each group, and what becomes of it over all channels of the group again.
extension ONNXTranslator {
  /// The mean or sum of each group's channels, and of all their pixels: of `parts` of a value seen as `view`,
  /// which is `seen` as then; nil where it is along others.
  mutating func overEachGroup(
    _ node: ONNXNode, _ source: String, _ seen: ONNXView, _ parts: [ONNXView.Part]
  ) throws -> ONNXValue? {
    let shape = try shape(of: source)
    let own = parts.filter { $0.axis == 1 }
    let pixels = parts.filter { $0.axis != 1 }
    let isMean = node.operation == "ReduceMean"
    guard own.count == 1, let part = own.first, part.step == 1, part.extent < shape.c,
      shape.c % part.extent == 0, isMean || node.operation == "ReduceSum" && pixels.isEmpty
    else { return nil }
    var made = source
    if !pixels.isEmpty {
      guard let mean = try mean("\(name(node)).pixels", source, pixels, isMax: false) else {
        return nil
      }
      made = mean
    }
    let groups = shape.c / part.extent
    made = try grouped(
      name(node), made, groups, outputs: 1, inputs: part.extent,
      isMean ? 1 / Float(part.extent) : 1)
    let axes = seen.axes.map { parts in
      parts.map {
        $0.axis == 1 ? .init(axis: 1, extent: $0.extent, step: $0.step / part.extent) : $0
      }
    }
    return .layer(made, ONNXView(axes: axes))
  }

  /// A 1×1 convolution in `groups`, all of whose weights are `weight`.
  private mutating func grouped(
    _ name: String, _ source: String, _ groups: Int, outputs: Int, inputs: Int, _ weight: Float
  ) throws -> String {
    let count = groups * outputs
    try spendOnFolding(count * inputs)
    let weights = [Float](repeating: weight, count: count * inputs)
    return try add(
      name, "convolution", [source],
      [
        ("output_channels", .given(.number(count))), ("kernel", .given(1)),
        ("groups", .given(.number(groups))), ("bias", .given(false)),
      ],
      parameters: [
        ("weight", WeightTensor(name: "", shape: [count, inputs, 1, 1], floats: weights))
      ])
  }

  /// The numbers of groups, once for each channel of these, where `other` has them all; nil where `value`
  /// is no such.
  mutating func spreadGroups(
    _ value: (name: String, view: ONNXView), like other: (name: String, view: ONNXView)
  ) throws -> (name: String, view: ONNXView)? {
    let (shape, whole) = try (shape(of: value.name), shape(of: other.name))
    let rank = max(value.view.axes.count, other.view.axes.count)
    var seen = value.view.padded(to: rank)
    let wanted = other.view.padded(to: rank)
    guard let axis = seen.axes.firstIndex(where: { $0.first?.axis == 1 }),
      seen.axes[axis] == ONNXView.whole(1, shape), let part = wanted.axes[axis].first,
      wanted.axes[axis].count == 1, part.axis == 1, part.extent == shape.c, part.step > 1,
      part.extent * part.step == whole.c
    else { return nil }
    let made = try grouped(
      "\(value.name).groups", value.name, shape.c, outputs: part.step, inputs: 1, 1)
    seen.axes[axis] = [part]
    return (made, seen)
  }

  /// A layer's output with as many channels as `constant`, which is laid over it, has numbers where it
  /// has one for all of them; itself where it has as many.
  mutating func spreadChannels(
    _ source: String, _ view: ONNXView, over constant: ONNXValue
  ) throws -> (String, ONNXView) {
    guard case .weights(let tensor) = constant, tensor.shape.count <= view.axes.count else {
      return (source, view)
    }
    let shape = try shape(of: source)
    let rank = view.axes.count
    let extents = [Int](repeating: 1, count: rank - tensor.shape.count) + tensor.shape
    let larger = extents.indices.filter { view.axes[$0].isEmpty && extents[$0] > 1 }
    let channels = view.axes.indices.filter { view.axes[$0].contains { $0.axis == 1 } }
    guard larger.count == 1, let inner = larger.first, extents[inner] <= 4096,
      channels.allSatisfy({ view.axes[$0] == ONNXView.whole(1, shape) }),
      channels.count == (shape.c == 1 ? 0 : 1)
    else { return (source, view) }
    let made = try grouped(
      "\(source).groups", source, shape.c, outputs: extents[inner], inputs: 1, 1)
    var seen = view
    if let outer = channels.first {
      seen.axes[outer] = [.init(axis: 1, extent: shape.c, step: extents[inner])]
    }
    seen.axes[inner] = [.init(axis: 1, extent: extents[inner], step: 1)]
    return (made, seen)
  }

  /// A convolution of single pixels, which does not mind along which axes these lie; nil where `node` is
  /// another.
  mutating func pointwise(_ node: ONNXNode) throws -> ONNXValue? {
    guard case .layer(let source, let view)? = try operand(node, 0), view.axes.count == 4,
      case let shape = try shape(of: source), try upright(source, view) == nil,
      view.axes[1] == ONNXView.whole(1, shape), shape.c > 1,
      let weight = try weights(node, 1), weight.shape.count == 4, weight.shape[2...] == [1, 1],
      try (node.integers("strides") ?? []).allSatisfy({ $0 == 1 }),
      try (node.integers("pads") ?? []).allSatisfy({ $0 == 0 })
    else { return nil }
    let bias = try weights(node, 2)
    let made = try add(
      name(node, weights: 1), "convolution", [source],
      [
        ("output_channels", .given(.number(weight.shape[0]))), ("kernel", .given(1)),
        ("groups", .given(.number(try node.integer("group", else: 1)))),
        ("bias", .given(.bool(bias != nil))),
      ],
      parameters: [("weight", weight)] + (bias.map { [("bias", $0)] } ?? []))
    var seen = view
    seen.axes[1] = ONNXView.whole(1, try self.shape(of: made))
    return .layer(made, seen)
  }
}

extension ONNXView {
  /// With axes of one in front.
  func padded(to rank: Int) -> ONNXView {
    ONNXView(axes: [[Part]](repeating: [], count: max(0, rank - axes.count)) + axes)
  }
}
