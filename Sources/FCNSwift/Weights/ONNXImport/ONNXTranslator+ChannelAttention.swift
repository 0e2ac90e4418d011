// Products of channels with one another, summed over pixels, and channels that are mixed with what follows of
// these: attention between channels, and linear attention.
extension ONNXTranslator {
  /// What `node`, a product of matrices, makes where it is one of these; nil where it is another.
  mutating func productOfChannels(
    _ node: ONNXNode, _ one: String, _ view: ONNXView, _ other: String, _ otherView: ONNXView
  ) throws -> ONNXValue? {
    guard view.axes.count == otherView.axes.count else { return nil }
    let (shape, otherShape) = try (shape(of: one), shape(of: other))
    let rank = view.axes.count
    if let heads = heads(view, shape, pixelsLast: true),
      heads == self.heads(otherView, otherShape, pixelsLast: false), shape.h == otherShape.h,
      shape.w == otherShape.w, shape.planeCount > 1,
      zip(view.axes, otherView.axes).dropLast(2).allSatisfy({ $0.isEmpty == $1.isEmpty })
    {
      let made = try add(
        name(node), "channel_products", [one, other],
        heads == 1 ? [] : [("heads", .given(.number(heads)))])
      var seen = view
      seen.axes[rank - 1] = ONNXView.whole(3, try self.shape(of: made))
      return .layer(made, seen)
    }
    if let (heads, isTransposed) = matrix(one, view, shape, summedLast: true),
      heads == self.heads(otherView, otherShape, pixelsLast: true)
    {
      return try mixed(node, one, other, heads, isTransposed, otherView, channels: rank - 2)
    }
    if let (heads, isTransposed) = matrix(other, otherView, otherShape, summedLast: false),
      heads == self.heads(view, shape, pixelsLast: false)
    {
      return try mixed(node, other, one, heads, isTransposed, view, channels: rank - 1)
    }
    return nil
  }

  /// Into how many heads the channels are divided where a view is of a matrix for each, of channels and
  /// columns, and whether what is summed over, its last axis or the one before, is the channels; nil where
  /// it is of anything else.
  private func matrix(
    _ name: String, _ view: ONNXView, _ shape: Shape, summedLast: Bool
  ) -> (heads: Int, isTransposed: Bool)? {
    let rank = view.axes.count
    guard rank >= 2, shape.h == 1, shape.w > 1, followsFromProducts(name) else { return nil }
    let columns = ONNXView.whole(3, shape)
    let (summed, kept) = summedLast ? (rank - 1, rank - 2) : (rank - 2, rank - 1)
    let isTransposed = view.axes[kept] == columns
    guard isTransposed || view.axes[summed] == columns else { return nil }
    // Columns are the pixels of one row: as such heads are told.
    guard let heads = heads(view, shape, pixelsLast: view.axes[rank - 1] == columns) else {
      return nil
    }
    return (heads, isTransposed)
  }

  /// Whether `name` makes something of products of channels; of pixels in one row attention may take it too.
  private func followsFromProducts(_ name: String) -> Bool {
    var name = name
    for _ in 0..<64 {
      guard let layer = layer(named: name) else { return false }
      if layer.operation is ChannelProducts { return true }
      name = layer.inputs[0]
    }
    return false
  }

  private mutating func mixed(
    _ node: ONNXNode, _ weights: String, _ values: String, _ heads: Int, _ isTransposed: Bool,
    _ view: ONNXView, channels axis: Int
  ) throws -> ONNXValue? {
    let (weight, value) = try (shape(of: weights), shape(of: values))
    guard value.c == (isTransposed ? weight.c : weight.w * heads) else { return nil }
    let made = try add(
      name(node), "channel_mixing", [weights, values],
      (heads == 1 ? [] : [("heads", .given(.number(heads)))])
        + (isTransposed ? [("transposed", .given(true))] : []))
    var seen = view
    let channels = try shape(of: made).c
    seen.axes[axis] = ONNXView.channels(channels / heads)
    for outer in seen.axes.indices.dropLast(2) where !seen.axes[outer].isEmpty {
      seen.axes[outer] = [.init(axis: 1, extent: heads, step: channels / heads)]
    }
    return .layer(made, seen)
  }

  /// Products of pixels without a softmax, times values: of the keys' channels with the values' first, which
  /// is the same and takes no pairs of pixels.
  mutating func linearAttention(
    _ node: ONNXNode, _ pairs: ONNXPairs, _ query: String, _ key: String, _ values: String
  ) throws -> String {
    let heads: [(name: String, setting: Setting)] =
      pairs.heads == 1 ? [] : [("heads", .given(.number(pairs.heads)))]
    let base = name(node)
    var weights = try scaled(
      "\(base).factor", add("\(base).products", ChannelProducts.name, [key, values], heads),
      by: pairs.factor)
    if let (size, isDivisor) = pairs.size {
      weights = try scaled("\(base).size", weights, by: .size(size), isDivisor: isDivisor)
    }
    return try add(
      base, ChannelMixing.name, [weights, query], heads + [("transposed", .given(true))])
  }

  /// Products of channels that are seen with their columns as channels, as attention to regions goes on with
  /// the sums of pixels in each: the same products the other way round. nil where it is anything else.
  mutating func turnedProducts(
    _ name: String, _ view: ONNXView
  ) throws -> (name: String, view: ONNXView)? {
    guard view.axes.count == 4, let layer = layer(named: name),
      let products = layer.operation as? ChannelProducts, products.heads == 1,
      view.axes[1] == ONNXView.whole(3, try shape(of: name))
    else { return nil }
    let seen = view.axes.map { parts in
      parts.map { ONNXView.Part(axis: 4 - $0.axis, extent: $0.extent, step: $0.step) }
    }
    if let made = turnedProducts[name] { return (made, ONNXView(axes: seen)) }
    let made = try add(
      "\(name).turned", ChannelProducts.name, [layer.inputs[1], layer.inputs[0]])
    turnedProducts[name] = made
    return (made, ONNXView(axes: seen))
  }
}
