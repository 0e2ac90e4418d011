/// A picture of a dataset: what it is called, and where its files are.
struct DatasetEntry: Sendable, Hashable {
  /// The path of the picture within `JPEGImages`, without an extension.
  var name: String
  /// The picture file within the dataset, where a list names it; else it goes by the name.
  var image: String?
  /// The label file within the dataset, where a list names it; else it goes by the name.
  var labels: String?

  init(_ name: String, image: String? = nil, labels: String? = nil) {
    self.name = name
    self.image = image
    self.labels = labels
  }

  static let imageExtensions = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG", "Jpg", "Jpeg", "Png"]
  static let labelExtensions = ["png", "PNG", "Png", "npy", "pkl", "pickle"]

  /// `name` without its extension, where that is one of a picture or of labels; nil otherwise.
  static func stem(of name: String) -> String? {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
    let suffix = String(name[name.index(after: dot)...])
    guard imageExtensions.contains(suffix) || labelExtensions.contains(suffix) else { return nil }
    let stem = String(name[..<dot])
    return stem.hasSuffix("/") ? nil : stem
  }
}

/// Reads the lines of a split's list, as the tools that people use write them.
struct SplitListReader {
  let folder: VOCFolder
  /// Whether numbers behind names were passed over.
  private(set) var passedOverNumbers = false

  init(_ folder: VOCFolder) { self.folder = folder }

  /// The picture that `line` names; nil for a blank line or a comment. Throws `invalidArgument` for a
  /// name that leads out of the folder.
  ///
  /// A line is a name; or a name with its extension; or a path within the dataset; or either of them
  /// with a number behind it, as VOC's lists of classes have it; or two paths, a picture's and its
  /// labels'. Where a line can be read in two ways, the one whose files are there is meant.
  mutating func entry(_ line: String) throws -> DatasetEntry? {
    if line.isEmpty { return nil }
    if line.hasPrefix("#"), !isThere(line) { return nil }
    let separators: Set<Character> = [" ", "\t", ",", ";"]
    let isOneWord = !line.contains { separators.contains($0) }
    if isOneWord || isThere(line) || DatasetEntry.stem(of: line).map(isThere) ?? false {
      return try entry(path: line)
    }
    let words = line.split { separators.contains($0) }
    if words.count > 1, let last = words.last, Int(last) != nil {
      passedOverNumbers = true
      let end = line.index(line.startIndex, offsetBy: line.count - last.count)
      return try entry(
        path: String(line[..<end].reversed().drop { separators.contains($0) }.reversed()))
    }
    if words.count == 2 { return try entry(image: String(words[0]), labels: String(words[1])) }
    return try entry(path: line)
  }

  /// Whether `name` has a picture or labels.
  private func isThere(_ name: String) -> Bool {
    guard (try? VOCFolder.check(name: name)) != nil else { return false }
    return folder.imagePath(of: DatasetEntry(name)) != nil
      || folder.labelPath(of: DatasetEntry(name)) != nil
  }

  private func entry(image: String, labels: String) throws -> DatasetEntry {
    var entry = try entry(path: image)
    if entry.image == nil, image.contains("/") { entry.image = try within(image) }
    let path = try within(labels)
    let inLabels = "SegmentationClass/\(path)"
    let isWhole = !File.exists("\(folder.path)/\(inLabels)") || exists(path)
    // Labels that go by the picture's name need no path of their own.
    let usual = folder.labelPath(of: DatasetEntry(entry.name))
    let found = isWhole ? path : inLabels
    if usual != "\(folder.path)/\(found)" { entry.labels = found }
    return entry
  }

  private func entry(path: String) throws -> DatasetEntry {
    if !path.contains("/"), DatasetEntry.stem(of: path) == nil {
      try VOCFolder.check(name: path)
      return DatasetEntry(path)
    }
    var name = try within(path)
    var isInFolder = false
    for part in ["JPEGImages/", "SegmentationClass/"] where name.hasPrefix(part) {
      name = String(name.dropFirst(part.count))
      isInFolder = part == "JPEGImages/"
      break
    }
    if !isInFolder, isThere(name) { return DatasetEntry(name) }
    guard let stem = DatasetEntry.stem(of: name) else { return DatasetEntry(name) }
    if exists("JPEGImages/\(name)") { return DatasetEntry(stem, image: "JPEGImages/\(name)") }
    let isElsewhere = !isInFolder && exists(name)
    return DatasetEntry(stem, image: isElsewhere ? name : nil)
  }

  private func exists(_ path: String) -> Bool { File.exists("\(folder.path)/\(path)") }

  /// `path` as one within the folder.
  private func within(_ path: String) throws -> String {
    var path = path
    if path.hasPrefix(folder.path + "/") { path = String(path.dropFirst(folder.path.count + 1)) }
    // Lists of some systems begin every path with a slash and mean the dataset's folder.
    while path.hasPrefix("/") || path.hasPrefix("./") {
      path = String(path.dropFirst(path.hasPrefix("/") ? 1 : 2))
    }
    try VOCFolder.check(name: path)
    return path
  }
}
