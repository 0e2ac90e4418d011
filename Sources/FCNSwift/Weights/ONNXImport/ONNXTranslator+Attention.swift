// Products of layers with one another: attention.
extension ONNXTranslator {
  /// What `node`, a product of matrices, makes where both come from layers; nil where one is weights.
  mutating func productOfLayers(_ node: ONNXNode) throws -> ONNXValue? {
    guard node.operation == "MatMul" else { return nil }
    switch (try required(node, 0), try required(node, 1)) {
    case (.layer(let one, let view), .layer(let other, let otherView)):
      if let made = try weightedSum(node, one, view, other, otherView) { return made }
      if let made = try productOfChannels(node, one, view, other, otherView) { return made }
      if let query = try phased(one, view), let key = try phased(other, otherView),
        query.phases == key.phases
      {
        return .pairs(
          try pairs(node, query.name, query.view, key.name, key.view, phases: query.phases))
      }
      let (key, keyView) = try inHeads(other, otherView, as: view, pixelsLast: true)
      return .pairs(try pairs(node, one, view, key, keyView))
    case (.pairs(let pairs), .layer(let values, let view)) where pairs.phases > 1:
      return try phasedAttention(node, pairs, turned: false, values, view)
    case (.layer(let values, let view), .pairs(let pairs)) where pairs.phases > 1:
      return try phasedAttention(node, pairs, turned: true, values, view)
    case (.pairs(let pairs), .layer(let values, let view)):
      let (value, seen) = try inHeads(values, view, as: pairs, pixelsLast: false)
      return try attention(node, pairs, turned: false, value, seen)
    case (.layer(let values, let view), .pairs(let pairs)):
      let (value, seen) = try inHeads(values, view, as: pairs, pixelsLast: true)
      return try attention(node, pairs, turned: true, value, seen)
    case (.pairs, _), (_, .pairs): throw Self.notAttention()
    default: return nil
    }
  }

  static func notAttention() -> FCNError {
    FCNError(
      .unsupported,
      "it takes products of pixels with one another; read is attention alone: such products, or a softmax of "
        + "them over the pixels of the keys or over all, times the pixels of a layer's output")
  }

  /// Into how many heads the channels are divided, where a view is of a matrix for each, of pixels × channels
  /// or, where pixels come last, the other way; nil where it is of anything else.
  func heads(
    _ view: ONNXView, _ shape: Shape, pixelsLast: Bool, inPhases: Bool = false
  ) -> Int? {
    let rank = view.axes.count
    guard rank >= 2 else { return nil }
    let (pixels, channels) = pixelsLast ? (rank - 1, rank - 2) : (rank - 2, rank - 1)
    guard view.axes[pixels] == ONNXView.pixels(shape) else { return nil }
    let outer = view.axes[..<(rank - 2)].filter { !$0.isEmpty }
    if outer.isEmpty { return view.axes[channels] == ONNXView.whole(1, shape) ? 1 : nil }
    let parts = ONNXView.merged(Array(outer.joined()))
    guard outer.count == 1 || inPhases, parts.count == 1, let part = parts.first, part.axis == 1,
      part.extent * part.step == shape.c,
      view.axes[channels] == ONNXView.channels(part.step)
    else { return nil }
    return part.extent
  }

  /// Keys or values that all heads have in common, once for each, where `query` is in heads; `source` as
  /// it is otherwise.
  private mutating func inHeads(
    _ source: String, _ view: ONNXView, as query: ONNXView, pixelsLast: Bool
  ) throws -> (String, ONNXView) {
    let outer = query.axes.dropLast(2).enumerated().filter { !$0.element.isEmpty }
    guard view.axes.count == query.axes.count, outer.count == 1, let place = outer.first?.offset,
      outer[0].element.count == 1, let part = outer[0].element.first, part.axis == 1
    else { return (source, view) }
    return try inHeads(source, view, part.extent, place, pixelsLast: pixelsLast)
  }

  private mutating func inHeads(
    _ source: String, _ view: ONNXView, as pairs: ONNXPairs, pixelsLast: Bool
  ) throws -> (String, ONNXView) {
    guard view.axes.count == pairs.axes.count, pairs.heads > 1,
      let place = pairs.axes.firstIndex(of: [.heads])
    else { return (source, view) }
    return try inHeads(source, view, pairs.heads, place, pixelsLast: pixelsLast)
  }

  private mutating func inHeads(
    _ source: String, _ view: ONNXView, _ heads: Int, _ place: Int, pixelsLast: Bool
  ) throws -> (String, ONNXView) {
    let shape = try shape(of: source)
    guard heads <= 1024, place < view.axes.count - 2,
      view.axes.dropLast(2).allSatisfy({ $0.isEmpty }),
      self.heads(view, shape, pixelsLast: pixelsLast) == 1
    else { return (source, view) }
    let made = try add(
      "\(source).heads", "concatenation", [String](repeating: source, count: heads))
    var seen = view
    seen.axes[place] = [.init(axis: 1, extent: heads, step: shape.c)]
    return (made, seen)
  }

  private func pairs(
    _ node: ONNXNode, _ one: String, _ view: ONNXView, _ other: String, _ otherView: ONNXView,
    phases: Int = 1
  ) throws -> ONNXPairs {
    let (shape, otherShape) = try (shape(of: one), shape(of: other))
    guard let heads = heads(view, shape, pixelsLast: false, inPhases: phases > 1),
      heads == self.heads(otherView, otherShape, pixelsLast: true, inPhases: phases > 1),
      view.axes.count == otherView.axes.count, shape.c == otherShape.c
    else {
      throw FCNError(
        .unsupported,
        "it multiplies \(view.described) by \(otherView.described); wanted pixels × channels times channels "
          + "× pixels, as attention between pixels has it, in heads of channels that follow each other"
      )
    }
    guard let count = checkedProduct(heads, shape.planeCount, otherShape.planeCount),
      count <= 1 << 50
    else {
      throw FCNError(
        .unsupported,
        "it makes all pairs of \(shape.planeCount) pixels and \(otherShape.planeCount)")
    }
    let axes =
      ONNXPairs.outer(view, phases) + [
        shape.planeCount == 1 ? [] : [.one], otherShape.planeCount == 1 ? [] : [.other],
      ]
    return ONNXPairs(
      one: one, other: other, heads: heads, phases: phases,
      pixels: (shape.planeCount, otherShape.planeCount), axes: axes)
  }

  /// The layer that weights the pixels of `values` by `pairs`, which are turned where the values come first.
  mutating func attention(
    _ node: ONNXNode, _ pairs: ONNXPairs, turned: Bool, _ values: String, _ view: ONNXView
  ) throws -> ONNXValue {
    let rank = view.axes.count
    let (shape, axes) = (try shape(of: values), pairs.axes)
    guard
      let heads = heads(view, shape, pixelsLast: turned, inPhases: pairs.phases > 1),
      heads == pairs.heads, axes.count == rank,
      axes.dropLast(2) == ONNXPairs.outer(view, pairs.phases)[...]
    else { throw Self.notAttention() }
    // The pixels that are summed over are the keys'.
    let keysAreOther = axes[turned ? rank - 2 : rank - 1] == [.other]
    let (query, key) = keysAreOther ? (pairs.one, pairs.other) : (pairs.other, pairs.one)
    let (queries, keys): (ONNXPairs.Part, ONNXPairs.Part) =
      keysAreOther ? (.one, .other) : (.other, .one)
    let (queryShape, keyShape) = try (self.shape(of: query), self.shape(of: key))
    guard axes[rank - 2] == [turned ? keys : queries], axes[rank - 1] == [turned ? queries : keys],
      keyShape.h == shape.h, keyShape.w == shape.w
    else { throw Self.notAttention() }
    var seen = view
    seen.axes[turned ? rank - 1 : rank - 2] = ONNXView.pixels(queryShape)
    guard let softmax = pairs.softmax else {
      return .layer(try linearAttention(node, pairs, query, key, values), seen)
    }
    guard softmax == [keys] || softmax == [queries, keys] else { throw Self.notAttention() }
    let made = try add(
      name(node), "attention", [query, key, values],
      (heads == 1 ? [] : [("heads", .given(.number(heads)))])
        + (pairs.factor == 1 ? [] : [("factor", .given(.number(pairs.factor)))])
        + (softmax == [keys] ? [] : [("softmax", .given("pairs"))]))
    return .layer(made, seen)
  }

  /// The sum of all pixels, each times its number in a map of one channel, as a context block has it; nil
  /// where it is another product.
  private mutating func weightedSum(
    _ node: ONNXNode, _ one: String, _ view: ONNXView, _ other: String, _ otherView: ONNXView
  ) throws -> ONNXValue? {
    let (shape, otherShape) = try (shape(of: one), shape(of: other))
    guard view.axes.count == otherView.axes.count, shape.h == otherShape.h, shape.w == otherShape.w,
      shape.planeCount > 1
    else { return nil }
    let rank = view.axes.count
    func sum(_ values: String, _ map: String) throws -> String {
      let weighted = try add("\(name(node)).weighted", "product", [values, map])
      return try summed(node, name(node), weighted, ONNXView.pixels(shape))
    }
    if otherShape.c == 1, heads(view, shape, pixelsLast: true) == 1,
      heads(otherView, otherShape, pixelsLast: false) == 1
    {
      var seen = view
      seen.axes[rank - 1] = []
      return .layer(try sum(one, other), seen)
    }
    if shape.c == 1, heads(view, shape, pixelsLast: true) == 1,
      heads(otherView, otherShape, pixelsLast: false) == 1
    {
      var seen = otherView
      seen.axes[rank - 2] = []
      return .layer(try sum(other, one), seen)
    }
    return nil
  }

  /// The layer of a softmax over rows, columns or all pixels, `parts` of what `source` makes, put together;
  /// nil where it is over anything else.
  mutating func softmaxOfPixels(
    _ node: ONNXNode, _ source: String, _ parts: [ONNXView.Part]
  ) throws -> String? {
    let (name, shape) = (name(node), try shape(of: source))
    guard !parts.isEmpty,
      parts.allSatisfy({ $0.axis > 1 && ONNXView.whole($0.axis, shape) == [$0] }),
      let largest = try mean("\(name).largest", source, parts, isMax: true)
    else { return nil }
    let less = try add("\(name).less", "difference", [source, largest])
    let powers = try add("\(name).powers", "exponential", [less])
    return try add(name, "quotient", [powers, summed(node, "\(name).sum", powers, parts)])
  }
}
