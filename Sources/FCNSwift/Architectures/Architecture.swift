/// A published network: a name, and how its layers follow from the options.
public struct Architecture: Sendable {
  /// As model files and the command spell it.
  public let name: String
  /// Paper or system it comes from, for `fcn info`.
  public let source: String
  /// What a fresh model does to pictures, unless told otherwise.
  public let preprocessing: Preprocessing
  /// Which options it leaves open besides classes and input channels.
  public let choices: Set<ArchitectureOptions.Choice>
  /// What other programs may set otherwise without its showing in names and shapes of weights, in words.
  let assumptions: [String]
  /// Whose layers its trunk has; nil where no trunk of `Trunks.all` is part of it.
  let trunkStyle: TrunkStyle?
  private let build: @Sendable (inout NetworkBuilder, ArchitectureOptions) throws -> Void
  private let stride: Int

  /// `stride` is what the input's sides must be multiples of; `build` adds the layers.
  init(
    name: String, source: String, preprocessing: Preprocessing, stride: Int = 1,
    choices: Set<ArchitectureOptions.Choice>, assumptions: [String] = [],
    trunkStyle: TrunkStyle? = nil,
    build: @escaping @Sendable (inout NetworkBuilder, ArchitectureOptions) throws -> Void
  ) {
    self.name = name
    self.source = source
    self.preprocessing = preprocessing
    self.stride = stride
    self.choices = choices
    self.assumptions = assumptions
    self.trunkStyle = trunkStyle
    self.build = build
  }

  /// Every architecture there is.
  public static let all: [Architecture] =
    [.fcnSimple, .fcn32s, .fcn16s, .fcn8s, .fcn8sAtOnce, .fcnAlexNet]
    + fcnOnTrunks + deepLabV3OnTrunks + lrasppOnTrunks + deepLabV3PlusOnTrunks + fpnOnTrunks
    + [.unet] + unetOnTrunks + [.segnet, .fcDenseNet56, .fcDenseNet67, .dabnet, .edanet]

  /// The architecture called `name`; throws `notFound` with the names that are most like it, or all.
  public static func named(_ name: String) throws -> Architecture {
    if let found = all.first(where: { $0.name == name }) { return found }
    let near = nearest(to: name)
    throw FCNError(
      .notFound,
      "there is no architecture \(quoted(name)); "
        + (near.isEmpty
          ? "there are: " + all.map(\.name).joined(separator: ", ")
          : "most like it are: " + near.joined(separator: ", ")))
  }

  /// Names that differ from `name` in little but signs, a part of it or two letters; at most eight.
  private static func nearest(to name: String) -> [String] {
    func letters(_ text: String) -> String {
      text.lowercased().filter { $0.isLetter || $0.isNumber }
    }
    let wanted = letters(String(name.prefix(64)))
    guard wanted.count > 2 else { return [] }
    let ranked = all.map { (name: $0.name, distance: editDistance(letters($0.name), wanted)) }
      .filter { name, distance in
        let own = letters(name)
        return distance <= 2 || own.contains(wanted) || wanted.hasPrefix(own)
      }
      .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return ranked.prefix(8).map(\.name)
  }

  /// The network that `options` make of it; throws `invalidArgument` where they are out of range or
  /// ask for what this architecture does not leave open.
  public func network(_ options: ArchitectureOptions) throws -> Network {
    try options.validate()
    for choice in options.choicesMade.subtracting(choices) {
      throw FCNError(
        .invalidArgument,
        "\(name) has no option \(choice.rawValue); it has: "
          + choices.map(\.rawValue).sorted().joined(separator: ", "))
    }
    let builder = try layers(options)
    return try Network(
      inputChannels: options.inputChannels, stride: stride, layers: builder.layers,
      auxiliaryScores: builder.auxiliaryScores)
  }

  /// Its layers, as far as they can be written down without being checked.
  private func layers(_ options: ArchitectureOptions) throws -> NetworkBuilder {
    var builder = NetworkBuilder(inputChannels: options.inputChannels)
    try build(&builder, options)
    return builder
  }

  /// What the weights of its first convolution are called.
  var firstWeight: String? {
    let network = try? layers(ArchitectureOptions(classes: 1))
    return network?.layers.first { $0.operation is Convolution }.map { "\($0.name).weight" }
  }
}
