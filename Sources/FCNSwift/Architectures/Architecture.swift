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
  private let build: @Sendable (inout NetworkBuilder, ArchitectureOptions) throws -> Void
  private let stride: Int

  /// `stride` is what the input's sides must be multiples of; `build` adds the layers.
  init(
    name: String, source: String, preprocessing: Preprocessing, stride: Int = 1,
    choices: Set<ArchitectureOptions.Choice>,
    build: @escaping @Sendable (inout NetworkBuilder, ArchitectureOptions) throws -> Void
  ) {
    self.name = name
    self.source = source
    self.preprocessing = preprocessing
    self.stride = stride
    self.choices = choices
    self.build = build
  }

  /// Every architecture there is.
  public static let all: [Architecture] = [
    .fcnSimple, .fcn32s, .fcn16s, .fcn8s, .fcn8sAtOnce, .fcnAlexNet, .fcnResNet50, .fcnResNet101,
  ]

  /// The architecture called `name`; throws `notFound` with the names there are.
  public static func named(_ name: String) throws -> Architecture {
    guard let found = all.first(where: { $0.name == name }) else {
      throw FCNError(
        .notFound,
        "there is no architecture \"\(name)\"; there are: "
          + all.map(\.name).joined(separator: ", "))
    }
    return found
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
    var builder = NetworkBuilder()
    try build(&builder, options)
    return try Network(
      inputChannels: options.inputChannels, stride: stride, layers: builder.layers,
      auxiliaryScores: builder.auxiliaryScores)
  }
}
