/// A published network: a name, and how its layers follow from the options.
public struct Architecture: Sendable {
  /// As model files and the command spell it.
  public let name: String
  /// Paper or system it comes from, for `fcn info`.
  public let source: String
  /// What a fresh model does to pictures, unless told otherwise.
  public let preprocessing: Preprocessing
  private let layers: @Sendable (ArchitectureOptions) -> [Layer]
  private let stride: Int

  init(
    name: String, source: String, preprocessing: Preprocessing, stride: Int,
    layers: @escaping @Sendable (ArchitectureOptions) -> [Layer]
  ) {
    self.name = name
    self.source = source
    self.preprocessing = preprocessing
    self.stride = stride
    self.layers = layers
  }

  /// Every architecture there is.
  public static let all: [Architecture] = [.fcnSimple]

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

  /// The network that `options` make of it; throws `invalidArgument` where they are out of range.
  public func network(_ options: ArchitectureOptions) throws -> Network {
    try options.validate()
    return try Network(
      inputChannels: options.inputChannels, stride: stride, layers: layers(options))
  }
}
