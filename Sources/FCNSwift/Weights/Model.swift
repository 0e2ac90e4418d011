import Synchronization

/// A trained or fresh network, ready to be run or written: a description, the network that follows
/// from it, and a tensor for each of the network's parameters.
///
/// Immutable, so any number of threads and sessions may share one. Weights are taken as they are
/// found: whether they are finite is not checked here, since it would read every page of a mapped file,
/// but when they are used.
public final class Model: Sendable {
  /// Architecture, classes, palette and preprocessing.
  public let description: ModelDescription
  /// The network that the architecture and its options make, or the graph is.
  public let network: Network
  /// Exactly the network's parameters, by name.
  public let weights: [String: WeightTensor]
  /// The ranges that `Precision.int8` gives bytes for; nil of a model that was not calibrated.
  public let ranges: ValueRanges?
  /// What whoever runs it has made of it, for others who do.
  let shared = SharedObjects()

  /// Makes a model of its parts.
  ///
  /// Throws `invalidArgument` or `notFound` where the description is not sound, and `shapeMismatch`
  /// with the name of every weight that is missing, unknown or of another shape.
  public convenience init(
    description: ModelDescription, weights: [WeightTensor], ranges: ValueRanges? = nil
  ) throws {
    let network = try Model.network(for: description)
    try Model.check(
      weights.map { ($0.name, $0.shape) }, against: network.parameters, of: description)
    try ranges?.check(against: network)
    self.init(
      checked: description, network,
      Dictionary(weights.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }), ranges)
  }

  /// Maps the model file at `path` and checks all but the values of its weights.
  ///
  /// The file may be renamed, replaced or deleted while the model lives, but not truncated or
  /// overwritten in place: weights are read from it as they are needed.
  ///
  /// Throws `unsupported` where the file is of another kind, of a newer version, or holds weights
  /// only; `corrupt` where it contradicts itself or ends early; and as `init(description:weights:)`.
  public convenience init(contentsOf path: String) throws {
    let storage = try ByteStorage(mapping: path)
    let (description, network, weights, ranges) = try naming(path) { try Model.read(storage) }
    self.init(checked: description, network, weights, ranges)
  }

  /// Reads a model file that is in memory; the bytes are copied.
  public convenience init(copying bytes: UnsafeRawBufferPointer) throws {
    let (description, network, weights, ranges) = try Model.read(ByteStorage(copying: bytes))
    self.init(checked: description, network, weights, ranges)
  }

  /// Reads a model file that is in memory, which must neither change nor go away while the model
  /// lives; `owner`, if any, is kept alive as long.
  public convenience init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject?) throws {
    let (description, network, weights, ranges) = try Model.read(
      ByteStorage(borrowing: bytes, owner: owner))
    self.init(checked: description, network, weights, ranges)
  }

  private init(
    checked description: ModelDescription, _ network: Network, _ weights: [String: WeightTensor],
    _ ranges: ValueRanges?
  ) {
    self.description = description
    self.network = network
    self.weights = weights
    self.ranges = ranges
  }

  /// The weights in the network's order.
  public var orderedWeights: [WeightTensor] {
    network.parameters.compactMap { weights[$0.name] }
  }

  /// Elements of all weights together, running statistics included.
  public var parameterCount: Int {
    weights.values.reduce(0) { $0 + $1.count }
  }

  /// Whether the architecture's option says so or, of a graph, a layer is a batch normalisation.
  public var hasBatchNorm: Bool {
    description.graph == nil
      ? description.options.batchNorm : network.layers.contains { $0.operation is BatchNorm }
  }

  /// Writes the model to `path`, its weights as float32 or float16, or as they are where `elementType` is
  /// nil, under a temporary name that is renamed once the file is whole.
  ///
  /// Throws `notFinite` with the tensor's name where float16 cannot hold a weight, and
  /// `inputOutput` where the system refuses; what stood at `path` is then still there.
  public func write(to path: String, elementType: ElementType? = .float32) throws {
    try naming(path) {
      let converted =
        try orderedWeights.map { try $0.converted(to: elementType ?? $0.elementType) }
        + (ranges?.tensors() ?? [])
      try Safetensors.write(converted, metadata: description.metadata, to: path)
    }
  }
}

extension Model {
  /// The network of a description that has been found sound.
  static func network(for description: ModelDescription) throws -> Network {
    try description.validate()
    return try description.network()
  }

  private static func read(
    _ storage: ByteStorage
  ) throws -> (ModelDescription, Network, [String: WeightTensor], ValueRanges?) {
    let file = try Safetensors(storage)
    let description = try ModelDescription(metadata: file.metadata)
    let network = try network(for: description)
    let own = file.entries.filter { !$0.name.hasPrefix(ValueRanges.prefix) }
    try check(own.map { ($0.name, $0.shape) }, against: network.parameters, of: description)
    var weights: [String: WeightTensor] = [:]
    for entry in own { weights[entry.name] = try file.tensor(named: entry.name) }
    let tensors = try file.entries.filter { $0.name.hasPrefix(ValueRanges.prefix) }
      .map { try file.tensor(named: $0.name) }
    let ranges = try tensors.isEmpty ? nil : ValueRanges(tensors)
    try ranges?.check(against: network)
    return (description, network, weights, ranges)
  }

  /// Throws unless the tensors found are exactly those wanted, with all that is amiss in one error.
  private static func check(
    _ found: [(name: String, shape: [Int])], against wanted: [ParameterSpecification],
    of description: ModelDescription
  ) throws {
    var shapes: [String: [Int]] = [:]
    for (name, shape) in found where shapes.updateValue(shape, forKey: name) != nil {
      throw FCNError(.invalidArgument, "tensor \(quoted(name)): two are given under this name")
    }
    var missing: [String] = []
    var wrong: [String] = []
    for parameter in wanted {
      guard let shape = shapes.removeValue(forKey: parameter.name) else {
        missing.append("\(parameter.name) \(parameter.shape)")
        continue
      }
      if shape != parameter.shape {
        wrong.append("\(parameter.name) (found \(shape), wanted \(parameter.shape))")
      }
    }
    let faults = [
      ("missing", missing), ("of another shape", wrong),
      ("unknown to the network", shapes.keys.sorted().map { quoted($0) }),
    ].filter { !$0.1.isEmpty }
    guard faults.isEmpty else {
      throw FCNError(
        .shapeMismatch,
        "the weights are not those of "
          + (description.graph == nil
            ? "\(description.architecture) with these options: " : "the model's graph: ")
          + faults.map { "\($0): \(listed($1))" }.joined(separator: "; "))
    }
  }
}
