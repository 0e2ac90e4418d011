// Nodes that work on pairs of values.
extension ONNXTranslator {
  /// A sum, difference, product or quotient of two values, of which a layer makes one at least.
  mutating func pair(_ node: ONNXNode) throws -> ONNXValue {
    if node.inputs.count == 1 { return try required(node, 0) }
    if node.operation == "Sum" || node.inputs.count > 2 {
      let inputs = try node.inputs.indices.map { try layer(node, $0) }
      return .layer(try sum(name(node), inputs), .whole(try shape(of: inputs[0])))
    }
    switch (try slim(node, 0), try slim(node, 1)) {
    case (.layer(let one, let view), .layer(let other, let otherView)):
      let made = try laidOver((one, view), (other, otherView), inOrder: true) {
        try $0.pair(node, $1, $2)
      }
      return .layer(made.name, made.view)
    case (.layer(let one, let view), .size(let size))
    where try (node.operation == "Mul" || node.operation == "Div")
      && isOneNumber(.size(size), view):
      return .layer(
        try scaled(name(node), one, by: .size(size), isDivisor: node.operation == "Div"), view)
    case (.size(let size), .layer(let other, let view))
    where try node.operation == "Mul" && isOneNumber(.size(size), view):
      return .layer(try scaled(name(node), other, by: .size(size), isDivisor: false), view)
    case (.layer(let one, let view), .size(let size))
    where try (node.operation == "Add" || node.operation == "Sub")
      && isOneNumber(.size(size), view):
      return .layer(try movedBySize(node, one, .size(size), isFirst: true), view)
    case (.size(let size), .layer(let other, let view))
    where try (node.operation == "Add" || node.operation == "Sub")
      && isOneNumber(.size(size), view):
      return .layer(try movedBySize(node, other, .size(size), isFirst: false), view)
    case (.layer(let one, let view), let constant):
      let (source, seen) = try spreadChannels(one, view, over: constant)
      return .layer(try withConstant(node, source, seen, constant, isFirst: true), seen)
    case (let constant, .layer(let other, let view)):
      let (source, seen) = try spreadChannels(other, view, over: constant)
      return .layer(try withConstant(node, source, seen, constant, isFirst: false), seen)
    default: return .layer(try anyLayer(node), .whole(probe))
    }
  }

  /// Whether a size is one number, which may lie over a value seen so.
  private func isOneNumber(_ size: ONNXValue, _ view: ONNXView) throws -> Bool {
    let value = try probed(size)
    let isUniform = try uniform(size) != nil
    return value.elements.count == 1 && value.extents.count <= view.axes.count && !isUniform
  }

  /// A layer's output times, or divided by, a number that follows from shapes.
  mutating func scaled(
    _ name: String, _ source: String, by size: ONNXValue, isDivisor: Bool
  ) throws -> String {
    let floats = try add(.cast(.float), [size])
    let one = try add(.reshape, [floats, .known(SizeValue([]))])
    let number = try ONNXValue.known(SizeValue(.float, [], [1]))
    let factor = try isDivisor ? add(.binary(.divide), [number, one]) : one
    return try add(name, "scale", [source], [("factor", setting(factor))])
  }

  /// The one channel that `name` repeats; itself where it does not.
  private func unrepeated(_ name: String) throws -> String {
    guard let layer = layer(named: name), layer.operation is Concatenation,
      let first = layer.inputs.first, layer.inputs.allSatisfy({ $0 == first }),
      try shape(of: first).c == 1
    else { return name }
    return first
  }

  private mutating func pair(_ node: ONNXNode, _ one: String, _ other: String) throws -> String {
    // What is repeated for all channels need not be, where the other has them.
    let (plainOne, plainOther) = try (unrepeated(one), unrepeated(other))
    if plainOther != other, plainOne == one { return try pair(node, one, plainOther) }
    if plainOne != one, plainOther == other { return try pair(node, plainOne, other) }
    let (a, b) = try (shape(of: one), shape(of: other))
    if node.operation == "Mul", let name = gate(one, other) ?? gate(other, one) {
      return try add(self.name(node), name.operation, [name.input])
    }
    if node.operation == "Mul", let gelu = gelu(one, other) ?? gelu(other, one) {
      let made = try add(self.name(node), "gelu", [gelu.input])
      return try scaled("\(self.name(node)).twice", made, by: gelu.factor)
    }
    // The larger comes first where the order does not matter.
    let isLarger = b.count > a.count
    switch node.operation {
    case "Add": return try sum(name(node), isLarger ? [other, one] : [one, other])
    case "Mul": return try add(name(node), "product", isLarger ? [other, one] : [one, other])
    case "Sub" where !isLarger: return try add(name(node), "difference", [one, other])
    case "Sub":
      return try sum(name(node), [scaled("\(name(node)).negative", other, by: -1), one])
    case "Div" where !isLarger:
      if let made = try responseNorm(node, one, other) { return made }
      return try add(name(node), "quotient", [one, other])
    case "Div":
      let reciprocal = try add(
        "\(name(node)).reciprocal", "power", [other], [("exponent", .given(.number(-1)))])
      return try add(name(node), "product", [reciprocal, one])
    default:
      throw FCNError(.unsupported, "of \(a) and \(b) it is not read")
    }
  }

  /// The sum of layers' outputs; those of one line are spread over the first's.
  mutating func sum(_ name: String, _ inputs: [String]) throws -> String {
    let first = try shape(of: inputs[0])
    var terms: [String] = []
    for (index, input) in inputs.enumerated() {
      let own = try shape(of: input)
      if own != first, own.c == first.c, own.h == 1, own.w == 1 {
        terms.append(
          try add(
            "\(name).spread-\(index)", "resize", [input, inputs[0]],
            [("interpolation", .given("nearest")), ("coordinates", .given("asymmetric"))]))
      } else {
        terms.append(own == first ? input : try spread(input, over: inputs[0]))
      }
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
    if factor == 1 { return layer }
    // A power of two times another is exact.
    if let before = self.layer(named: layer)?.operation as? Scale, before.factor * factor == 1,
      abs(factor) == 0.5 || abs(factor) == 2
    {
      return self.layer(named: layer)?.inputs[0] ?? layer
    }
    return try add(name, "scale", [layer], [("factor", .given(.number(factor)))])
  }

  /// A layer's output and numbers that are known: a factor and an offset for each channel.
  private mutating func withConstant(
    _ node: ONNXNode, _ source: String, _ view: ONNXView, _ constant: ONNXValue, isFirst: Bool
  ) throws -> String {
    let shape = try shape(of: source)
    let channels = shape.c
    var values: [Float]
    var isOne = true
    switch try uniform(constant) {
    case let (extents, number)?:
      guard try SizeValue.common(view.extents, extents) == view.extents else {
        throw FCNError(.unsupported, "its constant \(extents) is larger than \(view.extents)")
      }
      values = [Float](repeating: number, count: channels)
    case nil:
      guard let tensor = try weights(node, isFirst ? 1 : 0) else {
        throw FCNError(.corrupt, "its constant is missing")
      }
      guard let list = channelwise(tensor, view, channels) else {
        return try withPlanes(node, source, view, tensor, isFirst: isFirst)
      }
      values = list
      isOne = false
    }
    if node.operation == "Pow" {
      guard isFirst, isOne else {
        throw FCNError(.unsupported, "powers that are not one number are not read")
      }
      if values[0] == 1 { return source }
      return values[0] == 2
        ? try add(name(node), "product", [source, source])
        : try add(name(node), "power", [source], [("exponent", .given(.number(values[0])))])
    }
    let isFactor = ["Mul", "Div"].contains(node.operation)
    var source = source
    if node.operation == "Div", !isFirst {
      source = try add(
        "\(name(node)).reciprocal", "power", [source], [("exponent", .given(.number(-1)))])
    } else if node.operation == "Div" {
      values = values.map { 1 / $0 }
    }
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
      try WeightTensor(name: "", shape: [channels], floats: values)
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

  /// The number that a constant is everywhere, and its extents; nil where it has several.
  func uniform(_ value: ONNXValue) throws -> ([Int], Float)? {
    switch value {
    case .filled(let extents, let number): return (extents, number)
    case .weights(let tensor) where tensor.count == 1: return (tensor.shape, tensor.floats[0])
    case .weights(let tensor) where tensor.count <= 1 << 24:
      let floats = tensor.floats
      return floats.allSatisfy { $0 == floats[0] } ? (tensor.shape, floats.first ?? 0) : nil
    case .known(let value):
      guard let first = value.elements.first, value.elements.allSatisfy({ $0 == first }) else {
        return nil
      }
      return (value.extents, Float(first))
    case .size(let name):
      // Zeros, for one, in an array whose extents follow from shapes.
      guard let number = uniformNumber(ofSize: name) else { return nil }
      return (try probed(value).extents, Float(try number.single()))
    default: return nil
    }
  }

  /// What `tensor`, which lies over a value seen so, has for each channel; nil where it has several.
  func channelwise(
    _ tensor: WeightTensor, _ view: ONNXView, _ channels: Int
  ) -> [Float]? {
    let rank = view.axes.count
    let extents = [Int](repeating: 1, count: max(0, rank - tensor.shape.count)) + tensor.shape
    let isChannelwise =
      extents.count == rank
      && zip(view.axes, extents).allSatisfy { parts, extent in
        extent == 1
          || (parts.allSatisfy { $0.axis == 1 } && extent == parts.reduce(1) { $0 * $1.extent })
      }
    guard isChannelwise else { return nil }
    let floats = tensor.floats
    return (0..<channels).map { channel in
      let place = extents.indices.reduce(0) { place, axis in
        place * extents[axis] + (extents[axis] == 1 ? 0 : view.index(of: channel, along: axis))
      }
      return floats[place]
    }
  }
}
