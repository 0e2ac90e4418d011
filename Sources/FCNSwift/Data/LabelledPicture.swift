/// A picture with the class of each of its pixels.
public struct LabelledPicture: Sendable, Hashable {
  /// What the dataset calls it, without an extension.
  public var name: String
  /// The picture.
  public var image: Image
  /// Its labels, of the same size.
  public var labels: LabelMap

  /// Puts picture and labels together; they should be of one size.
  public init(name: String, image: Image, labels: LabelMap) {
    self.name = name
    self.image = image
    self.labels = labels
  }
}

/// Labelled pictures that can be counted, and read one by one, from any thread.
public protocol LabelledPictures: Sendable {
  /// How many there are.
  var count: Int { get }
  /// The names of the classes that labels index.
  var classNames: [String] { get }
  /// What the picture at `index`, in 0..<`count`, is called.
  func name(at index: Int) -> String
  /// Reads the picture at `index`, in 0..<`count`.
  func picture(at index: Int) throws -> LabelledPicture
}
