/// A network's sizes as they are written to a graph: each as a value of int64 or float32, once a layer
/// takes it.
struct ONNXSizes {
  private let nodes: [SizeNode]
  private var kinds: [String: SizeValue.Kind] = [:]
  /// The graph's values of layers.
  private var values: [String: String] = [:]

  init(_ nodes: [SizeNode]) { self.nodes = nodes }

  /// Tells the value that is layer `layer`'s output.
  mutating func add(_ layer: String, _ value: String) { values[layer] = value }

  /// Adds the nodes of an operation whose settings are sizes.
  ///
  /// Throws `unsupported` where it is none that takes such in ONNX.
  mutating func addNodes(
    of sized: SizedOperation, _ layer: ONNXLayer, to graph: inout ONNXGraph
  ) throws -> String {
    var given = sized.settings
    var computed: [String: String] = [:]
    for setting in sized.computed { computed[setting.name] = setting.size }
    switch sized.operation {
    case Resize.name:
      // Of a size that is computed the rest says how.
      let plain = try StoredOperations.make(sized.operation, .object(given))
      guard let resize = plain as? Resize else { break }
      if let size = computed["size"] {
        return resize.addNodes(of: layer, target: try list(size, .integer, &graph), to: &graph)
      }
      if let factor = computed["factor"] {
        let ones = graph.constant(
          try WeightTensor(name: "\(layer.name)/ones", shape: [2], floats: [1, 1]))
        let factors = graph.add(
          "Concat", "\(layer.name)/factors", [ones, try list(factor, .float, &graph)],
          [.integer("axis", 0)])
        return resize.addNode(of: layer, factors: factors, to: &graph)
      }
    case Pad.name:
      let zeros = graph.constant("\(layer.name)/zeros", [0, 0])
      let edges = try ["top", "left", "bottom", "right"].map { edge in
        if let size = computed[edge] { return try list(size, .integer, &graph) }
        let number = given.first { $0.name == edge }?.value.integer ?? 0
        return graph.constant("\(layer.name)/\(edge)", [number])
      }
      given.removeAll { ["top", "left", "bottom", "right"].contains($0.name) }
      guard let pad = try StoredOperations.make(sized.operation, .object(given)) as? Pad else {
        break
      }
      let pads = graph.add(
        "Concat", "\(layer.name)/pads", [zeros, edges[0], edges[1], zeros, edges[2], edges[3]],
        [.integer("axis", 0)])
      return try pad.addNode(of: layer, pads: pads, to: &graph)
    case Coordinates.name:
      guard let size = computed["size"],
        let plain = try StoredOperations.make(sized.operation, .object(given)) as? Coordinates
      else { break }
      return try plain.addNodes(of: layer, size: try list(size, .integer, &graph), to: &graph)
    case Scale.name:
      guard let size = computed["factor"] else { break }
      return graph.add("Mul", layer.name, [layer.inputs[0], try list(size, .float, &graph)])
    case Slicing.name:
      var value = layer.inputs[0]
      for (axis, name) in [(1, "channels"), (2, "rows"), (3, "columns")] {
        let bounds: String
        if let size = computed[name] {
          bounds = try list(size, .integer, &graph)
        } else if let numbers = given.first(where: { $0.name == name })?.value.elements {
          bounds = graph.constant(
            "\(layer.name)/\(name)",
            [numbers.first?.integer ?? 0, numbers.count > 1 ? numbers[1].integer ?? 0 : .max])
        } else {
          continue
        }
        let ends = (0..<2).map { index in
          graph.add(
            "Gather", "\(layer.name)/\(name)/\(index)",
            [bounds, graph.constant("\(layer.name)/\(name)/place\(index)", [index])],
            [.integer("axis", 0)])
        }
        value = graph.add(
          "Slice", axis == 3 ? "\(layer.name)/last" : "\(layer.name)/\(name)/part",
          [value] + ends + [graph.constant("\(layer.name)/\(name)/axis", [axis])])
      }
      return graph.add("Identity", layer.name, [value])
    default: break
    }
    throw FCNError(
      .unsupported, "there is no way to write \(sized.operation) with computed settings as ONNX")
  }

  /// The value of size `name` as a list of `kind`.
  private mutating func list(
    _ name: String, _ kind: SizeValue.Kind, _ graph: inout ONNXGraph
  ) throws -> String {
    let value = try value(name, &graph)
    let typed = kinds[name] == kind ? value : cast(value, kind, &graph)
    let list = "\(typed)/list"
    if lists.insert(list).inserted {
      _ = graph.add("Reshape", list, [typed, graph.constant("\(list)/extents", [-1])])
    }
    return list
  }

  private var lists: Set<String> = []
  private var casts: Set<String> = []

  private mutating func cast(
    _ value: String, _ kind: SizeValue.Kind, _ graph: inout ONNXGraph
  ) -> String {
    let name = "\(value)/\(kind.rawValue)"
    guard casts.insert(name).inserted else { return name }
    return graph.add("Cast", name, [value], [.integer("to", kind == .integer ? 7 : 1)])
  }

  /// The value of size `name`, whose nodes are added with those that it needs.
  private mutating func value(_ name: String, _ graph: inout ONNXGraph) throws -> String {
    var needed: Set<String> = [name]
    for node in nodes.reversed() where needed.contains(node.name) && node.measured == nil {
      needed.formUnion(node.inputs)
    }
    for node in nodes where needed.contains(node.name) && kinds[node.name] == nil {
      kinds[node.name] = try naming("size \(node.name)") { try add(node, &graph) }
    }
    return "sizes/\(name)"
  }
}

extension ONNXSizes {
  /// Adds `node`; returns what its numbers are.
  private mutating func add(
    _ node: SizeNode, _ graph: inout ONNXGraph
  ) throws -> SizeValue.Kind {
    let name = "sizes/\(node.name)"
    if let measured = node.measured {
      guard let value = values[measured] else {
        throw FCNError(.internalDefect, "the layer \(measured) is not written yet")
      }
      _ = graph.add("Shape", name, [value])
      return .integer
    }
    let inputs = node.inputs.map { "sizes/\($0)" }
    let own = node.inputs.map { kinds[$0] ?? .integer }
    let first = own.first ?? .integer
    func constant(_ part: String, _ list: [Int]) -> String {
      graph.constant("\(name)/\(part)", list)
    }
    func truth(_ value: String, _ index: Int) -> String {
      graph.add("Cast", "\(name)/truth\(index)", [value], [.integer("to", 9)])
    }
    /// As int64 what `type` makes, which is true or false.
    func asNumber(_ type: String, _ inputs: [String]) -> SizeValue.Kind {
      let made = graph.add(type, "\(name)/made", inputs)
      _ = graph.add("Cast", name, [made], [.integer("to", 7)])
      return .integer
    }
    func plain(_ type: String, _ inputs: [String], _ attributes: [ONNXAttribute] = []) {
      _ = graph.add(type, name, inputs, attributes)
    }
    switch node.function {
    case .shape: break
    case .constant(let value): try add(value, name, &graph); return value.kind
    case .fill(let value):
      try add(SizeValue(value.kind, [], [value.single()]), "\(name)/number", &graph)
      plain("Expand", ["\(name)/number", inputs[0]])
      return value.kind
    case .unary(.not): return asNumber("Not", [truth(inputs[0], 0)])
    case .unary(let function):
      let isWhole = [.floor, .ceil, .round].contains(function) && first == .integer
      plain(isWhole ? "Identity" : Self.unary[function] ?? "Identity", inputs)
    case .binary(let function):
      let kind: SizeValue.Kind = own.contains(.float) ? .float : .integer
      guard function != .modulo || kind == .integer else {
        throw FCNError(.unsupported, "ONNX has no remainder of floats that counts from below")
      }
      let type = Self.binary[function] ?? "Add"
      if function == .and || function == .or {
        return asNumber(type, [truth(inputs[0], 0), truth(inputs[1], 1)])
      }
      let alike = zip(inputs, own).map { $1 == kind ? $0 : cast($0, kind, &graph) }
      if function.compares { return asNumber(type, alike) }
      plain(type, alike)
      return kind
    case .select:
      plain("Where", [truth(inputs[0], 0), inputs[1], inputs[2]])
      return own[1]
    case .cast(let kind):
      plain("Cast", inputs, [.integer("to", kind == .integer ? 7 : 1)])
      return kind
    case .truth:
      _ = graph.add("Cast", name, [truth(inputs[0], 0)], [.integer("to", 7)])
      return .integer
    case .gather(let axis): plain("Gather", inputs, [.integer("axis", axis)])
    case .concatenate(let axis): plain("Concat", inputs, [.integer("axis", axis)])
    case .slice: plain("Slice", inputs)
    case .reshape: plain("Reshape", inputs)
    case .transpose(let order): plain("Transpose", inputs, [.integers("perm", order)])
    case .squeeze(let axes):
      plain("Squeeze", inputs + (axes.isEmpty ? [] : [constant("axes", axes)]))
    case .unsqueeze(let axes): plain("Unsqueeze", inputs + [constant("axes", axes)])
    case .expand: plain("Expand", inputs)
    case .range: plain("Range", inputs)
    case .reduce(.sum, let axes, let keepsAxes):
      plain(
        "ReduceSum", inputs + (axes.map { [constant("axes", $0)] } ?? []),
        [.integer("keepdims", keepsAxes ? 1 : 0)])
    case .reduce(let reduction, let axes, let keepsAxes):
      let type = [.product: "ReduceProd", .minimum: "ReduceMin", .maximum: "ReduceMax"][reduction]
      plain(
        type ?? "ReduceMax", inputs,
        (axes.map { [.integers("axes", $0)] } ?? []) + [.integer("keepdims", keepsAxes ? 1 : 0)])
    }
    return first
  }

  private func add(_ value: SizeValue, _ name: String, _ graph: inout ONNXGraph) throws {
    switch value.kind {
    case .integer: _ = graph.constant(name, try value.integers(), extents: value.extents)
    case .float:
      _ = graph.constant(
        try WeightTensor(name: name, shape: value.extents, floats: value.elements.map { Float($0) })
      )
    }
  }

  private static let unary: [SizeFunction.Unary: String] = [
    .negative: "Neg", .absolute: "Abs", .floor: "Floor", .ceil: "Ceil", .round: "Round",
    .sign: "Sign", .root: "Sqrt",
  ]

  private static let binary: [SizeFunction.Binary: String] = [
    .add: "Add", .subtract: "Sub", .multiply: "Mul", .divide: "Div", .modulo: "Mod",
    .minimum: "Min", .maximum: "Max", .power: "Pow", .equal: "Equal", .less: "Less",
    .greater: "Greater", .lessOrEqual: "LessOrEqual", .greaterOrEqual: "GreaterOrEqual",
    .and: "And", .or: "Or",
  ]
}
