// Nodes that multiply channels by weights, pixel by pixel.
extension ONNXTranslator {
  /// A matrix of weights times the channels: a 1×1 convolution.
  mutating func product(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(let source, let view) = try required(node, 0) else {
      throw FCNError(
        .unsupported, "its second input comes from pictures; wanted weights times a layer's output")
    }
    guard case .weights? = try operand(node, 1), var weight = try weights(node, 1),
      weight.shape.count == 2
    else {
      throw FCNError(
        .unsupported,
        "its second input is no matrix of weights; wanted one, of in × out channels")
    }
    // Linear layers on vectors, or on the channels where they come last.
    guard view.axes.last == ONNXView.whole(1, try shape(of: source)), view.axes.count > 1 else {
      throw FCNError(
        .unsupported,
        "it multiplies along the last axis of \(view.described); wanted along the channels")
    }
    let isGemm = node.operation == "Gemm"
    let (alpha, beta) = try (node.float("alpha", else: 1), node.float("beta", else: 1))
    let isTurned = try node.integer("transA", else: 0) != 0
    guard alpha == 1, beta == 1, !isTurned else {
      throw FCNError(.unsupported, "alpha and beta must be 1, and transA 0")
    }
    let isInByOut = try node.integer("transB", else: 0) == 0
    if !isGemm || isInByOut {
      weight = try weight.transposedMatrix()
    }
    let bias = isGemm ? try weights(node, 2) : nil
    let made = try add(
      name(node, weights: 1), "convolution", [source],
      [
        ("output_channels", .given(.number(weight.shape[0]))), ("kernel", .given(1)),
        ("bias", .given(.bool(bias != nil))),
      ],
      parameters: [("weight", weight)] + (bias.map { [("bias", $0)] } ?? []))
    var seen = view
    seen.axes[view.axes.count - 1] = ONNXView.whole(1, try shape(of: made))
    return .layer(made, seen)
  }

  /// A window that slides over the channels of one pixel, as efficient channel attention has it:
  /// the channels, moved by some places each way and multiplied; nil where `node` is an ordinary convolution.
  mutating func alongChannels(_ node: ONNXNode) throws -> ONNXValue? {
    let (source, view) = try seen(node)
    let shape = try shape(of: source)
    guard shape.c > 1, view.axes.count == 3, view.axes[0].isEmpty, view.axes[1].isEmpty,
      view.axes[2] == ONNXView.whole(1, shape), let weight = try weights(node, 1),
      weight.shape.count == 3, weight.shape[0] == 1, weight.shape[1] == 1, weight.count % 2 == 1,
      weight.count <= 31, weight.count / 2 < shape.c,
      try node.integers("pads") ?? [0, 0] == [weight.count / 2, weight.count / 2],
      try (node.integers("strides") ?? [1]) + (node.integers("dilations") ?? [1]) == [1, 1],
      try weights(node, 2)?.floats.allSatisfy({ $0 == 0 }) ?? true
    else { return nil }
    let name = name(node, weights: 1)
    func channels(_ range: Range<Int>) -> [(name: String, setting: Setting)] {
      [("channels", .given([.number(range.lowerBound), .number(range.upperBound)]))]
    }
    let zero: [(name: String, setting: Setting)] = [
      ("low", .given(.number(0))), ("high", .given(.number(0))),
    ]
    let factors = weight.floats
    var terms: [String] = []
    for (index, factor) in factors.enumerated() {
      let shift = index - factors.count / 2
      var moved = source
      if shift != 0 {
        let size = abs(shift)
        let range = shift > 0 ? size..<shape.c : 0..<shape.c - size
        let kept = try add("\(name).part\(index)", "slice", [source], channels(range))
        let edge = try add("\(name).edge\(index)", "slice", [source], channels(0..<size))
        let zeros = try add("\(name).zeros\(index)", "clip", [edge], zero)
        moved = try add(
          "\(name).moved\(index)", "concatenation", shift > 0 ? [kept, zeros] : [zeros, kept])
      }
      terms.append(try scaled("\(name).factor\(index)", moved, by: factor))
    }
    return .layer(try sum(name, terms), view)
  }
}
