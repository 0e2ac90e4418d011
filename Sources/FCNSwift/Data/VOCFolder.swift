/// A dataset in the layout of PASCAL VOC:
///
/// - `JPEGImages/NAME.jpg` (or `.jpeg`, `.png`): pictures;
/// - `SegmentationClass/NAME.png`: their labels, indices of classes, 255 for `ignore`;
/// - `ImageSets/Segmentation/SPLIT.txt`: the names of a split, one a line;
/// - `class_names.txt`: the classes in the order of their indices, one a line; without it, VOC's 21.
///
/// Files are read when they are asked for; nothing is kept.
public struct VOCFolder: Sendable, Hashable {
  /// The folder.
  public let path: String
  /// The classes that labels index.
  public let classNames: [String]
  /// What whoever uses the dataset should hear of how it is read.
  let remarks: [String]

  /// Opens the dataset at `path`.
  ///
  /// In `class_names.txt` blank lines, and a first line `__ignore__` as labelme writes it, count for
  /// nothing; labelme's `_background_` is read as `background`. Throws `notFound` where there is no
  /// such folder, `corrupt` for a list of no names, of more than 255, or with a name twice.
  public init(path: String) throws {
    guard File.isFolder(path) else {
      throw FCNError(
        .notFound,
        "\(path): there is no such folder; a dataset is a folder with JPEGImages, SegmentationClass "
          + "and ImageSets/Segmentation in it")
    }
    self.path = path
    let list = VOCFolder.classNamesPath(in: path)
    if File.exists(list) {
      classNames = try naming(list) { try VOCFolder.classNames(in: try VOCFolder.lines(of: list)) }
      remarks = []
    } else {
      classNames = Palette.vocClassNames
      remarks = ["\(list) is missing: the 21 classes of PASCAL VOC are assumed"]
    }
  }

  // MARK: What there is

  /// The splits that have a list, sorted.
  public func splits() throws -> [String] {
    let folder = "\(path)/ImageSets/Segmentation"
    guard File.isFolder(folder) else { return [] }
    return try File.names(inFolder: folder).filter { $0.hasSuffix(".txt") }.map {
      String($0.dropLast(4))
    }
  }

  /// The names of the pictures of `split`, in the order of its list.
  ///
  /// Throws `notFound` where there is no such list, naming those that there are, and `corrupt` for
  /// an empty one or a name that leads out of the folder.
  public func names(inSplit split: String) throws -> [String] {
    try VOCFolder.check(name: split)
    let list = VOCFolder.listPath(of: split, in: path)
    guard File.exists(list) else {
      let there = try splits()
      let hint =
        there.isEmpty
        ? "the folder has no lists; write the names of its pictures there, one a line"
        : "the folder's splits are \(there.joined(separator: ", "))"
      throw FCNError(.notFound, "\(list): there is no list of the split “\(split)”; \(hint)")
    }
    return try naming(list) {
      let names = try VOCFolder.lines(of: list).filter { !$0.isEmpty }
      guard !names.isEmpty else { throw FCNError(.corrupt, "the list has no names in it") }
      for name in names { try VOCFolder.check(name: name) }
      return names
    }
  }

  /// The names of all pictures that have labels, sorted.
  public func labelledNames() throws -> [String] {
    try File.names(inFolder: "\(path)/SegmentationClass").filter { $0.hasSuffix(".png") }.map {
      String($0.dropLast(4))
    }
  }

  /// Throws `notFound` unless every picture of `split` has a picture file and a label file; the
  /// message tells how many have not and names the first of them. No file is opened.
  public func validatePairs(split: String) throws {
    try validatePairs(of: try names(inSplit: split), in: "the split “\(split)”")
  }

  /// Checks the pairs of `names`, which are those of `set`, as `validatePairs(split:)` does.
  func validatePairs(of names: [String], in set: String) throws {
    var missing: [String] = []
    var count = 0
    for name in names {
      var lacks: [String] = []
      if imagePath(of: name) == nil { lacks.append("JPEGImages/\(name).jpg (or .jpeg, .png)") }
      if !File.exists(labelPath(of: name)) { lacks.append("SegmentationClass/\(name).png") }
      guard !lacks.isEmpty else { continue }
      count += 1
      if missing.count < 5 { missing.append(lacks.joined(separator: " and ")) }
    }
    guard count > 0 else { return }
    let rest = count > missing.count ? "; and those of \(count - missing.count) more" : ""
    throw FCNError(
      .notFound,
      "\(path): \(count) of the \(names.count) pictures of \(set) are incomplete. Missing: "
        + "\(missing.joined(separator: "; "))\(rest). Add the files or take the names off the list")
  }

  // MARK: Pictures

  /// Reads the picture `name`.
  public func image(named name: String) throws -> Image {
    try Image(contentsOf: imageFile(of: name))
  }

  /// Reads the labels of the picture `name`; throws `corrupt` where one is neither a class of this
  /// dataset nor `ignore`.
  public func labels(named name: String) throws -> LabelMap {
    let file = try labelFile(of: name)
    let map = try labelMap(in: file)
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

  /// Reads the label file at `file`, whatever values are in it.
  func labelMap(in file: String) throws -> LabelMap { try LabelMap(contentsOf: file) }

  /// Reads the picture `name` with its labels; throws `shapeMismatch` where their sizes differ.
  public func picture(named name: String) throws -> LabelledPicture {
    let image = try image(named: name)
    let labels = try labels(named: name)
    guard image.width == labels.width, image.height == labels.height else {
      throw FCNError(
        .shapeMismatch,
        "\(path): the picture “\(name)” is \(image.width)×\(image.height), but its labels are "
          + "\(labels.width)×\(labels.height); they must be of one size")
    }
    return LabelledPicture(name: name, image: image, labels: labels)
  }

  // MARK: Paths and lists

  static let imageExtensions = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG"]

  static func listPath(of split: String, in path: String) -> String {
    "\(path)/ImageSets/Segmentation/\(split).txt"
  }

  static func classNamesPath(in path: String) -> String { "\(path)/class_names.txt" }

  /// The picture file of `name`.
  func imageFile(of name: String) throws -> String {
    try VOCFolder.check(name: name)
    guard let file = imagePath(of: name) else {
      throw FCNError(
        .notFound,
        "\(path)/JPEGImages/\(name).jpg: there is no such picture, nor one ending in .jpeg or .png; "
          + "add it or take “\(name)” off the list")
    }
    return file
  }

  /// The label file of `name`.
  func labelFile(of name: String) throws -> String {
    try VOCFolder.check(name: name)
    let file = labelPath(of: name)
    guard File.exists(file) else {
      throw FCNError(
        .notFound,
        "\(file): there are no labels for the picture “\(name)”; add them or take the name off the "
          + "list")
    }
    return file
  }

  private func imagePath(of name: String) -> String? {
    VOCFolder.imageExtensions.lazy.map { "\(path)/JPEGImages/\(name).\($0)" }.first {
      File.exists($0)
    }
  }

  private func labelPath(of name: String) -> String { "\(path)/SegmentationClass/\(name).png" }

  /// Throws unless `name` names a file within its folder.
  static func check(name: String) throws {
    guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.contains("\0")
    else {
      throw FCNError(
        .invalidArgument,
        "“\(name)” cannot name a picture or a split: names are file names without folders")
    }
  }

  /// The lines of a text file, without the spaces and carriage returns around them.
  private static func lines(of path: String) throws -> [String] {
    var bytes = try File.read(path)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let blank: Set<UInt8> = [0x20, 0x09, 0x0D]
    return bytes.split(separator: 0x0A).map { line in
      let start = line.drop { blank.contains($0) }
      let end = start.lastIndex { !blank.contains($0) } ?? start.startIndex - 1
      return String(decoding: start[start.startIndex..<end + 1], as: UTF8.self)
    }
  }

  private static func classNames(in lines: [String]) throws -> [String] {
    var names = lines.filter { !$0.isEmpty }
    if names.first == "__ignore__" { names.removeFirst() }
    names = names.map { $0 == "_background_" ? "background" : $0 }
    guard (1...255).contains(names.count) else {
      throw FCNError(
        .corrupt, "the list has \(names.count) class names; 1 to 255 are wanted, one a line")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw FCNError(.corrupt, "the class “\(name)” is listed twice; each needs a name of its own")
    }
    return names
  }
}
