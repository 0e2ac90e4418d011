// Nodes that work on single values, and on pairs of them.
extension ONNXTranslator {
  /// The layer of a function of single values; nil where `node` is none.
  mutating func activation(_ node: ONNXNode) throws -> String? {
    func number(_ name: String, _ standard: Float) throws -> JSON {
      .number(try node.float(name, else: standard))
    }
    let operation: String
    var settings: [(name: String, setting: Setting)] = []
    switch node.operation {
    case "Relu": operation = "relu"
    case "Sigmoid": operation = "sigmoid"
    case "HardSwish": operation = "hard_swish"
    case "Tanh": operation = "tanh"
    case "Softplus": operation = "softplus"
    case "Mish": operation = "mish"
    case "Exp": operation = "exponential"
    case "LeakyRelu":
      operation = "leaky_relu"
      settings = [("slope", .given(try number("alpha", 0.01)))]
    case "Elu":
      operation = "elu"
      settings = [("alpha", .given(try number("alpha", 1)))]
    case "HardSigmoid":
      let (alpha, beta) = try (node.float("alpha", else: 0.2), node.float("beta", else: 0.5))
      operation = "hard_sigmoid"
      if abs(alpha - 1 / 6) > 1e-6 || beta != 0.5 { return try steeper(node, alpha, beta) }
    case "Clip": return try clip(node)
    case "PRelu": return try parametricReLU(node)
    default: return nil
    }
    return try add(name(node), operation, [anyLayer(node)], settings)
  }

  /// min(max(alpha · x + beta, 0), 1).
  private mutating func steeper(_ node: ONNXNode, _ alpha: Float, _ beta: Float) throws -> String {
    let source = try layer(node)
    let channels = try shape(of: source).c
    func spread(_ value: Float) throws -> WeightTensor {
      try WeightTensor(
        name: "", shape: [channels], floats: [Float](repeating: value, count: channels))
    }
    let line = try add(
      "\(name(node)).line", "affine", [source],
      parameters: [("weight", spread(alpha)), ("bias", spread(beta))])
    return try add(
      name(node), "clip", [line], [("low", .given(.number(0))), ("high", .given(.number(1)))])
  }

  private mutating func clip(_ node: ONNXNode) throws -> String {
    func bound(_ attribute: String, _ index: Int, _ open: Float) throws -> Float {
      if node.has(attribute) { return try node.float(attribute, else: open) }
      guard let operand = try operand(node, index) else { return open }
      guard let value = try known(operand) else {
        throw FCNError(.unsupported, "its bounds are computed; wanted constants")
      }
      return Float(try value.single())
    }
    let low = try bound("min", 1, -.greatestFiniteMagnitude)
    let high = try bound("max", 2, .greatestFiniteMagnitude)
    let source = try anyLayer(node)
    let isOpen = high >= .greatestFiniteMagnitude
    if low == 0, isOpen { return try add(name(node), "relu", [source]) }
    if low == 0, high > 0 {
      return try add(name(node), "clipped_relu", [source], [("limit", .given(.number(high)))])
    }
    return try add(
      name(node), "clip", [source],
      [("low", .given(.number(low))), ("high", .given(.number(high)))])
  }

  private mutating func parametricReLU(_ node: ONNXNode) throws -> String {
    let source = try layer(node)
    guard let slope = try weights(node, 1) else {
      throw FCNError(.corrupt, "its slopes are missing")
    }
    let channels = try shape(of: source).c
    guard slope.count == 1 || slope.count == channels else {
      throw FCNError(.unsupported, "its slopes are \(slope.shape); wanted one a channel, or one")
    }
    return try add(
      name(node, weights: 1), "prelu", [source],
      slope.count == 1 && channels > 1 ? [("shared", .given(true))] : [],
      parameters: [("weight", slope)])
  }

  /// A sum, difference, product or quotient of two values, of which a layer makes one at least.
  mutating func pair(_ node: ONNXNode) throws -> ONNXValue {
    if node.operation == "Sum" || node.inputs.count > 2 {
      let inputs = try node.inputs.indices.map { try layer(node, $0) }
      return .layer(try sum(name(node), inputs), .whole)
    }
    switch (try required(node, 0), try required(node, 1)) {
    case (.layer(let one, let view), .layer(let other, let otherView)):
      guard view == otherView else {
        return .layer(try layer(node, view == .whole ? 1 : 0), .whole)
      }
      return .layer(try pair(node, one, other), view)
    case (.layer(let one, let view), let constant):
      return .layer(try withConstant(node, one, view, constant, isFirst: true), view)
    case (let constant, .layer(let other, let view)):
      return .layer(try withConstant(node, other, view, constant, isFirst: false), view)
    default: return .layer(try layer(node), .whole)
    }
  }

  private mutating func pair(_ node: ONNXNode, _ one: String, _ other: String) throws -> String {
    let (a, b) = try (shape(of: one), shape(of: other))
    if node.operation == "Mul", let name = gate(one, other) ?? gate(other, one) {
      return try add(self.name(node), name.operation, [name.input])
    }
    // The larger comes first where the order does not matter.
    let isLarger = b.count > a.count
    switch node.operation {
    case "Add": return try sum(name(node), isLarger ? [other, one] : [one, other])
    case "Mul": return try add(name(node), "product", isLarger ? [other, one] : [one, other])
    case "Sub" where !isLarger: return try add(name(node), "difference", [one, other])
    case "Sub":
      return try sum(name(node), [scaled("\(name(node)).negative", other, by: -1), one])
    case "Div" where !isLarger: return try add(name(node), "quotient", [one, other])
    default:
      throw FCNError(.unsupported, "of \(a) and \(b) it is not read")
    }
  }

  /// The sum of layers' outputs; those of one pixel are spread over the first's.
  mutating func sum(_ name: String, _ inputs: [String]) throws -> String {
    let first = try shape(of: inputs[0])
    var terms: [String] = []
    for (index, input) in inputs.enumerated() {
      let own = try shape(of: input)
      let isSpread = own != first && own.c == first.c && own.h == 1 && own.w == 1
      terms.append(
        isSpread
          ? try add(
            "\(name).spread-\(index)", "resize", [input, inputs[0]],
            [("interpolation", .given("nearest")), ("coordinates", .given("asymmetric"))]) : input)
    }
    // Sixteen at most are summed at once.
    while terms.count > 16 {
      let made = try add("\(name).part", "sum", Array(terms.prefix(16)))
      terms = [made] + terms.dropFirst(16)
    }
    return terms.count == 1 ? terms[0] : try add(name, "sum", terms)
  }

  /// `factor` times the output of `layer`.
  mutating func scaled(_ name: String, _ layer: String, by factor: Float) throws -> String {
    factor == 1 ? layer : try add(name, "scale", [layer], [("factor", .given(.number(factor)))])
  }

  /// A layer's output and numbers that are known: a factor and an offset for each channel.
  private mutating func withConstant(
    _ node: ONNXNode, _ source: String, _ view: ONNXValue.View, _ constant: ONNXValue, isFirst: Bool
  ) throws -> String {
    let tensor = try weights(node, isFirst ? 1 : 0)
    guard let tensor else { throw FCNError(.corrupt, "its constant is missing") }
    let channels = try shape(of: source).c
    let rank: Int
    let axis: Int
    switch view {
    case .whole: (rank, axis) = (4, 1)
    case .vector: (rank, axis) = (2, 1)
    case .order(let order): (rank, axis) = (4, order.firstIndex(of: 1) ?? 1)
    case .line, .flat, .grouped, .lifted: return try layer(node)
    }
    let padded = [Int](repeating: 1, count: max(0, rank - tensor.shape.count)) + tensor.shape
    let isOne = tensor.count == 1
    guard padded.count == rank,
      isOne || (padded[axis] == channels && tensor.count == channels)
    else {
      throw FCNError(
        .unsupported,
        "its constant is \(tensor.shape), and the layer's output has \(channels) channels; wanted a "
          + "number, or one a channel")
    }
    let floats = tensor.floats
    var values = isOne ? [Float](repeating: floats[0], count: channels) : floats
    if node.operation == "Pow" {
      guard isFirst, isOne, values[0] == 2 else {
        throw FCNError(.unsupported, "powers other than the square are not read")
      }
      return try add(name(node), "product", [source, source])
    }
    let isFactor = ["Mul", "Div"].contains(node.operation)
    guard isFirst || node.operation != "Div" else {
      throw FCNError(.unsupported, "a constant is divided by a layer's output; that is not read")
    }
    if node.operation == "Div" { values = values.map { 1 / $0 } }
    if node.operation == "Sub", isFirst { values = values.map { -$0 } }
    if isOne, isFactor, abs(values[0] - 1 / 6) < 1e-6, let whole = sixfold(source) {
      return try add(name(node), whole.operation, [whole.input])
    }
    if isOne, isFactor { return try scaled(name(node), source, by: values[0]) }
    if !isFactor, isFirst || node.operation == "Add", values.allSatisfy({ $0 == 0 }) {
      return source
    }
    // Constant less the layer's output turns it round.
    let sign: Float = node.operation == "Sub" && !isFirst ? -1 : 1
    func parameter(_ values: [Float]) throws -> WeightTensor {
      try WeightTensor(name: tensor.name, shape: [channels], floats: values)
    }
    let ones = [Float](repeating: sign, count: channels)
    let zeros = [Float](repeating: 0, count: channels)
    return try add(
      name(node), "affine", [source],
      parameters: [
        ("weight", parameter(isFactor ? values : ones)),
        ("bias", parameter(isFactor ? zeros : values)),
      ])
  }
}
