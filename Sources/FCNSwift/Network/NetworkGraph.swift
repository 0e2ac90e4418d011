/// A network as a model file carries it: layers, their settings and what they take, as JSON.
///
/// Equal networks have equal texts: members stand in a fixed order, and settings that have their default
/// are left out. Whatever is read is checked in full, so that a graph which exists can be run, trained
/// and written.
public struct NetworkGraph: Sendable, Hashable {
  /// What the text describes.
  public let network: Network
  /// The JSON, without white space.
  public let text: String
  /// Channels of the scores.
  public let classCount: Int

  /// Limits on what is read; no network that can be run here comes near them.
  enum Limits {
    static let textBytes = 4 << 20
    static let layers = 4096
    static let nameBytes = 128
    static let inputChannels = 1...64
    static let stride = 1...512
    static let auxiliaryScores = 16
    static let parameters = 1 << 34
  }

  /// Checks `network` and writes it down.
  ///
  /// Throws `invalidArgument` with the layer's name where it cannot serve as a model's, `unsupported` where
  /// an operation is none that files may have, or scores do not lie over the picture.
  public init(_ network: Network) throws {
    let json = try NetworkGraph.json(of: network)
    text = json.compactText
    classCount = try NetworkGraph.check(network)
    self.network = network
  }

  /// Reads what `text` says.
  ///
  /// Throws `corrupt` with the layer and the attribute that is wrong, and what was wanted; `unsupported`
  /// where an operation or attribute is of a newer version, or beyond a limit.
  public init(parsing text: String) throws {
    guard text.utf8.count <= Limits.textBytes else {
      throw FCNError(
        .unsupported,
        "the network takes \(text.utf8.count) bytes of text; the limit is \(Limits.textBytes)")
    }
    let json = try JSON(parsing: text)
    do {
      try self.init(NetworkGraph.network(json))
    } catch let error as FCNError
      where [.invalidArgument, .notFound, .shapeMismatch].contains(error.kind)
    {
      throw FCNError(.corrupt, error.message)
    }
  }

  public static func == (one: NetworkGraph, other: NetworkGraph) -> Bool { one.text == other.text }
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// The JSON for people to read and change: a line a layer.
  public var readableText: String {
    guard let members = (try? NetworkGraph.json(of: network))?.members else { return text }
    let lines = members.map { member in
      guard member.name == Key.layers, let layers = member.value.elements else {
        return "  \"\(member.name)\": \(member.value.compactText)"
      }
      return "  \"\(member.name)\": [\n"
        + layers.map { "    \($0.compactText)" }.joined(separator: ",\n") + "\n  ]"
    }
    return "{\n" + lines.joined(separator: ",\n") + "\n}"
  }

  /// Throws `invalidArgument` where its scores are not of `count` classes.
  public func checkClasses(_ count: Int) throws {
    guard count != classCount else { return }
    let makers = network.layers.filter {
      ($0.operation as? Convolution)?.makesScores == true
    }.map(\.name)
    throw FCNError(
      .invalidArgument,
      "the network makes scores of \(classCount) classes, and there are \(count); in its JSON, change "
        + "\(Key.outputChannels) of the layers that make scores"
        + (makers.isEmpty ? "" : " (\(listed(makers, most: 6)))")
        + ", and of those after them that have it, to \(count)")
  }
}

// MARK: Text

extension NetworkGraph {
  private enum Key {
    static let inputChannels = "input_channels"
    static let stride = "stride"
    static let layers = "layers"
    static let auxiliaryScores = "auxiliary_scores"
    static let name = "name"
    static let operation = "operation"
    static let inputs = "inputs"
    static let attributes = "attributes"
    static let outputChannels = "output_channels"
  }

  private static func json(of network: Network) throws -> JSON {
    var members: [JSON.Member] = [
      .init(Key.inputChannels, .number(network.inputChannels)),
      .init(Key.stride, .number(network.stride)),
      .init(Key.layers, .array(try network.layers.map(json))),
    ]
    let auxiliary = network.layers.compactMap { layer in
      network.auxiliaryScores[layer.name].map { JSON.Member(layer.name, .number($0)) }
    }
    if !auxiliary.isEmpty { members.append(.init(Key.auxiliaryScores, .object(auxiliary))) }
    return .object(members)
  }

  private static func json(of layer: Layer) throws -> JSON {
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
      var members: [JSON.Member] = [
        .init(Key.name, .string(layer.name)), .init(Key.operation, .string(name)),
        .init(Key.inputs, .array(layer.inputs.map { .string($0) })),
      ]
      if !writer.members.isEmpty {
        members.append(.init(Key.attributes, .object(writer.members)))
      }
      return .object(members)
    }
  }

  private static func network(_ json: JSON) throws -> Network {
    try checkMembers(
      json, [Key.inputChannels, Key.stride, Key.layers], optional: [Key.auxiliaryScores])
    let reader = try AttributeReader(json)
    let inputChannels = try reader.integer(Key.inputChannels, in: Limits.inputChannels)
    let stride = try reader.integer(Key.stride, in: Limits.stride)
    let layers = try reader.value(Key.layers, "an array of layers", \.elements)
    guard layers.count <= Limits.layers else {
      throw FCNError(
        .unsupported, "there are \(layers.count) layers; the limit is \(Limits.layers)")
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
      inputChannels: inputChannels, stride: stride,
      layers: layers.enumerated().map { try layer($1, number: $0 + 1) },
      auxiliaryScores: auxiliaryScores)
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
      return Layer(
        name, try StoredOperations.make(operation, json[Key.attributes] ?? .object([])), names)
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
  private static func check(_ name: String) throws {
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

// MARK: Sense

extension NetworkGraph {
  /// Throws unless a model can be made of `network`; returns the number of its classes.
  private static func check(_ network: Network) throws -> Int {
    guard Limits.inputChannels.contains(network.inputChannels),
      Limits.stride.contains(network.stride), network.layers.count <= Limits.layers,
      network.auxiliaryScores.count <= Limits.auxiliaryScores
    else {
      throw FCNError(
        .invalidArgument,
        "the network has \(network.inputChannels) input channels, stride \(network.stride), "
          + "\(network.layers.count) layers and \(network.auxiliaryScores.count) auxiliary scores; the "
          + "most are \(Limits.inputChannels.upperBound), \(Limits.stride.upperBound), "
          + "\(Limits.layers) and \(Limits.auxiliaryScores)")
    }
    var parameterNames: Set<String> = []
    var count = 0
    for parameter in network.parameters {
      parameterNames.insert(parameter.name)
      // No overflow: a parameter has less than 2^57 elements, and counting ends at the limit.
      count += parameter.count
      guard count <= Limits.parameters else {
        throw FCNError(
          .unsupported,
          "up to \(parameter.name) the network has \(count) parameters; the limit is "
            + "\(Limits.parameters)")
      }
    }
    for layer in network.layers {
      try check(layer.name)
      guard !parameterNames.contains(layer.name), !layer.name.hasPrefix("optimizer.") else {
        throw FCNError(
          .invalidArgument,
          "the layer's name \(layer.name) is that of a tensor; give it another one")
      }
    }
    try checkReaders(of: network)
    return try checkScores(of: network)
  }

  /// Throws where the scores do not depend on a layer: training would take its gradient from nowhere.
  private static func checkReaders(of network: Network) throws {
    for (layer, readers) in zip(network.layers, network.readers).dropLast()
    where readers.isEmpty && network.auxiliaryScores[layer.name] == nil {
      throw FCNError(
        .invalidArgument,
        "layer \(layer.name): no layer takes what it makes; leave it out, or have it taken. The last "
          + "layer's output is the network's scores")
    }
  }

  private static func checkScores(of network: Network) throws -> Int {
    let last = network.layers.count - 1
    guard network.auxiliaryScores[network.layers[last].name] == nil else {
      throw FCNError(
        .invalidArgument,
        "layer \(network.layers[last].name) is the last one: its scores are the network's own, not "
          + "auxiliary ones")
    }
    let classes = network.channels[last]
    let sizes = network.probedShapes
    for (index, layer) in network.layers.enumerated() {
      let factor = network.auxiliaryScores[layer.name]
      guard index == last || factor != nil else { continue }
      if let factor, !(factor > 0 && factor <= 1000) {
        throw FCNError(
          .invalidArgument,
          "the factor on the loss of layer \(layer.name) is \(factor); it must be above 0, at most 1000"
        )
      }
      if layer.operation is Softmax {
        throw FCNError(
          .invalidArgument,
          "layer \(layer.name) is a softmax; scores are wanted before it: leave it out")
      }
      guard network.channels[index] == classes else {
        throw FCNError(
          .invalidArgument,
          "layer \(layer.name) makes auxiliary scores of \(network.channels[index]) classes; the "
            + "network's own are of \(classes)")
      }
      guard let sizes else { continue }
      let (small, large) = (sizes.small.shapes[index], sizes.large.shapes[index])
      guard abs(large.h - 2 * small.h) <= 1, abs(large.w - 2 * small.w) <= 1 else {
        throw FCNError(
          .unsupported,
          "layer \(layer.name) makes scores of \(small.h)×\(small.w) for an input of "
            + "\(sizes.small.side)×\(sizes.small.side) and \(large.h)×\(large.w) for "
            + "\(sizes.large.side)×\(sizes.large.side): they are not in proportion to it, so they do "
            + "not lie over the picture. Pad the convolutions, crop the scores to the input, or end "
            + "with a resize that takes the input second")
      }
    }
    return classes
  }
}

extension Network {
  /// The shapes of all layers for two square inputs, the second twice as large as the first, at the
  /// smallest size that serves for both; nil where there is none.
  fileprivate var probedShapes:
    (small: (side: Int, shapes: [Shape]), large: (side: Int, shapes: [Shape]))?
  {
    func probe(_ side: Int) -> (side: Int, shapes: [Shape])? {
      (try? shapes(for: Shape(1, inputChannels, side, side))).map { (side, $0) }
    }
    for factor in [8, 16, 32, 64, 128, 256] {
      if let small = probe(factor * stride), let large = probe(2 * factor * stride) {
        return (small, large)
      }
    }
    return nil
  }
}
