// Nodes that become a layer, or several.
extension ONNXTranslator {
  /// What `node`, which reads a layer's output, makes; nil where no layer does that.
  mutating func layerValue(of node: ONNXNode) throws -> ONNXValue? {
    switch node.operation {
    case "Identity", "Cast", "CastLike", "Dropout": return try same(node)
    case "Gemm", "MatMul":
      return try spreadByOnes(node) ?? productOfLayers(node) ?? product(node)
    default: break
    }
    if let pairs = try pairs(node) { return .pairs(try changed(node, pairs)) }
    if let windows = try windows(node) { return try changed(node, windows) }
    switch node.operation {
    case "Conv":
      return try alongChannels(node) ?? pointwise(node) ?? convolution(node)
    case "Pad":
      return try paddedChannels(node) ?? pad(node)
    case "AveragePool":
      if let made = try meanOfChannels(node) { return made }
    case "DepthToSpace", "SpaceToDepth":
      if let made = try rearranged(node) { return made }
    case "Tile": return try tiled(node)
    case "InstanceNormalization": return try instanceNorm(node)
    case "LayerNormalization": return try layerNorm(node)
    case "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2":
      return try reduction(node)
    case "Add", "Sum", "Sub", "Mul", "Div", "Pow": return try pair(node)
    case "Max", "Min": return try bounded(node)
    case "Greater", "GreaterOrEqual", "Less", "LessOrEqual": return try threshold(node)
    case "Where": return try choice(node)
    case "Concat": return try concatenation(node)
    case "Slice": return try slice(node)
    case "Gather", "GatherND": return try gather(node)
    case "Softmax", "LogSoftmax", "ArgMax": return try ending(node)
    case "Transpose": return try transposed(node)
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand": return try reshaped(node)
    default: break
    }
    if let made = try picture(of: node) { return .layer(made, .whole(try shape(of: made))) }
    let view = try seenOrWhole(node)
    return try activation(node).map { .layer($0, view) }
  }

  /// The layer that `node`, which works on N×C×H×W, becomes; nil where it is of another kind.
  private mutating func picture(of node: ONNXNode) throws -> String? {
    switch node.operation {
    case "ConvTranspose": return try transposedConvolution(node)
    case "BatchNormalization": return try batchNorm(node)
    case "GroupNormalization": return try groupNorm(node)
    case "LRN": return try responseNorm(node)
    case "MaxPool", "AveragePool": return try pool(node)
    case "MaxUnpool": return try unpooling(node)
    case "Resize", "Upsample": return try resize(node)
    case "DepthToSpace":
      let order = try node.text("mode", else: "DCR").lowercased()
      return try add(
        name(node), "depth_to_space", [layer(node)],
        [
          ("block", .given(.number(node.integer("blocksize", else: 1)))),
          ("order", .given(.string(order))),
        ])
    case "SpaceToDepth":
      return try add(
        name(node), "space_to_depth", [layer(node)],
        [("block", .given(.number(node.integer("blocksize", else: 1))))])
    default: return nil
    }
  }

  /// The outputs of a node that has several; nil where it has one.
  mutating func parts(of node: ONNXNode) throws -> [ONNXValue]? {
    if node.operation == "MaxPool", node.outputs.count > 1, !node.outputs[1].isEmpty {
      return try poolWithPlaces(node)
    }
    guard node.operation == "Split" else { return nil }
    let view = try seen(node).view
    if let made = try splitLines(node) { return made }
    let pieces = try pieces(of: node) { axis in
      view.extents[try SizeValue.axis(axis, of: view.axes.count)]
    }
    let axis = try SizeValue.axis(pieces.axis, of: view.axes.count)
    return try pieces.ranges.enumerated().map { index, range in
      try lines(range, "\(name(node)).\(index)", node, axis)
    }
  }

  private func same(_ node: ONNXNode) throws -> ONNXValue {
    let value = try required(node, 0)
    // Labels are labels in any type.
    if case .ending = value { return value }
    if node.operation == "Cast" {
      let type = try node.integer("to", else: 1)
      guard [1, 10, 11, 16].contains(type) || wholeGrids.contains(node.inputs[0]) else {
        throw FCNError(
          .unsupported, "values of layers are floats, and it makes type \(type) of them")
      }
    }
    return value
  }

  /// How input 0 is seen: single values are computed in any view.
  private func seenOrWhole(_ node: ONNXNode) throws -> ONNXView {
    if case .layer(_, let view)? = try operand(node, 0) { return view }
    return .whole(probe)
  }

  /// The layer of input `index`, in whatever view.
  func anyLayer(_ node: ONNXNode, _ index: Int = 0) throws -> String { try seen(node, index).name }

  /// A softmax over the channels, or the largest channel: what labels are made with.
  private mutating func ending(_ node: ONNXNode) throws -> ONNXValue {
    var (source, view) = try seen(node)
    if let whole = try upright(source, view) {
      (source, view) = (whole, .whole(try shape(of: whole)))
    }
    // Before version 13 a softmax was over all axes from its own on.
    let standard = node.operation == "ArgMax" ? 0 : file.opset < 13 ? 1 : -1
    let shape = try shape(of: source)
    let axis = try SizeValue.axis(try node.integer("axis", else: standard), of: view.axes.count)
    let rest = view.extents[(axis + 1)...].reduce(1, *)
    let isFlat = file.opset < 13 && node.operation != "ArgMax" && rest > 1
    let parts = isFlat ? Array(view.axes[axis...].joined()) : view.axes[axis]
    if node.operation == "Softmax", let made = try softmaxOfPixels(node, source, parts) {
      return .layer(made, view)
    }
    if node.operation == "Softmax", parts.count == 1, let part = parts.first, part.axis == 1,
      part.step > 1, part.extent * part.step == shape.c
    {
      let made = try add(
        name(node), "softmax", [source], [("groups", .given(.number(part.step)))])
      return .layer(made, view)
    }
    guard view.axes[axis] == ONNXView.whole(1, shape), !isFlat else {
      throw FCNError(
        .unsupported,
        "it works along axis \(axis) of \(view.described)\(isFlat ? ", and those after it" : ""); wanted the "
          + "channels alone or, of a softmax, all rows, columns or both, or parts of channels that follow "
          + "each other")
    }
    let pixels = view.axes.joined().map(\.axis).filter { $0 > 1 }
    guard node.operation == "Softmax" || pixels == pixels.sorted() else {
      throw FCNError(
        .unsupported, "it makes labels of \(view.described); wanted rows before columns")
    }
    guard node.operation == "Softmax" else {
      // Only as the graph's end; `ONNXEnds` takes them off again.
      return .ending(source, of: node.operation.lowercased())
    }
    return .layer(try add(name(node), "softmax", [source]), view)
  }

  private mutating func batchNorm(_ node: ONNXNode) throws -> String {
    guard try node.integer("training_mode", else: 0) == 0 else {
      throw FCNError(
        .unsupported, "it takes the statistics of its input; export the network after model.eval()")
    }
    let source = try layer(node)
    let names = ["weight", "bias", "running_mean", "running_var"]
    let parameters = try names.enumerated().compactMap { index, name in
      try weights(node, index + 1).map { (name: name, tensor: $0) }
    }
    return try add(
      name(node, weights: 1), "batch_norm", [source],
      [("epsilon", .given(.number(try node.float("epsilon", else: 1e-5))))], parameters: parameters)
  }

  private mutating func instanceNorm(_ node: ONNXNode) throws -> ONNXValue {
    var (source, view) = try seen(node)
    if let whole = try upright(source, view) {
      (source, view) = (whole, .whole(try self.shape(of: whole)))
    }
    let shape = try shape(of: source)
    let epsilon: (String, Setting) = (
      "epsilon", .given(.number(try node.float("epsilon", else: 1e-5)))
    )
    guard let weight = try weights(node, 1), let bias = try weights(node, 2) else {
      throw FCNError(.corrupt, "its scale or bias is missing")
    }
    if view == .whole(shape) {
      return .layer(
        try add(
          name(node, weights: 1), "instance_normalization", [source], [epsilon],
          parameters: [("weight", weight), ("bias", bias)]), view)
    }
    // Groups of channels with all their pixels, in whatever order.
    let groups = view.axes.count > 2 ? view.extents[1] : 0
    guard view.axes.count == 3, view.axes[0].isEmpty, groups > 0, shape.c % groups == 0,
      groups == 1
        || view.axes[1] == [.init(axis: 1, extent: groups, step: shape.c / groups)],
      view.extents[1] * view.extents[2] == shape.pictureCount
    else { return .layer(try layer(node), view) }
    guard weight.count == groups, bias.count == groups else {
      throw FCNError(
        .shapeMismatch, "its scale is \(weight.shape); wanted one a group, \(groups)")
    }
    func spread(_ tensor: WeightTensor) throws -> WeightTensor {
      let floats = tensor.floats
      return try WeightTensor(
        name: tensor.name, shape: [shape.c],
        floats: (0..<shape.c).map { floats[$0 / (shape.c / groups)] })
    }
    return .layer(
      try add(
        name(node), "group_normalization", [source],
        [epsilon, ("groups", .given(.number(groups)))],
        parameters: [("weight", spread(weight)), ("bias", spread(bias))]), view)
  }

  private mutating func groupNorm(_ node: ONNXNode) throws -> String {
    let source = try layer(node)
    let (channels, groups) = try (shape(of: source).c, node.integer("num_groups", else: 1))
    guard let weight = try weights(node, 1), let bias = try weights(node, 2),
      weight.count == channels
    else {
      // Version 18 had a factor a group.
      throw FCNError(.unsupported, "its scale is not one a channel; export with opset_version=21")
    }
    return try add(
      name(node, weights: 1), "group_normalization", [source],
      [
        ("epsilon", .given(.number(try node.float("epsilon", else: 1e-5)))),
        ("groups", .given(.number(groups))),
      ], parameters: [("weight", weight), ("bias", bias)])
  }

  /// Over the channels of each pixel.
  private mutating func layerNorm(_ node: ONNXNode) throws -> ONNXValue {
    let (source, view) = try seen(node)
    let axis = try SizeValue.axis(try node.integer("axis", else: -1), of: view.axes.count)
    let parts = Array(view.axes[axis...].joined())
    guard parts == ONNXView.whole(1, try shape(of: source)), let weight = try weights(node, 1)
    else {
      throw FCNError(
        .unsupported,
        "it is over the axes from \(axis) on of \(view.described); wanted the channels alone")
    }
    let zeros = [Float](repeating: 0, count: weight.count)
    let bias =
      try weights(node, 2) ?? WeightTensor(name: "bias", shape: weight.shape, floats: zeros)
    return .layer(
      try add(
        name(node, weights: 1), "layer_normalization", [source],
        [("epsilon", .given(.number(try node.float("epsilon", else: 1e-5))))],
        parameters: [("weight", weight), ("bias", bias)]), view)
  }

  private mutating func responseNorm(_ node: ONNXNode) throws -> String {
    try add(
      name(node), "local_response_normalization", [layer(node)],
      [
        ("size", .given(.number(try node.integer("size", else: 1)))),
        ("alpha", .given(.number(try node.float("alpha", else: 1e-4)))),
        ("beta", .given(.number(try node.float("beta", else: 0.75)))),
        ("bias", .given(.number(try node.float("bias", else: 1)))),
      ])
  }
}
