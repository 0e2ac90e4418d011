/// An operation that ONNX has too, or that can be put together of what it has.
protocol ONNXOperation: Operation {
  /// Adds the nodes that compute it to `graph`; returns the name of the value that is its output.
  ///
  /// Throws `unsupported` where ONNX, with these settings, means something else.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String
}

/// A layer as its operation has to write it.
struct ONNXLayer {
  /// What its last node is to be called; that of other nodes starts with it and a slash.
  let name: String
  /// The values it takes.
  let inputs: [String]
  /// The constants that hold its parameters, in the operation's order.
  let parameters: [String]
  /// What a pool is to call the places of its maxima; nil where nobody asks for them.
  var places: String?
}

extension Window {
  /// The settings that convolutions and pools share; padding is alike on both sides.
  var attributes: [ONNXAttribute] {
    [
      .integers("kernel_shape", [kernel.h, kernel.w]), .integers("strides", [stride.h, stride.w]),
      .integers("pads", [padding.h, padding.w, padding.h, padding.w]),
    ]
  }
}

extension Convolution: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "Conv", layer.name, layer.inputs + layer.parameters,
      window.attributes + [
        .integers("dilations", [window.dilation.h, window.dilation.w]), .integer("group", groups),
      ])
  }
}

extension TransposedConvolution: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "ConvTranspose", layer.name, layer.inputs + layer.parameters,
      window.attributes + [.integer("group", groups)])
  }
}

extension ReLU: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Relu", layer.name, layer.inputs)
  }
}

extension LeakyReLU: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("LeakyRelu", layer.name, layer.inputs, [.float("alpha", slope)])
  }
}

extension ClippedReLU: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    try graph.clip(layer, low: 0, high: limit)
  }
}

extension Clip: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    try graph.clip(layer, low: low, high: high)
  }
}

extension ONNXGraph {
  fileprivate mutating func clip(_ layer: ONNXLayer, low: Float, high: Float) throws -> String {
    let bounds = try [("least", low), ("greatest", high)].map { name, value in
      constant(try WeightTensor(name: "\(layer.name)/\(name)", shape: [], floats: [value]))
    }
    return add("Clip", layer.name, layer.inputs + bounds)
  }
}

extension Tanh: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Tanh", layer.name, layer.inputs)
  }
}

extension ELU: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Elu", layer.name, layer.inputs, [.float("alpha", alpha)])
  }
}

extension Softplus: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Softplus", layer.name, layer.inputs)
  }
}

extension Mish: ONNXOperation {
  /// ONNX has it in one from the next version of its operators on.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let soft = graph.add("Softplus", "\(layer.name)/softplus", layer.inputs)
    let factor = graph.add("Tanh", "\(layer.name)/factor", [soft])
    return graph.add("Mul", layer.name, layer.inputs + [factor])
  }
}

extension Exponential: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Exp", layer.name, layer.inputs)
  }
}

extension GELU: ONNXOperation {
  /// x · (1 + erf(x / √2)) / 2: ONNX has it in one from version 20 of its operators on.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    func number(_ name: String, _ value: Float) throws -> String {
      graph.constant(try WeightTensor(name: "\(layer.name)/\(name)", shape: [], floats: [value]))
    }
    let root = try number("root", Float(0.5).squareRoot())
    let argument = graph.add("Mul", "\(layer.name)/argument", layer.inputs + [root])
    let error = graph.add("Erf", "\(layer.name)/error", [argument])
    let twice = graph.add("Add", "\(layer.name)/twice", [error, try number("one", 1)])
    let half = graph.add("Mul", "\(layer.name)/half", layer.inputs + [try number("half-one", 0.5)])
    return graph.add("Mul", layer.name, [half, twice])
  }
}

extension Sigmoid: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Sigmoid", layer.name, layer.inputs)
  }
}

extension HardSigmoid: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "HardSigmoid", layer.name, layer.inputs, [.float("alpha", 1 / 6), .float("beta", 0.5)])
  }
}

extension HardSwish: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("HardSwish", layer.name, layer.inputs)
  }
}

extension SiLU: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let factor = graph.add("Sigmoid", "\(layer.name)/factor", layer.inputs)
    return graph.add("Mul", layer.name, layer.inputs + [factor])
  }
}

extension MaxPool: ONNXOperation {
  /// Before opset 22 ONNX does not say that a window which starts in the right padding is dropped.
  /// With a kernel of at least stride plus padding there is no such window.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    guard
      !ceilMode
        || (window.span.h >= window.stride.h + window.padding.h
          && window.span.w >= window.stride.w + window.padding.w && window.dilation == 1)
    else {
      throw FCNError(
        .unsupported,
        "a pool in ceil mode of kernel \(window.kernel), stride \(window.stride), padding "
          + "\(window.padding) is not the same everywhere ONNX is read; wanted a kernel of at least "
          + "stride plus padding")
    }
    let attributes =
      window.attributes + [.integer("ceil_mode", ceilMode ? 1 : 0)]
      + (window.dilation == 1
        ? [] : [.integers("dilations", [window.dilation.h, window.dilation.w])])
    guard let places = layer.places else {
      return graph.add("MaxPool", layer.name, layer.inputs, attributes)
    }
    graph.addPool(layer.name, places: places, of: window, layer.inputs, attributes)
    return layer.name
  }
}

extension MaxPoolIndices: ONNXOperation {
  /// The second output of the pool beside it, or of one of its own.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    if graph.places[layer.name] == nil {
      graph.addPool(
        "\(layer.name)/largest", places: layer.name, of: window, layer.inputs, window.attributes)
    }
    return layer.name
  }
}

extension MaxUnpool: ONNXOperation {
  /// ONNX counts places over the whole value that was pooled, which has the size of this one's output: its
  /// windows covered it whole.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    guard graph.places[layer.inputs[1]] == window, graph.places[layer.inputs[0]] == nil else {
      throw FCNError(
        .unsupported,
        "ONNX counts places over the whole value that was pooled; wanted as second input max_pool_indices "
          + "of the kernel \(window.kernel), as it was made")
    }
    return graph.add("MaxUnpool", layer.name, layer.inputs, window.attributes)
  }
}

extension Sum: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Sum", layer.name, layer.inputs)
  }
}

extension Concatenation: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("Concat", layer.name, layer.inputs, [.integer("axis", 1)])
  }
}

extension Crop: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let size = graph.size(of: layer.inputs[1])
    return graph.crop(layer.inputs[0], layer.name, to: size, offset: offset)
  }
}

extension BatchNorm: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "BatchNormalization", layer.name, layer.inputs + layer.parameters,
      [.float("epsilon", epsilon)])
  }
}

extension Dropout: ONNXOperation {
  /// Outside training nothing happens.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String { layer.inputs[0] }
}

extension Softmax: ONNXOperation {
  /// Groups are made an axis of their own.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let name = layer.name
    guard groups > 1 else {
      return graph.add("Softmax", name, layer.inputs, [.integer("axis", 1)])
    }
    let front = graph.constant("\(name)/groups", [0, -1, groups])
    let size = graph.size(of: layer.inputs[0])
    let target = graph.add("Concat", "\(name)/apart-shape", [front, size], [.integer("axis", 0)])
    let apart = graph.add("Reshape", "\(name)/apart", [layer.inputs[0], target])
    let weights = graph.add("Softmax", "\(name)/weights", [apart], [.integer("axis", 1)])
    let whole = graph.add("Shape", "\(name)/shape", layer.inputs)
    return graph.add("Reshape", name, [weights, whole])
  }
}

extension LocalResponseNormalization: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "LRN", layer.name, layer.inputs,
      [
        .integer("size", size), .float("alpha", alpha), .float("beta", beta),
        .float("bias", bias),
      ])
  }
}

extension Scale: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let factor = graph.constant(
      try WeightTensor(name: "\(layer.name)/factor", shape: [], floats: [factor]))
    return graph.add("Mul", layer.name, layer.inputs + [factor])
  }
}
