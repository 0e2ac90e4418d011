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
  /// What a survey of all data wants to know of the picture at `index`; without a method of its own,
  /// what reading it tells.
  func examination(at index: Int) -> PictureExamination
  /// What whoever uses the set should hear of how it is read; none as a rule.
  var remarks: [DatasetSurvey.Finding] { get }
  /// Whether labels are read as binary masks, in which 255 means class 1; false as a rule.
  var areBinaryMasks: Bool { get }
}

extension LabelledPictures {
  public var areBinaryMasks: Bool { false }

  public func examination(at index: Int) -> PictureExamination {
    var examination = PictureExamination(name: name(at: index))
    do {
      let picture = try picture(at: index)
      examination.imageSize = .init(picture.image.width, picture.image.height)
      picture.image.pixels.withUnsafeBytes { examination.fingerprint = fingerprint(of: $0) }
      examination.note(picture.labels, classCount: classNames.count, in: picture.name)
      examination.compareSizes()
    } catch {
      examination.note(error)
    }
    return examination
  }

  public var remarks: [DatasetSurvey.Finding] { [] }
}
