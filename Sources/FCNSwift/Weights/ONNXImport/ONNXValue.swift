/// What a value of an ONNX graph is to the network that is made of it.
enum ONNXValue {
  /// The output of a layer, or the network's input, seen in one of several ways.
  case layer(String, ONNXView)
  /// Floats that the file holds.
  case weights(WeightTensor)
  /// Numbers that are known.
  case known(SizeValue)
  /// Numbers that the network works out: the name of a size.
  case size(String)
  /// The same number everywhere, in an array of these extents for the probe.
  case filled([Int], Float)
  /// Whether a layer's output is above a number.
  case comparison(String, Float)
  /// Labels or logarithms that a graph ends with, of scores that a layer makes.
  case ending(String, of: String)
  /// Where a pool's maxima stood: a layer that makes their places in windows, where the graph has them in
  /// the whole value.
  case places(String)
  /// Products of the pixels of two layers' outputs with one another.
  case pairs(ONNXPairs)
  /// Pixels of a layer's output, gathered under windows.
  case windows(ONNXWindows)
  /// Integers that the file holds, too many for a size.
  case table(ONNXTensor)
}

extension ONNXTranslator {
  /// What the graph calls `name`. Throws `corrupt` where nothing before makes it.
  func value(_ name: String) throws -> ONNXValue {
    guard let value = values[name] else {
      throw FCNError(
        .corrupt,
        "it takes \(quoted(name)), which nothing before it makes: the nodes are out of order, "
          + "or one is missing")
    }
    return value
  }

  /// Input `index` of `node`, nil where it is left out.
  func operand(_ node: ONNXNode, _ index: Int) throws -> ONNXValue? {
    guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
    return try value(node.inputs[index])
  }

  /// The same where it must be there.
  func required(_ node: ONNXNode, _ index: Int) throws -> ONNXValue {
    guard let value = try operand(node, index) else {
      throw FCNError(.corrupt, "its input \(index + 1) is missing")
    }
    return value
  }

  /// The layer whose output is input `index`, in the usual order of axes.
  mutating func layer(_ node: ONNXNode, _ index: Int = 0) throws -> String {
    let (name, view) = try seen(node, index)
    guard let whole = try upright(name, view) else {
      throw FCNError(
        .unsupported,
        "its input \(index + 1) is \(view.described); it is carried out on N×C×H×W only")
    }
    return whole
  }

  /// The layer whose output is what is seen, as N×C×H×W: `name` itself or, where rows and columns changed
  /// places, or columns and channels of products of channels, one that turns it; nil where it is seen in
  /// another way.
  mutating func upright(_ name: String, _ view: ONNXView) throws -> String? {
    let shape = try shape(of: name)
    if view == .whole(shape) { return name }
    if let (name, view) = try turnedProducts(name, view) { return try upright(name, view) }
    guard view == ONNXView.whole(shape).moved([0, 1, 3, 2]) else { return nil }
    if let made = turned[name] { return made }
    let made = try add("\(name).turned", "rows_as_columns", [name])
    turned[name] = made
    return made
  }

  /// The layer whose output is input `index`, and how that is seen.
  func seen(_ node: ONNXNode, _ index: Int = 0) throws -> (name: String, view: ONNXView) {
    switch try required(node, index) {
    case .layer(let name, let view): return (name, view)
    case .ending:
      throw FCNError(
        .unsupported,
        "its input \(index + 1) is labels, or logarithms, made of scores; such may only come last: take "
          + "\(quoted(node.inputs[index])), or what that is made of, as the output")
    case .comparison: throw FCNError(.unsupported, Self.comparisons(node, index))
    case .places:
      throw FCNError(
        .unsupported,
        "its input \(index + 1) is the places of a pool's maxima, which MaxUnpool alone may take")
    case .pairs: throw Self.notAttention()
    case .windows: throw Self.notAdaptive()
    case .weights, .known, .size, .filled, .table:
      throw FCNError(
        .unsupported, "its input \(index + 1) is no picture-like value; wanted a layer's output")
    }
  }

  /// That comparisons are not read, of one that is input `index`.
  static func comparisons(_ node: ONNXNode, _ index: Int) -> String {
    "comparisons are read as a graph's end, of one score a pixel that is to be above a number, and in a "
      + "softplus that is the value itself where that is large; where one makes labels of scores take those "
      + "as the output, \(quoted(node.inputs[index])) for one"
  }

  /// Floats that input `index` holds, nil where it is left out.
  func weights(_ node: ONNXNode, _ index: Int) throws -> WeightTensor? {
    switch try operand(node, index) {
    case nil: return nil
    case .weights(let tensor)?: return tensor
    case .known(let value)? where value.kind == .float:
      return try WeightTensor(
        name: node.inputs[index], shape: value.extents, floats: value.elements.map { Float($0) })
    case .filled(_, let number)?:
      return try WeightTensor(name: node.inputs[index], shape: [], floats: [number])
    default:
      throw FCNError(
        .unsupported,
        "its input \(index + 1), \(quoted(node.inputs[index])), is not a constant; weights that the "
          + "graph computes from pictures cannot be had")
    }
  }

  /// The numbers of a value that are known; nil where they are computed, or are a layer's.
  func known(_ value: ONNXValue?) throws -> SizeValue? {
    switch value {
    case .known(let value)?: value
    case .weights(let tensor)? where tensor.count <= SizeValue.mostElements:
      try SizeValue(.float, tensor.shape, tensor.floats.map(Double.init))
    default: nil
    }
  }

  /// The integers of attribute `name` or, as later versions have it, of input `index`; nil where neither
  /// is there.
  func integers(_ node: ONNXNode, _ name: String, orInput index: Int) throws -> [Int]? {
    if let list = try node.integers(name) { return list }
    guard let operand = try operand(node, index) else { return nil }
    guard let value = try known(operand) else {
      throw FCNError(
        .unsupported, "its \(name) are computed; they must be known when the network is imported")
    }
    return try value.integers()
  }
}
