// Nodes that work on single values.
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
    case "Erf": operation = "error_function"
    case "Gelu":
      if try node.text("approximate", else: "none") != "none" { return try nearlyGELU(node) }
      operation = "gelu"
    case "Selu":
      let (alpha, gamma) = try (
        node.float("alpha", else: 1.673_263_2), node.float("gamma", else: 1.050_700_9)
      )
      let bent = try add(
        "\(name(node)).elu", "elu", [anyLayer(node)], [("alpha", .given(.number(alpha)))])
      return try scaled(name(node), bent, by: gamma)
    case "Celu":
      let alpha = try node.float("alpha", else: 1)
      guard alpha != 0 else { throw FCNError(.corrupt, "its alpha is 0") }
      let narrow = try scaled("\(name(node)).narrow", anyLayer(node), by: 1 / alpha)
      return try scaled(
        name(node), add("\(name(node)).elu", "elu", [narrow]), by: alpha)
    case "Abs":
      operation = "leaky_relu"
      settings = [("slope", .given(.number(-1)))]
    case "Softsign":
      let source = try anyLayer(node)
      let size = try add(
        "\(name(node)).size", "leaky_relu", [source], [("slope", .given(.number(-1)))])
      let sum = try line("\(name(node)).sum", size, 1, 1)
      return try add(name(node), "quotient", [source, sum])
    case "Sqrt", "Reciprocal":
      operation = "power"
      settings = [("exponent", .given(.number(node.operation == "Sqrt" ? 0.5 : -1)))]
    case "Log":
      // Of a sigmoid, as PyTorch's log-sigmoid is written.
      let source = try anyLayer(node)
      guard let inner = layer(named: source), inner.operation is Sigmoid else { return nil }
      let turned = try scaled("\(name(node)).turned", inner.inputs[0], by: -1)
      return try scaled(
        name(node), add("\(name(node)).softplus", "softplus", [turned]), by: -1)
    case "Neg": return try scaled(name(node), anyLayer(node), by: -1)
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
    let line = try line("\(name(node)).line", anyLayer(node), alpha, beta)
    return try add(
      name(node), "clip", [line], [("low", .given(.number(0))), ("high", .given(.number(1)))])
  }

  /// The usual approximation of GELU by the hyperbolic tangent, put together.
  private mutating func nearlyGELU(_ node: ONNXNode) throws -> String {
    let (source, name) = (try anyLayer(node), name(node))
    let cube = try add("\(name).cube", "power", [source], [("exponent", .given(.number(3)))])
    let bent = try sum("\(name).bent", [source, scaled("\(name).part", cube, by: 0.044715)])
    let argument = try scaled("\(name).argument", bent, by: (2 / Float.pi).squareRoot())
    let factor = try line("\(name).factor", add("\(name).tanh", "tanh", [argument]), 0.5, 0.5)
    return try add(name, "product", [source, factor])
  }

  /// slope · x + offset, the same for all channels.
  mutating func line(
    _ name: String, _ source: String, _ slope: Float, _ offset: Float
  ) throws -> String {
    let channels = try shape(of: source).c
    func spread(_ value: Float) throws -> WeightTensor {
      try WeightTensor(
        name: "", shape: [channels], floats: [Float](repeating: value, count: channels))
    }
    return try add(
      name, "affine", [source], parameters: [("weight", spread(slope)), ("bias", spread(offset))])
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
    let (source, view) = try seen(node)
    guard let slope = try weights(node, 1) else {
      throw FCNError(.corrupt, "its slopes are missing")
    }
    let channels = try shape(of: source).c
    let slopes = slope.count == 1 ? slope.floats : channelwise(slope, view, channels)
    guard let slopes else {
      throw FCNError(.unsupported, "its slopes are \(slope.shape); wanted one a channel, or one")
    }
    return try add(
      name(node, weights: 1), "prelu", [source],
      slopes.count == 1 && channels > 1 ? [("shared", .given(true))] : [],
      parameters: [("weight", WeightTensor(name: "", shape: [slopes.count], floats: slopes))])
  }
}
