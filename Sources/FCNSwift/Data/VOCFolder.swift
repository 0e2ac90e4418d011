/// A dataset in the layout of PASCAL VOC:
///
/// - `JPEGImages/NAME.jpg` (or `.jpeg`, `.png`): pictures;
/// - `SegmentationClass/NAME.png` (or `.npy`, `.pkl`, `.pickle`): their labels, indices of classes, 255 for
///   `ignore`;
/// - `ImageSets/Segmentation/SPLIT.txt`: the names of a split, one a line;
/// - `class_names.txt`: the classes in the order of their indices, one a line; or CVAT's
///   `labelmap.txt`, or labelme's `labels.txt`; without any, VOC's 21.
///
/// Extensions may be in capitals, and names may lead into folders. Files are read when they are asked
/// for; nothing is kept.
public struct VOCFolder: Sendable, Hashable {
  /// How the files of a dataset are to be read, where they do not say it themselves.
  public struct Reading: Sendable, Hashable {
    /// The classes of a dataset that has no list of them; nil for those of VOC.
    public var classNames: [String]?
    /// Whether labels are binary masks: 255, or white, means class 1, and no pixel is ignored. Then a
    /// list of classes has two names, or one, for `background` comes before it.
    public var binaryMasks: Bool

    /// How most datasets are read.
    public init(classNames: [String]? = nil, binaryMasks: Bool = false) {
      self.classNames = classNames
      self.binaryMasks = binaryMasks
    }
  }

  /// The folder.
  public let path: String
  /// The classes that labels index.
  public let classNames: [String]
  /// The colours that label pictures of RGB have for the classes; nil for those of VOC's palette.
  public let classColours: [RGB]?
  /// What whoever uses the dataset should hear of how it is read.
  public let remarks: [DatasetSurvey.Finding]
  let coding: LabelCoding

  /// Opens the dataset at `path`, of whose classes `ClassList` says how a list is read.
  ///
  /// Throws `notFound` where there is no such folder, `corrupt` for a list that cannot be meant,
  /// `invalidArgument` for a list of more than two classes for binary masks.
  public init(path: String, reading: Reading = Reading()) throws {
    guard File.isFolder(path) else {
      throw FCNError(
        .notFound,
        "\(path): there is no such folder; a dataset is a folder with JPEGImages, SegmentationClass "
          + "and ImageSets/Segmentation in it")
    }
    self.path = path
    let file = VOCFolder.classList(in: path)
    let list = try file.map { try ClassList(contentsOf: $0) }
    let names = try list?.names ?? reading.classNames.map { try ClassList(names: $0).names }
    if reading.binaryMasks {
      classNames = try VOCFolder.binaryClasses(names, in: file ?? path)
      remarks = []
    } else {
      classNames = names ?? Palette.vocClassNames
      remarks =
        names != nil
        ? []
        : [
          .init(
            .warning, .assumedClasses,
            "\(path)/class_names.txt is missing: the 21 classes of PASCAL VOC are assumed")
        ]
    }
    classColours = reading.binaryMasks ? nil : list?.colours
    coding = LabelCoding(isBinary: reading.binaryMasks, colours: classColours)
  }

  private static func binaryClasses(_ names: [String]?, in file: String) throws -> [String] {
    switch names?.count {
    case nil: return ["background", "foreground"]
    case 1: return ["background"] + (names ?? [])
    case 2: return names ?? []
    case let count?:
      throw FCNError(
        .invalidArgument,
        "\(file): \(count) classes are listed, but the labels are to be read as binary masks, which "
          + "have two")
    }
  }

  // MARK: What there is

  /// The splits that have a list, sorted.
  public func splits() throws -> [String] {
    let folder = "\(path)/ImageSets/Segmentation"
    guard File.isFolder(folder) else { return [] }
    return try File.names(inFolder: folder).filter { $0.hasSuffix(".txt") && !$0.hasPrefix(".") }
      .map { String($0.dropLast(4)) }
  }

  /// The names of the pictures of `split`, in the order of its list.
  ///
  /// Throws `notFound` where there is no such list, naming those that there are, and `corrupt` for
  /// an empty one, and `invalidArgument` for a name that leads out of the folder.
  public func names(inSplit split: String) throws -> [String] {
    try entries(inSplit: split).entries.map(\.name)
  }

  /// The pictures of `split`, and what should be said of how its list was read.
  func entries(inSplit split: String) throws -> (
    entries: [DatasetEntry], remarks: [DatasetSurvey.Finding]
  ) {
    try VOCFolder.check(split: split)
    let list = VOCFolder.listPath(of: split, in: path)
    guard File.exists(list) else {
      let there = try splits()
      let hint =
        there.isEmpty
        ? "the folder has no lists; write the names of its pictures there, one a line"
        : "the folder's splits are \(there.joined(separator: ", "))"
      throw FCNError(.notFound, "\(list): there is no list of the split “\(split)”; \(hint)")
    }
    let lines = try TextLines.read(list)
    return try naming(list) {
      var reader = SplitListReader(self)
      let entries = try lines.compactMap { try reader.entry($0) }
      guard !entries.isEmpty else { throw FCNError(.corrupt, "the list has no names in it") }
      let remark = DatasetSurvey.Finding(
        .warning, .remark, "\(list): the numbers behind the names are passed over")
      return (entries, reader.passedOverNumbers ? [remark] : [])
    }
  }

  /// The names of all pictures that have labels, sorted.
  public func labelledNames() throws -> [String] { try labelledEntries().map(\.name) }

  func labelledEntries() throws -> [DatasetEntry] {
    guard File.isFolder("\(path)/SegmentationClass") else {
      throw FCNError(
        .notFound,
        "\(path)/SegmentationClass: there is no such folder; a dataset is a folder with JPEGImages, "
          + "SegmentationClass and ImageSets/Segmentation in it")
    }
    // A link may lead back to a folder that it is in, of those in `above`.
    func stems(in folder: String, _ prefix: String, above: [[UInt64]]) throws -> [String] {
      let identity = File.identity(ofFolder: folder)
      if let identity, above.contains(identity) { return [] }
      let above = above + [identity].compactMap { $0 }
      return try File.names(inFolder: folder).filter { !$0.hasPrefix(".") }.flatMap { name in
        let path = "\(folder)/\(name)"
        if File.isFolder(path) {
          return try stems(in: path, "\(prefix)\(name)/", above: above)
        }
        let dot = name.lastIndex(of: ".") ?? name.startIndex
        let isLabels = DatasetEntry.labelExtensions.contains { name[dot...] == ".\($0)" }
        return isLabels ? ["\(prefix)\(name[..<dot])"] : []
      }
    }
    let names = try stems(in: "\(path)/SegmentationClass", "", above: [])
    return Set(names).sorted().map { DatasetEntry($0) }
  }

  /// Throws `notFound` unless every picture of `split` has a picture file and a label file; the
  /// message tells how many have not and names the first of them. No file is opened.
  public func validatePairs(split: String) throws {
    try validatePairs(of: try entries(inSplit: split).entries, in: "the split “\(split)”")
  }

  /// Checks the pairs of `entries`, which are those of `set`, as `validatePairs(split:)` does.
  func validatePairs(of entries: [DatasetEntry], in set: String) throws {
    var missing: [String] = []
    var count = 0
    for entry in entries {
      let lacks =
        (imagePath(of: entry) == nil ? [missingImage(entry)] : [])
        + (labelPath(of: entry) == nil ? [missingLabels(entry)] : [])
      guard !lacks.isEmpty else { continue }
      count += 1
      if missing.count < 5 { missing.append(lacks.joined(separator: " and ")) }
    }
    guard count > 0 else { return }
    let rest = count > missing.count ? "; and those of \(count - missing.count) more" : ""
    throw FCNError(
      .notFound,
      "\(path): \(count) of the \(entries.count) pictures of \(set) are incomplete. Missing: "
        + "\(missing.joined(separator: "; "))\(rest). Add the files or take the names off the list")
  }

  // MARK: Pictures

  /// Reads the picture `name`.
  public func image(named name: String) throws -> Image {
    try Image(contentsOf: imageFile(of: DatasetEntry(name)))
  }

  /// Reads the labels of the picture `name`; throws `corrupt` where one is neither a class of this
  /// dataset nor `ignore`.
  public func labels(named name: String) throws -> LabelMap { try labels(of: DatasetEntry(name)) }

  /// Reads the picture `name` with its labels; throws `shapeMismatch` where their sizes differ.
  public func picture(named name: String) throws -> LabelledPicture {
    try picture(DatasetEntry(name))
  }

  func picture(_ entry: DatasetEntry) throws -> LabelledPicture {
    let image = try Image(contentsOf: imageFile(of: entry))
    let labels = try labels(of: entry)
    guard image.width == labels.width, image.height == labels.height else {
      throw FCNError(
        .shapeMismatch,
        "\(path): the picture “\(entry.name)” is \(image.width)×\(image.height), but its labels are "
          + "\(labels.width)×\(labels.height); they must be of one size")
    }
    return LabelledPicture(name: entry.name, image: image, labels: labels)
  }

  private func labels(of entry: DatasetEntry) throws -> LabelMap {
    let file = try labelFile(of: entry)
    let map = try LabelMap(contentsOf: file, coding: coding)
    let limit = classNames.count
    let stray = map.labels.withUnsafeBufferPointer { labels in
      labels.firstIndex { Int($0) >= limit && $0 != LabelMap.ignore }
    }
    if let stray {
      throw FCNError(
        .corrupt,
        "\(file): the label at x \(stray % map.width), y \(stray / map.width) is "
          + "\(map.labels[stray]), but there are \(limit) classes, 0…\(limit - 1) (255 is ignored); "
          + "mend the labels or list all classes in class_names.txt")
    }
    return map
  }
}
