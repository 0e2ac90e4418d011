// The nodes of what gives pictures another size or number of channels.

extension Resize: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let (input, name) = (layer.inputs[0], layer.name)
    let target: String
    switch size {
    case .likeSecondInput: target = graph.size(of: layer.inputs[1])
    case .exact(let size): target = graph.constant("\(name)/size", [size.h, size.w])
    case .scaled(let factor):
      let factors = graph.constant("\(name)/factors", [factor.h, factor.w])
      target = graph.add("Mul", "\(name)/target", [graph.size(of: input), factors])
    case .scaledAndRounded(let h, let w):
      let factors = graph.constant(
        try WeightTensor(name: "\(name)/factors", shape: [4], floats: [1, 1, h, w]))
      return addNode(of: layer, factors: factors, to: &graph)
    }
    return addNodes(of: layer, target: target, to: &graph)
  }

  /// The nodes where `target` is the value that holds the rows and columns wanted.
  func addNodes(of layer: ONNXLayer, target: String, to graph: inout ONNXGraph) -> String {
    let (input, name) = (layer.inputs[0], layer.name)
    let front = graph.add(
      "Shape", "\(name)/front", [input], [.integer("start", 0), .integer("end", 2)])
    let sizes = graph.add("Concat", "\(name)/sizes", [front, target], [.integer("axis", 0)])
    // The inputs left out are a region and factors.
    return graph.add("Resize", name, [input, "", "", sizes], attributesInONNX)
  }

  /// The node where `factors` is the value that holds the factors of all four axes.
  func addNode(of layer: ONNXLayer, factors: String, to graph: inout ONNXGraph) -> String {
    // The input left out is a region.
    graph.add("Resize", layer.name, [layer.inputs[0], "", factors], attributesInONNX)
  }

  private var attributesInONNX: [ONNXAttribute] {
    var attributes: [ONNXAttribute] = [
      .text("mode", interpolation.nameInONNX),
      .text("coordinate_transformation_mode", coordinates.rawValue),
    ]
    switch interpolation {
    case .nearest(let rounding): attributes.append(.text("nearest_mode", rounding.rawValue))
    case .cubic: attributes.append(.float("cubic_coeff_a", -0.75))
    case .bilinear: break
    }
    return attributes
  }
}

extension Resize.Interpolation {
  fileprivate var nameInONNX: String {
    switch self {
    case .nearest: "nearest"
    case .bilinear: "linear"
    case .cubic: "cubic"
    }
  }
}

extension Pad: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let pads = graph.constant("\(layer.name)/pads", [0, 0, top, left, 0, 0, bottom, right])
    return try addNode(of: layer, pads: pads, to: &graph)
  }

  /// The node where `pads` is the value that holds what is added before and after each axis.
  func addNode(of layer: ONNXLayer, pads: String, to graph: inout ONNXGraph) throws -> String {
    switch filling {
    case .constant(let value):
      let value = graph.constant(
        try WeightTensor(name: "\(layer.name)/value", shape: [], floats: [value]))
      return graph.add("Pad", layer.name, layer.inputs + [pads, value])
    case .reflect:
      return graph.add("Pad", layer.name, layer.inputs + [pads], [.text("mode", "reflect")])
    case .edge:
      return graph.add("Pad", layer.name, layer.inputs + [pads], [.text("mode", "edge")])
    }
  }
}

extension Slicing: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let parts = [(1, channels), (2, rows), (3, columns)].filter { $0.1 != .all }
    guard !parts.isEmpty else { return layer.inputs[0] }
    let first = graph.constant("\(layer.name)/first", parts.map(\.1.begin))
    let end = graph.constant("\(layer.name)/end", parts.map { $0.1.end ?? .max })
    let axes = graph.constant("\(layer.name)/axes", parts.map(\.0))
    return graph.add("Slice", layer.name, layer.inputs + [first, end, axes])
  }
}

extension DepthToSpace: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add(
      "DepthToSpace", layer.name, layer.inputs,
      [.integer("blocksize", block), .text("mode", order == .pixelsFirst ? "DCR" : "CRD")])
  }
}

extension SpaceToDepth: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("SpaceToDepth", layer.name, layer.inputs, [.integer("blocksize", block)])
  }
}

extension AveragePool: ONNXOperation {
  /// Of windows that hang over the end, and of those that start there, readers of ONNX think differently.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) throws -> String {
    let pads = window.padding != 0
    guard
      !ceilMode
        || (window.kernel.h >= window.stride.h + window.padding.h
          && window.kernel.w >= window.stride.w + window.padding.w && !(pads && countsPadding))
    else {
      throw FCNError(
        .unsupported,
        "an average in ceil mode of kernel \(window.kernel), stride \(window.stride), padding "
          + "\(window.padding)\(countsPadding ? ", counted," : "") is not the same everywhere ONNX is "
          + "read; wanted a kernel of at least stride plus padding, and no padding that is counted")
    }
    return graph.add(
      "AveragePool", layer.name, layer.inputs,
      window.attributes + [
        .integer("ceil_mode", ceilMode ? 1 : 0),
        .integer("count_include_pad", pads && countsPadding ? 1 : 0),
      ])
  }
}

extension GlobalAveragePool: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("GlobalAveragePool", layer.name, layer.inputs)
  }
}

extension GlobalMaxPool: ONNXOperation {
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    graph.add("GlobalMaxPool", layer.name, layer.inputs)
  }
}

extension AdaptiveAveragePool: ONNXOperation {
  /// Window by window along rows, then along columns; where they begin and end follows from the size.
  func addNodes(of layer: ONNXLayer, to graph: inout ONNXGraph) -> String {
    let size = graph.size(of: layer.inputs[0])
    var value = layer.inputs[0]
    for (axis, count, line) in [(2, bins.h, "rows"), (3, bins.w, "columns")] {
      let name = "\(layer.name)/\(line)"
      let place = graph.constant("\(name)-place", [axis - 2])
      let axes = graph.constant("\(name)-axis", [axis])
      let extent = graph.add("Gather", "\(name)-extent", [size, place])
      let divisor = graph.constant("\(name)-count", [count])
      var windows: [String] = []
      for index in 0..<count {
        let name = "\(name)-\(index)"
        let ends = [("first", index, 0), ("end", index + 1, count - 1)].map { end, factor, more in
          let product = graph.add(
            "Mul", "\(name)-\(end)-product",
            [extent, graph.constant("\(name)-\(end)-factor", [factor])])
          let sum = graph.add(
            "Add", "\(name)-\(end)-sum",
            [product, graph.constant("\(name)-\(end)-more", [more])])
          return graph.add("Div", "\(name)-\(end)", [sum, divisor])
        }
        let part = graph.add("Slice", "\(name)-part", [value] + ends + [axes])
        windows.append(
          graph.add(
            "ReduceMean", "\(name)-mean", [part],
            [.integers("axes", [axis]), .integer("keepdims", 1)]))
      }
      value = graph.add(
        "Concat", axis == 3 ? layer.name : name, windows, [.integer("axis", axis)])
    }
    return value
  }
}
