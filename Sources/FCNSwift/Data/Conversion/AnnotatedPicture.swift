/// A picture with what somebody annotated in it, as a tool wrote it down.
struct AnnotatedPicture: Sendable {
  /// What the dataset is going to call it: a path without an extension.
  var name: String
  /// Its file.
  var picture: AnnotationFile
  /// Columns and rows of what was annotated, where the annotation says them.
  var size: PictureExamination.Size?
  /// What was annotated.
  var content: Content
  /// The list that the source has it on; nil where the source has no lists.
  var split: String?
  /// The file of the annotation, for messages.
  var origin: String

  /// What was annotated.
  enum Content: Sendable {
    /// Outlines and masks, the first one lowest.
    case regions([AnnotatedRegion])
    /// A picture of labels.
    case map(AnnotationFile, PixelCoding)
  }
}

extension PictureExamination.Size {
  /// A size that an annotation claims; throws `corrupt` for one that no picture has.
  init(checking width: Int, _ height: Int) throws {
    guard width > 0, height > 0, let count = checkedProduct(width, height),
      count <= Image.largestPixelCount
    else { throw FCNError(.corrupt, "a size of \(width)×\(height) is no picture's") }
    self.init(width, height)
  }
}

/// A part of a picture with one label.
struct AnnotatedRegion: Sendable {
  /// An index of `AnnotationSet.labels`.
  var label: Int
  /// Where it is; several parts are covered together.
  var shapes: [RegionShape]
  /// Whether it lies below all regions that do not.
  var isLowest = false
}

/// What a pixel of a label picture, or a region, is said to be.
enum LabelMeaning: Sendable, Hashable {
  /// An index of `AnnotationSet.labels`.
  case label(Int)
  /// What nobody drew on.
  case unlabelled
  /// What nobody can say.
  case ignored
}

/// How a label picture says what a pixel is.
enum PixelCoding: Sendable {
  /// By the stored value, grey or palette index, in a table of 256; nil where a value means nothing.
  /// A picture of three channels must be grey.
  case values([LabelMeaning?])
  /// By colour, whatever the picture's kind; keys as `LabelColours.key` makes them.
  case colours([UInt32: LabelMeaning])
  /// By the stored value, or by colour in a picture of three channels that is not grey.
  case valuesOrColours([LabelMeaning?], [UInt32: LabelMeaning])
  /// Black is unlabelled, white, or 1, is the first label.
  case binary
}

/// All that a reader found.
struct AnnotationSet: Sendable {
  /// The labels that pictures refer to, no two alike, in the source's order.
  var labels: [String] = []
  /// The labels' colours, where the source has some.
  var colours: [RGB]?
  /// Whether pixels that nobody drew on may occur, which are background.
  var hasBackground = true
  /// The classes that the source's custom makes of the labels; nil where all labels are classes.
  var customaryClasses: [String]?
  /// Whether regions that are smaller lie over larger ones; otherwise in the order of the source.
  var smallerOnTop = false
  /// Whether the tool is known to annotate pictures that have been set upright.
  var isUpright = false
  /// Pictures with annotations, by name.
  var pictures: [AnnotatedPicture] = []
  /// Pictures without annotations: their files.
  var unannotated: [String] = []
  /// What could not be read, or has no picture, found before any picture was looked at.
  var faults: [ConversionFault] = []
  /// Things that are no regions, by what they are, and how often there are: `"point"` 3.
  var passedOver: [String: Int] = [:]
  /// What else should be said.
  var notes: [String] = []

  /// Where each of `labels` is, as far as `index(ofLabel:)` was asked.
  private var places: [String: Int] = [:]

  /// The index of `label`, which is added where it is new.
  mutating func index(ofLabel label: String) -> Int {
    if places.count != labels.count {
      places = Dictionary(zip(labels, labels.indices)) { first, _ in first }
    }
    if let index = places[label] { return index }
    labels.append(label)
    places[label] = labels.count - 1
    return labels.count - 1
  }
}

/// Something for which a picture cannot be converted.
struct ConversionFault: Sendable, Hashable {
  var kind: ConversionFinding.Kind
  /// The file, and what was found.
  var text: String

  init(_ kind: ConversionFinding.Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}
