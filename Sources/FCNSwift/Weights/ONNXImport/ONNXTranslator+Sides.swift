// Nodes that put rows or columns behind each other, divide or repeat them.
extension ONNXTranslator {
  /// Values of N×C×H×W one below the other, or beside each other; nil where they are put behind each other
  /// along another axis, or are single lines.
  mutating func lineConcatenation(
    _ node: ONNXNode, _ operands: [ONNXValue], _ axis: Int
  ) throws -> ONNXValue? {
    guard axis >= 2, operands.count > 1 else { return nil }
    var inputs: [String] = []
    var lines = 0
    for case .layer(let source, let view) in operands {
      guard view.axes.count == 4, let whole = try upright(source, view) else { return nil }
      lines = max(lines, view.extents[axis])
      inputs.append(whole)
    }
    guard inputs.count == operands.count, lines > 1 else { return nil }
    let made = try add(
      name(node), "line_concatenation", inputs,
      [("axis", .given(axis == 2 ? "rows" : "columns"))])
    return .layer(made, .whole(try shape(of: made)))
  }

  /// Parts of the rows or columns, as `node`, a Split, makes; nil where it divides something else.
  mutating func splitLines(_ node: ONNXNode) throws -> [ONNXValue]? {
    let (source, view) = try seen(node)
    let shape = try shape(of: source)
    let axis = try SizeValue.axis(node.integer("axis", else: 0), of: view.axes.count)
    guard let own = view.source(of: axis, shape), own > 1 else { return nil }
    let pieces = try pieceBounds(node, source, own, view.extents[axis])
    return try pieces.enumerated().map { (index, bounds) -> ONNXValue in
      let made = try add(
        "\(name(node)).\(index)", "slice", [source],
        [(own == 2 ? "rows" : "columns", setting(add(.concatenate(axis: 0), bounds)))])
      return .layer(made, view.resized(from: shape, to: try self.shape(of: made)))
    }
  }

  /// Where each part begins and ends, as lists of one.
  private mutating func pieceBounds(
    _ node: ONNXNode, _ source: String, _ own: Int, _ extent: Int
  ) throws -> [[ONNXValue]] {
    let count = max(1, node.outputs.count)
    func number(_ value: Int) throws -> ONNXValue { .known(try SizeValue([value])) }
    var given: ONNXValue?
    if let list = try node.integers("split") {
      given = .known(try SizeValue(list))
    } else {
      given = try operand(node, 1)
    }
    guard let given else {
      // All are equal, but a smaller last one.
      let whole = try add(.gather(axis: 0), [measured(source), number(own)])
      let size = try add(
        .binary(.divide), [add(.binary(.add), [whole, number(count - 1)]), number(count)])
      return try (0..<count).map { index in
        try [index, index + 1].map { try add(.binary(.multiply), [size, number($0)]) }
      }
    }
    let sizes = try probed(given).integers()
    guard sizes.count == count, sizes.allSatisfy({ $0 > 0 && $0 <= extent }),
      sizes.reduce(0, +) == extent
    else {
      throw FCNError(.shapeMismatch, "parts of \(sizes) do not make up \(extent)")
    }
    guard try inputSize != nil || known(given) == nil else {
      throw FCNError(
        .unsupported,
        "its parts of \(sizes) rows or columns fit one size of picture alone; export the network for one "
          + "size, without open ones")
    }
    var begin = try number(0)
    return try (0..<count).map { index -> [ONNXValue] in
      let size = try add(.gather(axis: 0), [given, number(index)])
      let end = try add(.binary(.add), [begin, size])
      defer { begin = end }
      return [begin, end]
    }
  }

  /// The same several times behind itself, along any axes.
  mutating func tiled(_ node: ONNXNode) throws -> ONNXValue {
    var (source, view) = try seen(node)
    let repeats = try required(node, 1)
    let counts = try probed(repeats).integers()
    guard counts.count == view.axes.count, counts.allSatisfy({ $0 > 0 }) else {
      throw FCNError(
        .unsupported, "it repeats \(view.described) \(counts) times; wanted 1 or more for each axis"
      )
    }
    let own = view.extents
    let target = zip(own, counts).map { $0 == 1 ? $1 : $0 }
    if target != own,
      case .layer(let made, let seen) = try expanded(
        node, source, view, target, repeats)
    {
      (source, view) = (made, seen)
    }
    for axis in counts.indices where own[axis] > 1 && counts[axis] > 1 {
      let shape = try shape(of: source)
      guard let place = view.source(of: axis, shape), counts[axis] <= 1024 else {
        throw FCNError(
          .unsupported,
          "it repeats axis \(axis) of \(view.described) \(counts[axis]) times; wanted channels, rows or "
            + "columns, 1024 times at most")
      }
      let copies = [String](repeating: source, count: counts[axis])
      source =
        place == 1
        ? try add(name(node), "concatenation", copies)
        : try add(
          name(node), "line_concatenation", copies,
          [("axis", .given(place == 2 ? "rows" : "columns"))])
      view = view.resized(from: shape, to: try self.shape(of: source))
    }
    return .layer(source, view)
  }

  /// One line for all others along axes of one; `sizes` are the extents wanted, as they follow from the
  /// picture's size, of those axes at least.
  mutating func expanded(
    _ node: ONNXNode, _ given: String, _ seen: ONNXView, _ target: [Int], _ sizes: ONNXValue
  ) throws -> ONNXValue {
    let rank = target.count
    var (source, view) = (given, seen)
    func refused() -> FCNError {
      FCNError(
        .unsupported,
        "it makes \(target) of \(seen.described), \(seen.extents); wanted one line for all others along "
          + "channels, rows or columns")
    }
    if rank > 4, let made = try repeated(node, source, view, target) { return made }
    guard rank <= 4, view.axes.count <= rank else { throw refused() }
    view.axes = [[ONNXView.Part]](repeating: [], count: rank - view.axes.count) + view.axes
    // In the usual order an axis is what it is by its place.
    var full = view
    full.axes = [[ONNXView.Part]](repeating: [], count: 4 - rank) + full.axes
    if let whole = try upright(source, full) {
      source = whole
      view = .whole(try shape(of: whole))
      view.axes.removeFirst(4 - rank)
    }
    let own = view.extents
    let shape = try shape(of: source)
    var sides: [Int: Int] = [:]
    var channels = 1
    for axis in 0..<rank where own[axis] == 1 && target[axis] > 1 {
      let natural = axis + 4 - rank
      if natural == 1, shape.c == 1, target[axis] <= 1024, !sides.values.contains(axis) {
        channels = target[axis]
        continue
      }
      guard natural > 0,
        let place = [natural, 2, 3].first(where: {
          $0 > 1 && ($0 == 2 ? shape.h : shape.w) == 1 && sides[$0] == nil
        })
      else { throw refused() }
      sides[place] = axis
    }
    guard zip(own, target).allSatisfy({ $0 == $1 || $0 == 1 }) else { throw refused() }
    if channels > 1 {
      source = try add(
        sides.isEmpty ? name(node) : "\(name(node)).channels", "concatenation",
        [String](repeating: source, count: channels))
    }
    if !sides.isEmpty {
      let measured = try measured(source)
      // The extents wanted may have more axes in front.
      let more = try probed(sizes).elements.count - rank
      var extents: [ONNXValue] = []
      for place in [2, 3] {
        let axis = sides[place]
        let index = try SizeValue([axis.map { more + $0 } ?? place])
        extents.append(
          try add(.gather(axis: 0), [axis == nil ? measured : sizes, .known(index)]))
      }
      let size = try setting(add(.concatenate(axis: 0), extents))
      if let axis = coordinates(source) {
        source = try add(
          name(node), "coordinates", [Network.inputName], [("axis", .given(axis)), ("size", size)])
      } else {
        source = try add(
          name(node), "resize", [source],
          [
            ("interpolation", .given("nearest")), ("coordinates", .given("asymmetric")),
            ("size", size),
          ])
      }
    }
    let made = try self.shape(of: source)
    for (place, axis) in sides { view.axes[axis] = ONNXView.whole(place, made) }
    if channels > 1 { view.axes[1 + rank - 4] = ONNXView.whole(1, made) }
    return .layer(source, view)
  }

  /// What the one line that `name` makes counts; nil where it makes something else.
  private func coordinates(_ name: String) -> JSON? {
    guard let layer = layer(named: name) else { return nil }
    let isTurned = layer.operation is RowsAsColumns
    guard let line = isTurned ? self.layer(named: layer.inputs[0]) : layer,
      (line.operation as? SizedOperation)?.operation == Coordinates.name
    else { return nil }
    return isTurned ? "rows" : "columns"
  }
}
