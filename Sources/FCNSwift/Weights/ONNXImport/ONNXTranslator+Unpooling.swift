// Pools that keep where their maxima stood, and their inverse.
extension ONNXTranslator {
  /// A pool and the places of its maxima. ONNX counts them over the whole value, our own within windows:
  /// where windows lie side by side and cover it whole, each follows from the other.
  mutating func poolWithPlaces(_ node: ONNXNode) throws -> [ONNXValue] {
    let source = try layer(node)
    let made = try pool(node)
    guard let pooling = layer(named: made), let pool = pooling.operation as? MaxPool,
      pooling.inputs == [source], pool.window.kernel == pool.window.stride,
      pool.window.padding == 0, pool.window.dilation == 1, !pool.ceilMode,
      try node.integer("storage_order", else: 0) == 0
    else {
      throw FCNError(
        .unsupported,
        "the places of its maxima are asked for; wanted windows side by side: strides as kernel_shape, no "
          + "pads or dilations, no ceil_mode, storage_order 0")
    }
    let side: JSON = [.number(pool.window.kernel.h), .number(pool.window.kernel.w)]
    let places = try add(
      "\(name(node)).indices", "max_pool_indices", [source],
      [("kernel", .given(side)), ("stride", .given(side))])
    return [.layer(made, .whole(try shape(of: made))), .places(places)]
  }

  /// The inverse of such a pool.
  mutating func unpooling(_ node: ONNXNode) throws -> String {
    let values = try layer(node)
    guard case .places(let places) = try required(node, 1),
      let pool = layer(named: places)?.operation as? MaxPoolIndices
    else {
      throw FCNError(
        .unsupported, "its indices are not those that a MaxPool makes; no others are read")
    }
    let side = [pool.window.kernel.h, pool.window.kernel.w]
    let pads = try node.integers("pads") ?? []
    guard try node.integers("kernel_shape") == side, try node.integers("strides") == side,
      pads.allSatisfy({ $0 == 0 })
    else {
      throw FCNError(
        .unsupported,
        "its indices are of a MaxPool with windows of \(pool.window.kernel); wanted kernel_shape and strides "
          + "of \(side), and no pads")
    }
    let shape = try shape(of: values)
    if let size = try operand(node, 2) {
      let wanted = [shape.n, shape.c, shape.h * side[0], shape.w * side[1]]
      let found = try probed(size).integers()
      guard found == wanted else {
        throw FCNError(
          .unsupported,
          "its output_shape is \(found) where its input is \(shape); wanted the size that was pooled"
        )
      }
    }
    let kernel: JSON = [.number(side[0]), .number(side[1])]
    return try add(
      name(node), "max_unpool", [values, places],
      [("kernel", .given(kernel)), ("stride", .given(kernel))])
  }
}
