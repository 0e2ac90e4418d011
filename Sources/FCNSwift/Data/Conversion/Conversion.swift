/// Turns what annotation tools write into a dataset in VOC layout.
///
/// `survey` reads everything and tells what there is; `ConversionSurvey.write` writes it.
public struct Conversion: Sendable {
  /// Who wrote the annotations.
  public enum Source: String, Sendable, CaseIterable {
    /// labelme's JSON files, one a picture.
    case labelme
    /// CVAT's exports "Segmentation mask 1.1" and "CVAT for images 1.1".
    case cvat
    /// COCO's JSON files, of polygons or runs of pixels, or of segments in label pictures.
    case coco
    /// The folders of Cityscapes.
    case cityscapes
    /// Masks of one thing, black and white.
    case binary
    /// Label pictures whose values are classes.
    case png
  }

  /// What becomes of pixels that have no class of their own.
  public enum Fate: String, Sendable, CaseIterable {
    /// They are the class `background`.
    case background
    /// They are left out of training and of every measure.
    case ignore
  }

  /// Who wrote the annotations.
  public var source: Source
  /// Folders or zip archives, of CVAT's also XML files; of COCO's, JSON files or folders of them.
  public var inputs: [String]
  /// Where the pictures lie; nil where the tool leaves them.
  public var images: String?
  /// The classes in the order of their indices; nil for all labels that occur.
  public var classes: ClassList?
  /// What becomes of labels that are no class; nil for an error that lists them.
  public var unlisted: Fate?
  /// What becomes of pixels that nobody drew on.
  public var unlabelled = Fate.background
  /// The share of the pictures that goes on the list val, 0…1; nil for the source's own lists, and a
  /// fifth where it has none.
  public var validationShare: Double?
  /// What the division follows from.
  public var seed: UInt64 = 0
  /// Added to every value of label pictures, as -1 where classes are counted from 1.
  public var labelShift = 0
  /// Values of label pictures, as they are stored, that mean nothing, beside 255.
  public var ignoredLabels: Set<Int> = []

  /// The usual conversion of `inputs`.
  public init(_ source: Source, inputs: [String]) {
    self.source = source
    self.inputs = inputs
  }

  /// The share of pictures to validate on where nothing says another.
  public static let usualValidationShare = 0.2

  /// Reads all annotations and pictures with `threads`, 0 for all cores, and writes nothing.
  ///
  /// `progress`, on the thread of the caller, hears how many pictures have been looked at of how many;
  /// false stops with `aborted`. Throws `notFound` where there are no annotations of the kind, and
  /// otherwise leaves what is wrong to the report.
  public func survey(
    threads: Int = 0, progress: ((_ done: Int, _ total: Int) -> Bool)? = nil
  ) throws -> ConversionSurvey {
    let list = self.classes == nil ? classListBesideAnnotations() : nil
    let classes = try self.classes ?? list.map { try ClassList(contentsOf: $0) }
    var set = try annotations(classes)
    if let list { set.notes.append("the classes are those of \(list)") }
    let assignment = try ClassAssignment(
      set, self, classes: source == .png && classes == nil ? nil : classesOfLabels(classes))
    return try ConversionSurvey(
      self, set, assignment, namesAreMissing: source == .png && classes == nil, threads: threads,
      progress: progress)
  }

  /// The list of classes in the only input, where it has one.
  private func classListBesideAnnotations() -> String? {
    guard [.labelme, .png].contains(source), inputs.count == 1 else { return nil }
    return VOCFolder.classList(in: inputs[0])
  }

  /// Of a mask's one class the list that has background too.
  private func classesOfLabels(_ classes: ClassList?) -> ClassList? {
    source == .binary ? nil : classes
  }

  private func annotations(_ classes: ClassList?) throws -> AnnotationSet {
    let images = try self.images.map { try AnnotationFiles(path: $0) }
    if source == .coco { return try COCOFiles.read(inputs, images: images) }
    if source == .cvat { return try CVATReader.read(inputs, images: images) }
    let files = try inputs.map { try AnnotationFiles(path: $0) }
    return try reader(classes).read(files, images: images)
  }

  private func reader(_ classes: ClassList?) throws -> any AnnotationReader {
    switch source {
    case .labelme, .coco, .cvat: return LabelmeReader()
    case .cityscapes: return CityscapesReader()
    case .binary:
      return MaskReader(
        coding: .binary, labels: [try thing(classes)], colours: nil, hasBackground: true)
    case .png:
      let names = classes?.names ?? []
      // A value beyond the names is a label too, though no class.
      let labels = names + (names.count..<255).map { "the value \($0 - labelShift)" }
      var table = [LabelMeaning?](repeating: nil, count: 256)
      for value in 0..<256 where labels.indices.contains(value + labelShift) {
        table[value] = .label(value + labelShift)
      }
      for value in ignoredLabels.union([255]) where table.indices.contains(value) {
        table[value] = .ignored
      }
      var colours: [UInt32: LabelMeaning] = [:]
      for (index, colour) in (classes?.colours ?? []).enumerated() {
        colours[LabelColours.key(colour.red, colour.green, colour.blue)] = .label(index)
      }
      return MaskReader(
        coding: .valuesOrColours(table, colours), labels: labels, colours: nil,
        hasBackground: false)
    }
  }

  /// What values and colours of label pictures are to be.
  var wantedValues: String {
    switch source {
    case .binary:
      return "wanted 0 and 255, or 0 and 1, in each; masks of several classes are read as png"
    case .png where labelShift != 0:
      return "wanted values that are 0…254 when \(labelShift) is added, or 255; others can be left "
        + "out by their numbers"
    case .png: return "wanted the colours in the list of classes"
    case .cvat: return "wanted the colours in labelmap.txt"
    case .coco: return "wanted the numbers of segments in the JSON"
    case .cityscapes: return "wanted the numbers of Cityscapes' public table"
    case .labelme: return "wanted the label of a shape"
    }
  }

  /// What a mask of one thing shows.
  private func thing(_ classes: ClassList?) throws -> String {
    let names = (classes?.names ?? ["foreground"]).filter { !ClassAssignment.isBackground($0) }
    guard names.count == 1 else {
      throw FCNError(
        .invalidArgument,
        "masks of one thing have one class beside background; \(names.count) are named: "
          + listed(names, most: 12))
    }
    return names[0]
  }
}
