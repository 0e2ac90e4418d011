/// What a model file says besides its weights: which network, which classes, which preprocessing.
public struct ModelDescription: Sendable, Hashable {
  /// The architecture's name in `Architecture.all`, `fcn-simple` for one.
  public var architecture: String
  /// The architecture's options.
  public var options: ArchitectureOptions
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
}
