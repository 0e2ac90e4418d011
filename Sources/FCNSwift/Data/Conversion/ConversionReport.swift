/// Something that is wrong or odd about annotations.
public struct ConversionFinding: Sendable, Hashable {
  /// Whether the annotations can be converted.
  public enum Severity: String, Sendable {
    /// They cannot: labels would be wrong, or missing.
    case error
    /// They can, but perhaps not as it is meant.
    case warning
    /// Said so that it is known.
    case note
  }

  /// What it is about.
  public enum Kind: String, Sendable, CaseIterable {
    /// Files that are damaged, end early, are of another kind, or contradict themselves.
    case unreadable
    /// Annotations or label pictures without their picture.
    case missingPicture
    /// Pictures whose labels are of another size.
    case sizesDiffer
    /// Values or colours of label pictures that mean nothing.
    case unknownValues
    /// Boxes without an outline.
    case boxesAlone
    /// Pictures that a dataset cannot name, or that would have one name.
    case names
    /// Labels that are no class.
    case unlistedLabels
    /// Labels that are numbers, and have no names.
    case unnamedClasses
    /// No picture is left.
    case nothing
    /// Pictures without annotations.
    case unannotated
    /// Pictures in which nothing is drawn.
    case empty
    /// Shapes that are no regions.
    case passedOver
    /// Pixels in regions of two classes.
    case overlap
    /// Pictures that their cameras marked as turned.
    case turned
    /// Pictures to learn from alone.
    case noValidation
    /// Classes without a pixel.
    case absentClasses
    /// How something was read.
    case remark
  }

  /// Whether the annotations can be converted.
  public let severity: Severity
  /// What it is about.
  public let kind: Kind
  /// What was found, what was wanted, what to do.
  public let text: String
  /// How many pictures or files it is about.
  public let count: Int
  /// Whether it is about single pictures, which can be left out.
  public let isAboutPictures: Bool

  init(
    _ severity: Severity, _ kind: Kind, _ text: String, count: Int, isAboutPictures: Bool = false
  ) {
    self.severity = severity
    self.kind = kind
    self.text = text
    self.count = count
    self.isAboutPictures = isAboutPictures
  }
}

/// What annotations hold, found before anything is written.
public struct ConversionReport: Sendable {
  /// A list of the dataset.
  public struct Split: Sendable, Hashable {
    /// What it is called: train, val.
    public let name: String
    /// The names of its pictures, sorted.
    public let pictures: [String]
  }

  /// The classes.
  public internal(set) var classNames: [String] = []
  /// Pixels of each class in all pictures that can be converted.
  public internal(set) var classPixels: [Int] = []
  /// Pictures in which each class occurs.
  public internal(set) var classPictures: [Int] = []
  /// Pixels that nobody can say anything about.
  public internal(set) var ignoredPixels = 0
  /// Pictures that can be converted.
  public internal(set) var pictureCount = 0
  /// Pictures, or annotations, that cannot.
  public internal(set) var faultyCount = 0
  /// The dataset's lists.
  public internal(set) var splits: [Split] = []
  /// What is wrong, then what is odd, then what should be known.
  public internal(set) var findings: [ConversionFinding] = []

  /// Those for which nothing can be converted, or, where `leavingOutFaulty`, those that are about more
  /// than single pictures.
  public func errors(leavingOutFaulty: Bool) -> [ConversionFinding] {
    findings.filter { $0.severity == .error && !(leavingOutFaulty && $0.isAboutPictures) }
  }
}
