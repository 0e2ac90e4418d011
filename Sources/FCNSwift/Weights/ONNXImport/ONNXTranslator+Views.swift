// Nodes that only see the same numbers in another way. Nothing moves, but where an axis was divided so that
// channels, or channels and pixels, change places.
extension ONNXTranslator {
  /// Axes in another order.
  mutating func transposed(_ node: ONNXNode) throws -> ONNXValue {
    if case .ending(let scores, let what) = try required(node, 0) {
      // Only the labels' own axis may move.
      guard let order = try node.integers("perm"),
        order == Array(0..<order.count) || order == [0, 2, 3, 1] || order == [0, 3, 1, 2]
      else {
        throw FCNError(
          .unsupported, "it moves rows and columns of labels; move them before these are made")
      }
      return .ending(scores, of: what)
    }
    let (source, view) = try seen(node)
    let order = try node.integers("perm") ?? view.axes.indices.reversed()
    guard order.sorted() == Array(view.axes.indices) else {
      throw FCNError(.corrupt, "\(order) is no order of \(view.axes.count) axes")
    }
    return try placed(node, source, view.moved(order))
  }

  /// The same numbers with other extents.
  mutating func reshaped(_ node: ONNXNode) throws -> ONNXValue {
    // The labels' own axis goes or comes.
    if case .ending(let scores, let what) = try required(node, 0) {
      return .ending(scores, of: what)
    }
    let (source, view) = try seen(node)
    let own = view.extents
    let target = try extentsMade(node, of: own)
    if target == own { return .layer(source, view) }
    if node.operation == "Expand" {
      if let output = node.outputs.first { unexpanded[output] = .layer(source, view) }
      return try expanded(node, source, view, target, required(node, 1))
    }
    if let made = try pixelsAsChannels(node, source, view, target) { return made }
    guard let made = view.reshaped(target) else {
      throw FCNError(
        .unsupported,
        "it makes \(target) of \(view.described), \(own): parts of channels, rows and columns would lie "
          + "along one axis in an order that no layer makes")
    }
    return try placed(node, source, made)
  }

  /// The view, or what layers make of it where it is of N×C×H×W with channels or pixels moved.
  mutating func placed(
    _ node: ONNXNode, _ source: String, _ view: ONNXView
  ) throws -> ONNXValue {
    let shape = try shape(of: source)
    guard view.axes.count == 4, view.axes[0].isEmpty, view != .whole(shape) else {
      return .layer(source, view)
    }
    let made: String
    if let groups = shuffledGroups(view, shape) {
      made = try shuffled(name(node), source, groups)
    } else if let (block, isFirst) = gathered(view, shape) {
      let gathered = try add(
        name(node), "space_to_depth", [source], [("block", .given(.number(block)))])
      made =
        isFirst
        ? gathered : try shuffled("\(name(node)).channels", gathered, block * block)
    } else if let (block, order) = spread(view, shape) {
      made = try add(
        name(node), "depth_to_space", [source],
        [("block", .given(.number(block))), ("order", .given(.string(order)))])
    } else {
      return .layer(source, view)
    }
    return .layer(made, .whole(try self.shape(of: made)))
  }

  private mutating func shuffled(_ name: String, _ source: String, _ groups: Int) throws -> String {
    // Of one group, or of groups of one, the order stays.
    let channels = try shape(of: source).c
    return groups == 1 || groups == channels
      ? source
      : try add(name, "channel_shuffle", [source], [("groups", .given(.number(groups)))])
  }

  /// Into how many groups the channels were divided, where these come one after the other within each.
  private func shuffledGroups(_ view: ONNXView, _ shape: Shape) -> Int? {
    let channels = view.axes[1]
    guard channels.count == 2, channels.allSatisfy({ $0.axis == 1 }), channels[0].step == 1,
      channels[0].extent * channels[1].extent == shape.c,
      view.axes[2] == ONNXView.whole(2, shape), view.axes[3] == ONNXView.whole(3, shape)
    else { return nil }
    return channels[1].extent
  }

  /// The squares of pixels that became channels, and whether their first pixel comes first with all its
  /// channels; otherwise each channel comes with all pixels.
  private func gathered(_ view: ONNXView, _ shape: Shape) -> (block: Int, isFirst: Bool)? {
    let (rows, columns) = (view.axes[2], view.axes[3])
    let own = ONNXView.whole(1, shape)
    let inner = view.axes[1].filter { $0.axis != 1 }
    guard let block = inner.first?.extent, block > 1, shape.h % block == 0, shape.w % block == 0,
      inner == [2, 3].map({ .init(axis: $0, extent: block, step: 1) }),
      rows == ONNXView.outer(2, shape, block), columns == ONNXView.outer(3, shape, block)
    else { return nil }
    if view.axes[1] == own + inner { return (block, own.isEmpty) }
    return view.axes[1] == inner + own ? (block, true) : nil
  }

  /// The squares of pixels that channels became, and the order in which the channels have them.
  private func spread(_ view: ONNXView, _ shape: Shape) -> (block: Int, order: String)? {
    guard let block = view.axes[3].last?.extent, block > 1, shape.c % (block * block) == 0 else {
      return nil
    }
    let channels = shape.c / (block * block)
    for (order, steps) in [
      ("crd", (block * block, block, 1)), ("dcr", (1, block * channels, channels)),
    ] {
      func part(_ extent: Int, _ step: Int) -> [ONNXView.Part] {
        extent == 1 ? [] : [.init(axis: 1, extent: extent, step: step)]
      }
      if view.axes[1] == part(channels, steps.0),
        view.axes[2] == ONNXView.whole(2, shape) + part(block, steps.1),
        view.axes[3] == ONNXView.whole(3, shape) + part(block, steps.2)
      {
        return (block, order)
      }
    }
    return nil
  }

  /// The layer that reads its input pixel by pixel as if it lay channel by channel; nil where a view of
  /// `target` extents is none of that.
  mutating func pixelsAsChannels(
    _ node: ONNXNode, _ source: String, _ view: ONNXView, _ target: [Int]
  ) throws -> ONNXValue? {
    let shape = try shape(of: source)
    guard target == ONNXView.whole(shape).extents, shape.c > 1, shape.planeCount > 1,
      Array(view.axes.joined()) == ONNXView.pixels(shape) + ONNXView.whole(1, shape)
    else { return nil }
    let made = try add(name(node), "pixels_as_channels", [source])
    return .layer(made, .whole(shape))
  }

  /// The extents that a Reshape, Flatten, Squeeze, Unsqueeze or Expand makes of `own`, those of weights or a
  /// layer's for the probe.
  func extentsMade(_ node: ONNXNode, of own: [Int]) throws -> [Int] {
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
      guard checkedProduct(target) == own.reduce(1, *), target.allSatisfy({ $0 > 0 }) else {
        throw FCNError(.shapeMismatch, "\(own) cannot become \(target)")
      }
      return target
    }
  }
}

extension ONNXView {
  /// All rows and columns as one sequence.
  static func pixels(_ shape: Shape) -> [Part] { whole(2, shape) + whole(3, shape) }

  /// `count` channels that follow each other.
  static func channels(_ count: Int) -> [Part] { whole(1, Shape(1, count, 1, 1)) }

  /// The first of every `block` lines of rows or columns, which lie by blocks.
  static func outer(_ axis: Int, _ shape: Shape, _ block: Int) -> [Part] {
    let extent = [shape.n, shape.c, shape.h, shape.w][axis] / block
    return extent == 1 ? [] : [Part(axis: axis, extent: extent, step: block)]
  }
}

extension SizeValue {
  /// `axis` counted from the front; nil where there is no such axis in `rank`.
  static func place(_ axis: Int, of rank: Int) -> Int? { try? SizeValue.axis(axis, of: rank) }
}
