/// The text.
extension NetworkGraph {
  enum Key {
    static let inputChannels = "input_channels"
    static let stride = "stride"
    static let inputSize = "input_size"
    static let sizes = "sizes"
    static let layers = "layers"
    static let auxiliaryScores = "auxiliary_scores"
    static let name = "name"
    static let operation = "operation"
    static let inputs = "inputs"
    static let attributes = "attributes"
    static let outputChannels = "output_channels"
  }

  static func json(of network: Network) throws -> JSON {
    var members: [JSON.Member] = [
      .init(Key.inputChannels, .number(network.inputChannels)),
      .init(Key.stride, .number(network.stride)),
    ]
    if let size = network.inputSize {
      members.append(.init(Key.inputSize, [.number(size.h), .number(size.w)]))
    }
    if !network.sizes.isEmpty {
      members.append(.init(Key.sizes, .array(network.sizes.map(\.json))))
    }
    members.append(.init(Key.layers, .array(try network.layers.map(json))))
    let auxiliary = network.layers.compactMap { layer in
      network.auxiliaryScores[layer.name].map { JSON.Member(layer.name, .number($0)) }
    }
    if !auxiliary.isEmpty { members.append(.init(Key.auxiliaryScores, .object(auxiliary))) }
    return .object(members)
  }

  private static func json(of layer: Layer) throws -> JSON {
    if let sized = layer.operation as? SizedOperation {
      return json(layer, sized.operation, sized.attributes)
    }
    let name = type(of: layer.operation).name
    return try naming("layer \(layer.name)") {
      guard let operation = layer.operation as? any StoredOperation else {
        throw FCNError(.unsupported, "a file cannot hold the operation \(name)")
      }
      var writer = AttributeWriter()
      operation.write(to: &writer)
      // What is written can be read: settings out of range are found here.
      do {
        _ = try StoredOperations.make(name, .object(writer.members))
      } catch let error as FCNError where error.kind == .corrupt {
        throw FCNError(.invalidArgument, error.message)
      }
      return json(layer, name, writer.members)
    }
  }

  private static func json(
    _ layer: Layer, _ operation: String, _ attributes: [JSON.Member]
  ) -> JSON {
    var members: [JSON.Member] = [
      .init(Key.name, .string(layer.name)), .init(Key.operation, .string(operation)),
      .init(Key.inputs, .array(layer.inputs.map { .string($0) })),
    ]
    if !attributes.isEmpty { members.append(.init(Key.attributes, .object(attributes))) }
    return .object(members)
  }

  static func network(_ json: JSON) throws -> Network {
    try checkMembers(
      json, [Key.inputChannels, Key.stride, Key.layers],
      optional: [Key.auxiliaryScores, Key.inputSize, Key.sizes])
    let reader = try AttributeReader(json)
    let inputChannels = try reader.integer(Key.inputChannels, in: Limits.inputChannels)
    let stride = try reader.integer(Key.stride, in: Limits.stride)
    let inputSize = try json[Key.inputSize].map { _ in
      try reader.extent(Key.inputSize, in: 1...16384)
    }
    let sizes = try json[Key.sizes].map { _ in
      try reader.value(Key.sizes, "an array of sizes", \.elements)
    }
    let layers = try reader.value(Key.layers, "an array of layers", \.elements)
    for (what, count, limit) in [
      ("layers", layers.count, Limits.layers), ("sizes", sizes?.count ?? 0, Limits.sizes),
    ] where count > limit {
      throw FCNError(.unsupported, "there are \(count) \(what); the limit is \(limit)")
    }
    var auxiliaryScores: [String: Float] = [:]
    if let json = json[Key.auxiliaryScores] {
      guard let members = json.members else {
        throw FCNError(
          .corrupt,
          "\(Key.auxiliaryScores) is \(AttributeReader.shown(json)); wanted an object of layers and the "
            + "factors on their losses")
      }
      for member in members {
        guard let factor = member.value.float else {
          throw FCNError(
            .corrupt,
            "\(Key.auxiliaryScores): \(quoted(member.name)) is "
              + "\(AttributeReader.shown(member.value)); wanted a number")
        }
        auxiliaryScores[member.name] = factor
      }
    }
    return try Network(
      inputChannels: inputChannels, stride: stride, inputSize: inputSize,
      layers: layers.enumerated().map { try layer($1, number: $0 + 1) },
      auxiliaryScores: auxiliaryScores,
      sizes: (sizes ?? []).enumerated().map { number, json in
        try naming("size number \(number + 1)") { try SizeNode(json) }
      })
  }

  private static func layer(_ json: JSON, number: Int) throws -> Layer {
    let name = try naming("layer number \(number)") {
      try checkMembers(json, [Key.name, Key.operation, Key.inputs], optional: [Key.attributes])
      guard let name = json[Key.name]?.text else {
        throw FCNError(.corrupt, "\(Key.name) is no string")
      }
      try check(name)
      return name
    }
    return try naming("layer \(name)") {
      guard let operation = json[Key.operation]?.text else {
        throw FCNError(.corrupt, "\(Key.operation) is no string")
      }
      let inputs = json[Key.inputs]?.elements ?? []
      let names = inputs.compactMap(\.text)
      guard !names.isEmpty, names.count == inputs.count else {
        throw FCNError(
          .corrupt, "\(Key.inputs) is no array of strings, the layers whose outputs it takes")
      }
      for name in names { try check(name) }
      let attributes = json[Key.attributes] ?? .object([])
      return Layer(
        name,
        try SizedOperation(operation, attributes) ?? StoredOperations.make(operation, attributes),
        names)
    }
  }

  /// Throws unless `json` is an object that has `needed` and no more than `optional` besides.
  private static func checkMembers(
    _ json: JSON, _ needed: [String], optional: [String]
  ) throws {
    guard let members = json.members else {
      throw FCNError(
        .corrupt,
        "wanted an object of \((needed + optional).joined(separator: ", ")), found "
          + AttributeReader.shown(json))
    }
    for name in needed where json[name] == nil { throw FCNError(.corrupt, "\(name) is missing") }
    for member in members where !(needed + optional).contains(member.name) {
      throw FCNError(
        .unsupported,
        "\(quoted(member.name)) is unknown to this version, which knows "
          + (needed + optional).joined(separator: ", "))
    }
  }

  private static func isProper(_ character: Unicode.Scalar) -> Bool {
    switch character {
    case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-": true
    default: false
    }
  }

  /// Names go into tensors' names, options, messages and other systems' files.
  static func check(_ name: String) throws {
    guard !name.isEmpty, name.utf8.count <= Limits.nameBytes,
      name.unicodeScalars.allSatisfy(isProper)
    else {
      throw FCNError(
        .invalidArgument,
        "the name \(quoted(name)) is not one for a layer; wanted 1…\(Limits.nameBytes) of the letters "
          + "a…z and A…Z, digits, _ . and -")
    }
  }
}
