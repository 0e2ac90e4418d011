// Constants that have numbers of their own for rows and columns, and so fit one size of picture.
extension ONNXTranslator {
  /// A layer that makes what `tensor`, which lies over a value of `shape` seen so, has for each channel, row
  /// and column, times `factor`; one line for all where it does not tell them apart.
  mutating func planes(
    _ node: ONNXNode, _ tensor: WeightTensor, _ view: ONNXView, _ shape: Shape, by factor: Float = 1
  ) throws -> String {
    let rank = view.axes.count
    let extents = [Int](repeating: 1, count: max(0, rank - tensor.shape.count)) + tensor.shape
    let own = view.extents
    guard extents.count == rank, zip(own, extents).allSatisfy({ $0 == $1 || $1 == 1 }),
      tensor.count == checkedProduct(extents)
    else {
      throw FCNError(
        .unsupported,
        "its constant is \(tensor.shape), and the layer's output \(view.described), \(own); wanted a "
          + "number, one a channel, or one for each place of pictures of a fixed size")
    }
    let told = Set(zip(view.axes, extents).filter { $1 > 1 }.flatMap(\.0).map(\.axis))
    let kept = Shape(
      1, told.contains(1) ? shape.c : 1, told.contains(2) ? shape.h : 1,
      told.contains(3) ? shape.w : 1)
    try spendOnFolding(kept.count)
    let floats = tensor.floats
    var made: [Float] = []
    made.reserveCapacity(kept.count)
    for c in 0..<kept.c {
      for y in 0..<kept.h {
        for x in 0..<kept.w {
          let pixel: [Int] = [0, c, y, x]
          var place = 0
          for (axis, extent) in extents.enumerated() {
            place *= extent
            if extent > 1 { place += view.index(of: pixel, along: axis) }
          }
          made.append(floats[place] * factor)
        }
      }
    }
    let weight = try WeightTensor(name: "", shape: [kept.c, kept.h, kept.w], floats: made)
    return try add(
      "\(name(node)).constant", "constant_planes", [Network.inputName],
      [
        ("channels", .given(.number(kept.c))),
        ("size", .given(Extent(kept.h, kept.w).json)),
      ], parameters: [("weight", weight)])
  }

  /// A layer's output and such a constant.
  mutating func withPlanes(
    _ node: ONNXNode, _ source: String, _ view: ONNXView, _ tensor: WeightTensor, isFirst: Bool
  ) throws -> String {
    let (name, shape) = (name(node), try shape(of: source))
    func made(_ factor: Float = 1) throws -> String {
      try planes(node, tensor, view, shape, by: factor)
    }
    // x + c is x − (−c), in which the second may have one line for all.
    switch (node.operation, isFirst) {
    case ("Add", _): return try add(name, "difference", [source, made(-1)])
    case ("Sub", true): return try add(name, "difference", [source, made()])
    case ("Sub", false):
      return try add(
        name, "difference", [scaled("\(name).negative", source, by: -1), made(-1)])
    case ("Mul", _): return try add(name, "product", [source, made()])
    case ("Div", true): return try add(name, "quotient", [source, made()])
    case ("Div", false):
      let reciprocal = try add(
        "\(name).reciprocal", "power", [source], [("exponent", .given(.number(-1)))])
      return try add(name, "product", [reciprocal, made()])
    default:
      throw FCNError(.unsupported, "powers that are not one number are not read")
    }
  }

  /// The layer of a constant that is put beside the channels of values seen as `pattern`, which has the
  /// shape `shape`; nil where it is another kind of value.
  mutating func planes(
    _ node: ONNXNode, _ index: Int, beside pattern: ONNXView, _ axis: Int, _ shape: Shape
  ) throws -> String? {
    switch try required(node, index) {
    case .weights, .known: break
    default: return nil
    }
    guard let tensor = try weights(node, index), pattern == .whole(shape), axis == 1,
      tensor.shape.count == 4, tensor.shape[0] == 1, tensor.shape[1] > 0
    else { return nil }
    guard tensor.shape[2...] == [shape.h, shape.w] else {
      throw FCNError(
        .unsupported,
        "its constant is \(tensor.shape), beside \(pattern.extents); it fits pictures of one size alone: "
          + "export the network for that size, without open ones")
    }
    let own = Shape(1, tensor.shape[1], shape.h, shape.w)
    return try planes(node, tensor, .whole(own), own)
  }
}
