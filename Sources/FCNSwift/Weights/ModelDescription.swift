/// What a model file says besides its weights: which network, which classes, which preprocessing.
public struct ModelDescription: Sendable, Hashable {
  /// The architecture's name in `Architecture.all`, `fcn-simple` for one; `graphName` of a network that
  /// none of them makes.
  public var architecture: String
  /// The architecture's options; of a graph its numbers of classes and input channels, the rest as by
  /// default.
  public var options: ArchitectureOptions
  /// The network, where no architecture makes it.
  public var graph: NetworkGraph?
  /// A name for each class, in index order.
  public var classNames: [String]
  /// A colour for each class, in index order.
  public var palette: [RGB]
  /// How a picture becomes the network's input.
  public var preprocessing: Preprocessing
  /// Free text for people: what the model was trained on, and how well it does.
  public var note: String

  /// Makes a description of its parts.
  public init(
    architecture: String, options: ArchitectureOptions, classNames: [String], palette: [RGB],
    preprocessing: Preprocessing, note: String = ""
  ) {
    self.architecture = architecture
    self.options = options
    self.classNames = classNames
    self.palette = palette
    self.preprocessing = preprocessing
    self.note = note
  }

  /// Makes a description of a network that no architecture makes.
  public init(
    graph: NetworkGraph, classNames: [String], palette: [RGB], preprocessing: Preprocessing,
    note: String = ""
  ) {
    self.init(
      architecture: ModelDescription.graphName, options: graph.options, classNames: classNames,
      palette: palette, preprocessing: preprocessing, note: note)
    self.graph = graph
  }

  /// What `architecture` says of a network that is a graph.
  public static let graphName = "graph"

  /// The network that is described. Throws where there is no such architecture, or not with these
  /// options.
  public func network() throws -> Network {
    try graph?.network ?? Architecture.named(architecture).network(options)
  }
}

extension NetworkGraph {
  /// What it has in common with architectures: classes and input channels.
  var options: ArchitectureOptions {
    ArchitectureOptions(classes: classCount, inputChannels: network.inputChannels)
  }
}
