extension VOCFolder {
  static func listPath(of split: String, in path: String) -> String {
    "\(path)/ImageSets/Segmentation/\(split).txt"
  }

  static func classNamesPath(in path: String) -> String { "\(path)/class_names.txt" }

  /// The list of classes in the folder `path`; nil where there is none.
  static func classList(in path: String) -> String? {
    let own = [classNamesPath(in: path), "\(path)/labelmap.txt"].first(where: File.exists)
    if let own { return own }
    // Many files are called so; labelme's begin in a way of their own.
    let other = "\(path)/labels.txt"
    let first = (try? TextLines.read(other))?.first { !$0.isEmpty }
    return first == "__ignore__" || first == "_background_" ? other : nil
  }

  /// The picture file of `entry`, nil where there is none.
  func imagePath(of entry: DatasetEntry) -> String? {
    find(entry.image, "JPEGImages/\(entry.name)", DatasetEntry.imageExtensions)
  }

  /// The label file of `entry`, nil where there is none.
  func labelPath(of entry: DatasetEntry) -> String? {
    find(entry.labels, "SegmentationClass/\(entry.name)", DatasetEntry.labelExtensions)
  }

  private func find(_ file: String?, _ stem: String, _ extensions: [String]) -> String? {
    let candidates = file.map { [$0] } ?? extensions.map { "\(stem).\($0)" }
    return candidates.lazy.map { "\(path)/\($0)" }.first { File.exists($0) }
  }

  /// The picture file of `entry`; throws `notFound` where there is none.
  func imageFile(of entry: DatasetEntry) throws -> String {
    try VOCFolder.check(name: entry.name)
    guard let file = imagePath(of: entry) else {
      throw FCNError(
        .notFound,
        "\(path)/\(missingImage(entry)): there is no such picture; add it or take "
          + "“\(entry.name)” off the list")
    }
    return file
  }

  /// The label file of `entry`; throws `notFound` where there is none.
  func labelFile(of entry: DatasetEntry) throws -> String {
    try VOCFolder.check(name: entry.name)
    guard let file = labelPath(of: entry) else {
      throw FCNError(
        .notFound,
        "\(path)/\(missingLabels(entry)): there are no labels for the picture “\(entry.name)”; add "
          + "them or take the name off the list")
    }
    return file
  }

  /// What a message calls the picture file that `entry` lacks.
  func missingImage(_ entry: DatasetEntry) -> String {
    let file = entry.image ?? "JPEGImages/\(entry.name).jpg"
    let others = entry.image == nil ? " (or .jpeg, .png)" : ""
    return file + others + kin(of: file, among: VOCFolder.otherPictures)
  }

  /// What a message calls the label file that `entry` lacks.
  func missingLabels(_ entry: DatasetEntry) -> String {
    let file = entry.labels ?? "SegmentationClass/\(entry.name).png"
    return file + kin(of: file, among: VOCFolder.otherLabels)
  }

  /// Endings of files that do not serve, with words for each.
  private typealias Kinds = [(ending: String, words: String)]

  /// Pictures that are not read.
  private static let otherPictures = kinds(
    ["bmp", "gif", "tif", "tiff", "webp", "avif"], "which must be converted first")

  /// Labels that are not read.
  private static let otherLabels =
    kinds(["jpg", "jpeg", "JPG"], "which does not keep labels exactly") + otherPictures
    + kinds(["json", "xml"], "which must be converted first")

  private static func kinds(_ endings: [String], _ words: String) -> Kinds {
    endings.map { (ending: $0, words: words) }
  }

  /// Words for a file of the same name that is there, but is one of `kinds`.
  private func kin(of file: String, among kinds: Kinds) -> String {
    let stem = DatasetEntry.stem(of: file) ?? file
    let found = kinds.first { File.exists("\(path)/\(stem).\($0.ending)") }
    return found.map { " (there is one ending in .\($0.ending), \($0.words))" } ?? ""
  }

  /// Throws unless `name`, of file and folders, names something within its folder.
  static func check(name: String) throws {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.contains("\0"), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      throw FCNError(
        .invalidArgument,
        "\(quoted(name)) cannot name a picture: names are paths within the dataset, without the "
          + "parts \".\" and \"..\"")
    }
  }

  /// Throws unless `split` can name a list.
  static func check(split: String) throws {
    guard !split.isEmpty, split != ".", split != "..", !split.contains("/"), !split.contains("\0")
    else {
      throw FCNError(
        .invalidArgument,
        "\(quoted(split)) cannot name a split: it is the name of a list, without .txt")
    }
  }
}
