// Means of neighbouring channels, as PyTorch writes local response normalisation: the squares as pictures of
// which the channels are an axis, zeros before and behind, an average along it.
extension ONNXTranslator {
  /// The same number in channels before and behind those of a layer, or of each of its groups; nil where
  /// `node` pads something else.
  mutating func paddedChannels(_ node: ONNXNode) throws -> ONNXValue? {
    let (source, view) = try seen(node)
    let shape = try shape(of: source)
    let rank = view.axes.count
    let pads = try node.integers("pads") ?? known(operand(node, 1))?.integers() ?? []
    guard try node.text("mode", else: "constant") == "constant", pads.count == 2 * rank,
      try operand(node, 3) == nil,
      let axis = (0..<rank).first(where: { pads[$0] != 0 || pads[rank + $0] != 0 }),
      view.axes[axis].count == 1, let part = view.axes[axis].first, part.axis == 1,
      shape.c % (part.extent * part.step) == 0, shape.c / (part.extent * part.step) <= 64,
      pads.indices.allSatisfy({ $0 % rank == axis ? (0...4096).contains(pads[$0]) : pads[$0] == 0 })
    else { return nil }
    let value =
      try operand(node, 2).map { try known($0)?.single() ?? .nan }
      ?? Double(node.float("value", else: 0))
    guard value.isFinite else { return nil }
    let (before, behind) = (pads[axis] * part.step, pads[rank + axis] * part.step)
    let front = try constants(
      Float(value), count: before, like: source, "\(name(node)).before")
    let back = try constants(Float(value), count: behind, like: source, "\(name(node)).behind")
    let block = part.extent * part.step
    guard shape.c / block * (front.count + back.count) <= 4096 else {
      throw FCNError(.unsupported, "it puts too many channels of the same number beside others")
    }
    let groups = try stride(from: 0, to: shape.c, by: block).map { first in
      block == shape.c
        ? source
        : try add(
          "\(name(node)).\(first)", "slice", [source],
          [("channels", .given([.number(first), .number(first + block)]))])
    }
    let made = try add(
      name(node), "concatenation", groups.flatMap { front + [$0] + back })
    if block == shape.c, part.step == 1, value == 0 { zerosAround[made] = (source, before, behind) }
    return .layer(
      made, view.withLines(part.extent + pads[axis] + pads[rank + axis], along: axis, block))
  }

  /// The mean of neighbouring channels: a 1×1 convolution. nil where `node` averages something else.
  mutating func meanOfChannels(_ node: ONNXNode) throws -> ONNXValue? {
    let (source, view) = try seen(node)
    let shape = try shape(of: source)
    guard let kernel = try node.integers("kernel_shape"), kernel.count > 2,
      view.axes.count == kernel.count + 2, shape.c > 1,
      let axis = view.axes.firstIndex(of: ONNXView.whole(1, shape)), axis >= 2,
      kernel.enumerated().allSatisfy({ $0 == axis - 2 || $1 == 1 })
    else { return nil }
    let size = kernel[axis - 2]
    let (strides, pads) = try (node.integers("strides") ?? [], node.integers("pads") ?? [])
    guard (1...shape.c).contains(size), strides.allSatisfy({ $0 == 1 }),
      pads.allSatisfy({ $0 == 0 }), try node.text("auto_pad", else: "NOTSET") == "NOTSET",
      try (node.integers("dilations") ?? []).allSatisfy({ $0 == 1 })
    else { return nil }
    let channels = shape.c - size + 1
    guard let count = checkedProduct(channels, shape.c), count <= 1 << 26 else { return nil }
    try spendOnFolding(count)
    let weight = try WeightTensor(name: "", shape: [channels, shape.c, 1, 1]) { target in
      target.update(repeating: 0)
      for channel in 0..<channels {
        for neighbour in channel..<channel + size {
          target[channel * shape.c + neighbour] = 1 / Float(size)
        }
      }
    }
    let made = try add(
      name(node), "convolution", [source],
      [
        ("output_channels", .given(.number(channels))), ("kernel", .given(1)),
        ("bias", .given(false)),
      ], parameters: [("weight", weight)])
    if let padded = zerosAround[source], padded.before == size / 2,
      padded.behind == (size - 1) / 2
    {
      channelMeans[made] = (padded.source, size)
    }
    var seen = view
    seen.axes[axis] = ONNXView.whole(1, try self.shape(of: made))
    return .layer(made, seen)
  }

  /// The local response normalisation that `one` divided by `other` is, x / (k + α · mean of x²)^β, the mean
  /// of an odd number of channels; nil where it is another quotient.
  mutating func responseNorm(_ node: ONNXNode, _ one: String, _ other: String) throws -> String? {
    var (name, alpha, beta, bias) = (other, Float(1), Float(1), Float(0))
    if let power = layer(named: name), let operation = power.operation as? Power {
      (beta, name) = (operation.exponent, power.inputs[0])
    }
    if let line = layer(named: name), line.operation is Affine,
      let slope = number(line, "weight"), slope == 1, let offset = number(line, "bias")
    {
      (bias, name) = (offset, line.inputs[0])
    }
    if let scale = layer(named: name), let operation = scale.operation as? Scale {
      (alpha, name) = (operation.factor, scale.inputs[0])
    }
    guard let mean = channelMeans[name], mean.size % 2 == 1, alpha >= 0, bias > 0,
      let square = layer(named: mean.source), square.operation is Product,
      square.inputs == [one, one]
    else { return nil }
    return try add(
      self.name(node), "local_response_normalization", [one],
      [
        ("size", .given(.number(mean.size))), ("alpha", .given(.number(alpha))),
        ("beta", .given(.number(beta))), ("bias", .given(.number(bias))),
      ])
  }
}
