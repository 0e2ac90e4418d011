// Nodes that become a layer, or several.
extension ONNXTranslator {
  /// What `node`, which reads a layer's output, makes; nil where no layer does that.
  mutating func layerValue(of node: ONNXNode) throws -> ONNXValue? {
    switch node.operation {
    case "Identity", "Cast", "CastLike", "Dropout": return try same(node)
    case "Conv": return .layer(try convolution(node), .whole)
    case "ConvTranspose": return .layer(try transposedConvolution(node), .whole)
    case "Gemm", "MatMul": return try product(node)
    case "BatchNormalization": return .layer(try batchNorm(node), .whole)
    case "InstanceNormalization": return try instanceNorm(node)
    case "GroupNormalization": return .layer(try groupNorm(node), .whole)
    case "LayerNormalization": return try layerNorm(node)
    case "LRN": return .layer(try responseNorm(node), .whole)
    case "MaxPool", "AveragePool": return .layer(try pool(node), .whole)
    case "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax":
      return try globalPool(node)
    case "ReduceSum": return try stackedSum(node)
    case "Add", "Sum", "Sub", "Mul", "Div", "Pow": return try pair(node)
    case "Neg": return .layer(try scaled(name(node), layer(node), by: -1), .whole)
    case "Concat": return try concatenation(node)
    case "Slice": return .layer(try slice(node), .whole)
    case "Pad": return .layer(try pad(node), .whole)
    case "Resize", "Upsample": return .layer(try resize(node), .whole)
    case "DepthToSpace":
      let order = try node.text("mode", else: "DCR").lowercased()
      return .layer(
        try add(
          name(node), "depth_to_space", [layer(node)],
          [
            ("block", .given(.number(node.integer("blocksize", else: 1)))),
            ("order", .given(.string(order))),
          ]), .whole)
    case "SpaceToDepth":
      return .layer(
        try add(
          name(node), "space_to_depth", [layer(node)],
          [("block", .given(.number(node.integer("blocksize", else: 1))))]), .whole)
    case "Softmax", "LogSoftmax", "ArgMax": return try ending(node)
    case "Transpose": return try transposed(node)
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand": return try reshaped(node)
    default:
      return try activation(node).map { .layer($0, try view(node)) }
    }
  }

  /// The outputs of a node that has several; nil where it has one.
  mutating func parts(of node: ONNXNode) throws -> [ONNXValue]? {
    guard node.operation == "Split" else { return nil }
    let source = try layer(node)
    let shape = try shape(of: source)
    let pieces = try pieces(of: node) { axis in
      guard [1, -3].contains(axis) else {
        throw FCNError(.unsupported, "it divides along axis \(axis); wanted the channels, axis 1")
      }
      return shape.c
    }
    return try pieces.ranges.enumerated().map { index, range in
      .layer(
        try add(
          "\(name(node)).\(index)", "slice", [source],
          [("channels", .given([.number(range.lowerBound), .number(range.upperBound)]))]), .whole)
    }
  }

  private func same(_ node: ONNXNode) throws -> ONNXValue {
    if node.operation == "Cast" {
      let type = try node.integer("to", else: 1)
      guard [1, 10, 11, 16].contains(type) else {
        throw FCNError(
          .unsupported, "values of layers are floats, and it makes type \(type) of them")
      }
    }
    return try required(node, 0)
  }

  /// How input 0 is seen: single values are computed in any view.
  private func view(_ node: ONNXNode) throws -> ONNXValue.View {
    if case .layer(_, let view) = try required(node, 0) { return view }
    return .whole
  }

  /// The layer of input `index`, in whatever view.
  func anyLayer(_ node: ONNXNode, _ index: Int = 0) throws -> String {
    guard case .layer(let name, _) = try required(node, index) else {
      return try layer(node, index)
    }
    return name
  }

  /// A softmax over the channels, or the largest channel: what labels are made with.
  private mutating func ending(_ node: ONNXNode) throws -> ONNXValue {
    guard case .layer(let source, let view) = try required(node, 0) else {
      return .layer(try layer(node), .whole)
    }
    var order = [0, 1, 2, 3]
    if case .order(let axes) = view { order = axes }
    // Before version 13 a softmax was over all axes from its own on.
    let standard = node.operation == "ArgMax" ? 0 : file.opset < 13 ? 1 : -1
    let axis = SizeValue.place(try node.integer("axis", else: standard), of: 4)
    let shape = try shape(of: source)
    let isFlat =
      file.opset < 13 && node.operation != "ArgMax" && axis != 3 && shape.h * shape.w > 1
    guard let axis, order[axis] == 1, !isFlat, view == .whole || view == .order(order) else {
      throw FCNError(
        .unsupported,
        "it works along another axis than the channels\(isFlat ? " alone" : ""); wanted the channels"
      )
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
    guard case .layer(let source, let view) = try required(node, 0) else {
      return .layer(try layer(node), .whole)
    }
    let channels = try shape(of: source).c
    let epsilon: (String, Setting) = (
      "epsilon", .given(.number(try node.float("epsilon", else: 1e-5)))
    )
    guard let weight = try weights(node, 1), let bias = try weights(node, 2) else {
      throw FCNError(.corrupt, "its scale or bias is missing")
    }
    switch view {
    case .whole:
      return .layer(
        try add(
          name(node, weights: 1), "instance_normalization", [source], [epsilon],
          parameters: [("weight", weight), ("bias", bias)]), .whole)
    case .grouped(let groups):
      guard weight.count == groups, bias.count == groups, groups > 0, channels % groups == 0 else {
        throw FCNError(
          .shapeMismatch, "its scale is \(weight.shape); wanted one a group, \(groups)")
      }
      func spread(_ tensor: WeightTensor) throws -> WeightTensor {
        let floats = tensor.floats
        return try WeightTensor(
          name: tensor.name, shape: [channels],
          floats: (0..<channels).map { floats[$0 / (channels / groups)] })
      }
      return .layer(
        try add(
          name(node), "group_normalization", [source],
          [epsilon, ("groups", .given(.number(groups)))],
          parameters: [("weight", spread(weight)), ("bias", spread(bias))]), view)
    case .vector, .line, .flat, .lifted, .order:
      return .layer(try layer(node), .whole)
    }
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

  /// Over the channels of each pixel, which come last for it.
  private mutating func layerNorm(_ node: ONNXNode) throws -> ONNXValue {
    let axis = try node.integer("axis", else: -1)
    guard case .layer(let source, .order([0, 2, 3, 1])) = try required(node, 0),
      [-1, 3].contains(axis), let weight = try weights(node, 1)
    else {
      throw FCNError(
        .unsupported,
        "it is over the axes from \(axis) on; wanted the channels, in the order N×H×W×C")
    }
    let zeros = [Float](repeating: 0, count: weight.count)
    let bias =
      try weights(node, 2) ?? WeightTensor(name: "bias", shape: weight.shape, floats: zeros)
    return .layer(
      try add(
        name(node, weights: 1), "layer_normalization", [source],
        [("epsilon", .given(.number(try node.float("epsilon", else: 1e-5))))],
        parameters: [("weight", weight), ("bias", bias)]), .order([0, 2, 3, 1]))
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
