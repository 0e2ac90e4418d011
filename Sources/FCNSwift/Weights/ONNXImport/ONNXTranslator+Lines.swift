// Nodes that take some of the channels, rows and columns.
extension ONNXTranslator {
  /// Lines of several axes, one after another or at even steps.
  mutating func slice(_ node: ONNXNode) throws -> ONNXValue {
    var (source, view) = try seen(node)
    let begins: ONNXValue
    let ends: ONNXValue
    if let old = try node.integers("starts") {
      begins = .known(try SizeValue(old))
      ends = .known(try SizeValue(try node.integers("ends") ?? []))
    } else {
      (begins, ends) = try (required(node, 1), required(node, 2))
    }
    let (first, last) = try (probed(begins).integers(), probed(ends).integers())
    let count = first.count
    let axes = try integers(node, "axes", orInput: 3) ?? Array(0..<count)
    let steps = try known(operand(node, 4))?.integers() ?? [Int](repeating: 1, count: count)
    guard [last.count, axes.count, steps.count] == [count, count, count] else {
      throw FCNError(
        .corrupt,
        "it has \(count) begins, \(last.count) ends, \(axes.count) axes, \(steps.count) steps")
    }
    let shape = try shape(of: source)
    let most = try SizeValue(.integer, [], [Double(Slicing.most)])
    let least = try SizeValue(.integer, [], [Double(-Slicing.most)])
    var settings: [(name: String, setting: Setting)] = []
    var pixelSteps = Extent(1, 1)
    for (index, axis) in axes.enumerated() {
      let axis = try SizeValue.axis(axis, of: view.axes.count)
      let place = ONNXValue.known(try SizeValue([index]))
      let extent = view.extents[axis]
      let lines = Slicing.Lines(from: first[index], to: last[index])
      guard let own = view.source(of: axis, shape) ?? (channelless(view, axis, shape) ? 1 : nil),
        own > 1 || steps[index] == 1
      else {
        // Of channels whose places are known.
        let range = lines.range(of: extent)
        let indices =
          steps[index] < 0
          ? try backwards(first[index], last[index], steps[index], extent)
          : Array(stride(from: range.lowerBound, to: range.upperBound, by: max(steps[index], 1)))
        guard settings.isEmpty || indices == Array(0..<extent) else {
          throw FCNError(.unsupported, "it takes lines of several axes at once")
        }
        (source, view) = try taken(indices, "\(name(node)).axis\(axis)", source, view, axis)
        continue
      }
      guard steps[index] > 0, steps[index] <= 4096 else {
        throw FCNError(
          .unsupported, "it takes rows or columns with a step of \(steps[index]); wanted 1 or more")
      }
      if own == 2 { pixelSteps = Extent(steps[index], pixelSteps.w) }
      if own == 3 { pixelSteps = Extent(pixelSteps.h, steps[index]) }
      let bounds = try [begins, ends].map { bound in
        let one = try add(.gather(axis: 0), [bound, place])
        return try add(
          .binary(.maximum), [add(.binary(.minimum), [one, .known(most)]), .known(least)])
      }
      settings.append(
        (["", "channels", "rows", "columns"][own], try setting(add(.concatenate(axis: 0), bounds))))
    }
    guard !settings.isEmpty else { return .layer(source, view) }
    var made = try add(name(node), "slice", [source], settings)
    if pixelSteps != 1 {
      // Every second pixel is the largest of a square of one.
      made = try add(
        "\(name(node)).step", "max_pool", [made],
        [("kernel", .given(1)), ("stride", .given(pixelSteps.json))])
    }
    return .layer(made, view.resized(from: shape, to: try self.shape(of: made)))
  }

  /// The channel at an index, or channels in any order.
  mutating func gather(_ node: ONNXNode) throws -> ONNXValue {
    let (source, view) = try seen(node)
    let axis = try SizeValue.axis(node.integer("axis", else: 0), of: view.axes.count)
    var indices = try known(operand(node, 1))
    if node.operation == "GatherND" {
      if let windows = try gatheredWindows(node) { return .windows(windows) }
      // Of lines along the first axis alone it is the same.
      guard let list = indices, list.extents.count == 2, list.extents[1] == 1,
        try node.integer("batch_dims", else: 0) == 0
      else { throw unread(node) }
      indices = try SizeValue(list.kind, [list.extents[0]], list.elements)
    }
    if let indices, indices.extents.count > 1 {
      // All lines in their order, with other extents.
      let target = view.extents[..<axis] + indices.extents + view.extents[(axis + 1)...]
      if try indices.integers() == Array(0..<view.extents[axis]),
        let seen = view.reshaped(Array(target))
      {
        return .layer(source, seen)
      }
    }
    guard let indices, indices.extents.count < 2 else {
      throw FCNError(
        .unsupported, "which lines it takes is computed, or a table; wanted indices of channels")
    }
    let extent = view.extents[axis]
    let list = try indices.integers().map { $0 < 0 ? $0 + extent : $0 }
    guard list.allSatisfy({ (0..<extent).contains($0) }) else {
      throw FCNError(.corrupt, "it takes the lines \(list) of \(extent)")
    }
    var (made, seen) = try taken(list, name(node), source, view, axis)
    if indices.extents.isEmpty { seen.axes.remove(at: axis) }
    return .layer(made, seen)
  }

  /// The lines `range` along `axis` of the node's first input.
  mutating func lines(
    _ range: Range<Int>, _ name: String, _ node: ONNXNode, _ axis: Int
  ) throws -> ONNXValue {
    let (source, view) = try seen(node)
    let (made, seen) = try taken(Array(range), name, source, view, axis)
    return .layer(made, seen)
  }

  /// Lines along an axis of which channels alone are a part: slices of the channels, put together again.
  private mutating func taken(
    _ lines: [Int], _ name: String, _ source: String, _ view: ONNXView, _ axis: Int
  ) throws -> (String, ONNXView) {
    let extent = view.extents[axis]
    if lines == Array(0..<extent) { return (source, view) }
    let shape = try shape(of: source)
    guard !lines.isEmpty, view.axes[axis].count == 1, let part = view.axes[axis].first,
      part.axis == 1, shape.c % (part.extent * part.step) == 0
    else {
      throw FCNError(
        .unsupported,
        "it takes the lines \(lines.prefix(8)) of axis \(axis) of \(view.described); wanted channels that "
          + "follow each other")
    }
    // Lines that follow each other are one slice; of groups of channels each has its own.
    let block = part.extent * part.step
    var pieces: [Range<Int>] = []
    for first in stride(from: 0, to: shape.c, by: block) {
      for line in lines {
        let begin = first + line * part.step
        if let last = pieces.last, last.upperBound == begin {
          pieces[pieces.count - 1] = last.lowerBound..<begin + part.step
        } else {
          pieces.append(begin..<begin + part.step)
        }
      }
    }
    guard pieces.count <= 64 else {
      throw FCNError(
        .unsupported, "it takes \(pieces.count) channels that do not follow each other; 64 are read"
      )
    }
    let slices = try pieces.map { piece in
      try add(
        pieces.count == 1 ? name : "\(name).\(piece.lowerBound)", "slice", [source],
        [("channels", .given([.number(piece.lowerBound), .number(piece.upperBound)]))])
    }
    let made = slices.count == 1 ? slices[0] : try add(name, "concatenation", slices)
    return (made, view.withLines(lines.count, along: axis, block))
  }

  /// Whether there is one channel, which lies along `axis`.
  private func channelless(_ view: ONNXView, _ axis: Int, _ shape: Shape) -> Bool {
    view.axes.count == 4 && axis == 1 && view.axes[axis].isEmpty && shape.c == 1
  }

  /// What ONNX takes of `extent` lines from `begin` back to `end`.
  private func backwards(_ begin: Int, _ end: Int, _ step: Int, _ extent: Int) throws -> [Int] {
    let first = min(begin < 0 ? begin + extent : begin, extent - 1)
    let last = max(end < 0 ? end + extent : end, -1)
    return Array(stride(from: first, to: last, by: max(step, -Slicing.most)))
  }
}

extension ONNXView {
  /// With other lines along `axis`, of which channels alone are a part, and which were parts of `block`
  /// of them.
  func withLines(_ count: Int, along axis: Int, _ block: Int) -> ONNXView {
    guard let part = axes[axis].first else { return self }
    var seen = ONNXView(
      axes: axes.map { parts in
        parts.map {
          $0.axis == 1 && $0.step >= block
            ? Part(axis: 1, extent: $0.extent, step: $0.step / part.extent * count) : $0
        }
      })
    seen.axes[axis] = count == 1 ? [] : [Part(axis: 1, extent: count, step: part.step)]
    return seen
  }

  /// The same view of a value that has another shape, all of whose lines lie along axes of their own.
  func resized(from old: Shape, to new: Shape) -> ONNXView {
    ONNXView(
      axes: axes.map { parts in
        guard let axis = parts.first?.axis, Self.whole(axis, old) == parts else { return parts }
        return Self.whole(axis, new)
      })
  }
}
