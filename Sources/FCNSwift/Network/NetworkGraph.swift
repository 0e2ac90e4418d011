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
    static let sizes = 16384
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
}
