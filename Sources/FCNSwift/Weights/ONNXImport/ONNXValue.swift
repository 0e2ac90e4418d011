/// What a value of an ONNX graph is to the network that is made of it.
enum ONNXValue {
  /// The output of a layer, or the network's input, seen in one of several ways.
  case layer(String, View)
  /// Floats that the file holds.
  case weights(WeightTensor)
  /// Numbers that are known.
  case known(SizeValue)
  /// Numbers that the network works out: the name of a size.
  case size(String)
  /// Outputs of several layers, one behind the other along a new first axis.
  case stack([String])
  /// Labels or logarithms that a graph ends with, of scores that a layer makes.
  case ending(String, of: String)

  /// How the graph sees a layer's output, which is N×C×H×W.
  enum View: Hashable {
    case whole
    /// N×C, of one pixel.
    case vector
    /// N×C×1, of one pixel.
    case line
    /// C, of one pixel of one picture.
    case flat
    /// N×groups×rest: groups of channels with all their pixels.
    case grouped(Int)
    /// 1×N×C×H×W.
    case lifted
    /// With its axes in another order: the k-th is this one of N×C×H×W.
    case order([Int])
  }
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
  func layer(_ node: ONNXNode, _ index: Int = 0) throws -> String {
    switch try required(node, index) {
    case .layer(let name, .whole): return name
    case .layer(_, let view):
      throw FCNError(
        .unsupported,
        "its input \(index + 1) is \(view.described); it is carried out on N×C×H×W only")
    case .ending:
      throw FCNError(
        .unsupported,
        "its input \(index + 1) is labels, or logarithms, made of scores; such may only come last")
    case .weights, .known, .size, .stack:
      throw FCNError(
        .unsupported, "its input \(index + 1) is no picture-like value; wanted a layer's output")
    }
  }

  /// Floats that input `index` holds, nil where it is left out.
  func weights(_ node: ONNXNode, _ index: Int) throws -> WeightTensor? {
    switch try operand(node, index) {
    case nil: return nil
    case .weights(let tensor)?: return tensor
    case .known(let value)? where value.kind == .float:
      return try WeightTensor(
        name: node.inputs[index], shape: value.extents, floats: value.elements.map { Float($0) })
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

extension ONNXValue.View {
  fileprivate var described: String {
    switch self {
    case .whole: "N×C×H×W"
    case .vector: "a vector N×C"
    case .line: "a vector N×C×1"
    case .flat: "a list of channels"
    case .grouped(let groups): "divided into \(groups) groups of channels"
    case .lifted: "one axis deeper"
    case .order(let order):
      "in the order " + order.map { ["N", "C", "H", "W"][$0] }.joined(separator: "×")
    }
  }
}
