/// What a tool left: a folder, or a zip archive, which is read without being unpacked.
struct AnnotationFiles: Sendable {
  /// The folder or the archive.
  let path: String
  private let archive: ZipArchive?

  /// Opens the folder or archive at `path`. Throws `notFound` where there is neither, `unsupported` for
  /// a file that is no archive.
  init(path: String) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    if File.isFolder(path) {
      archive = nil
    } else {
      guard File.exists(path) else {
        throw FCNError(.notFound, "\(path): there is no such folder or zip archive")
      }
      archive = try naming(path) {
        let storage = try ByteStorage(mapping: path)
        guard storage.bytes.starts(with: [0x50, 0x4B]) else {
          // Who would read it, else where it lies.
          let readers: [String: Conversion.Source] = ["json": .coco, "xml": .cvat]
          let reader = readers[AnnotationPath.suffix(of: path)]
          throw FCNError(
            .unsupported,
            "this is a file, neither a folder nor a zip archive; "
              + (reader.map { "such a file by itself is read as \($0.rawValue)" }
                ?? "name the folder that it lies in"))
        }
        return try ZipArchive(storage)
      }
    }
  }

  /// The folder that the file at `path` lies in.
  init(folderOf path: String) throws {
    try self.init(path: File.folder(of: path))
  }

  /// What the description of a dataset begins with that a conversion wrote.
  static let conversionMark = "Converted from"

  /// Whether the folder `path` is what a conversion wrote.
  static func isConverted(_ path: String) -> Bool {
    let description = "\(path)/description.txt"
    guard File.exists(description) else { return false }
    return (try? TextLines.read(description))?.first?.hasPrefix(conversionMark) ?? false
  }

  /// The paths of all files in it, sorted, but for hidden ones and those in folders within it that a
  /// conversion wrote.
  func names() throws -> [String] {
    guard let archive else { return try AnnotationFiles.names(in: path, "", above: []) }
    return archive.entries.map(\.name).filter { name in
      !name.hasSuffix("/") && name.split(separator: "/").allSatisfy { !$0.hasPrefix(".") }
        && !name.hasPrefix("__MACOSX/")
    }.sorted()
  }

  // A link may lead back to a folder that it is in, of those in `above`.
  private static func names(
    in folder: String, _ prefix: String, above: [[UInt64]]
  ) throws -> [String] {
    let identity = File.identity(ofFolder: folder)
    if let identity, above.contains(identity) { return [] }
    let above = above + [identity].compactMap { $0 }
    return try File.names(inFolder: folder).filter { !$0.hasPrefix(".") }.flatMap {
      name -> [String] in
      let path = "\(folder)/\(name)"
      guard File.isFolder(path) else { return ["\(prefix)\(name)"] }
      return try isConverted(path) ? [] : names(in: path, "\(prefix)\(name)/", above: above)
    }
  }

  /// Whether there is a file `name`.
  func contains(_ name: String) -> Bool {
    if let archive { return archive.entry(named: name) != nil }
    return File.exists("\(path)/\(name)") && !File.isFolder("\(path)/\(name)")
  }

  /// The file `name`.
  func file(_ name: String) -> AnnotationFile { AnnotationFile(files: self, name: name) }

  /// The contents of the entry `name`, of at most `limit` bytes.
  fileprivate func entry(_ name: String, atMost limit: Int) throws -> [UInt8]? {
    guard let archive else { return nil }
    guard let entry = archive.entry(named: name) else {
      throw FCNError(.notFound, "\(path)/\(name): there is no such file in the archive")
    }
    return try naming(path) {
      guard entry.size <= limit else {
        throw FCNError(
          .unsupported,
          "entry \(quoted(name)): it has \(entry.size) bytes, more than a file of its kind has")
      }
      let stored = try archive.contents(of: entry, budget: CopyBudget(bytes: limit))
      try requireMemory(stored.count)
      return Array(stored.bytes)
    }
  }
}

/// A file of a folder or an archive.
struct AnnotationFile: Sendable {
  /// Where it lies.
  let files: AnnotationFiles
  /// Its path there.
  let name: String
  /// Reads a picture that is within the file; nil where the file is one.
  var extract: (@Sendable ([UInt8]) throws -> [UInt8])?

  /// What messages call it.
  var path: String { "\(files.path)/\(name)" }

  /// Whether it is a file that others could be links to.
  var isPlain: Bool { extract == nil && File.exists(path) }

  /// The most bytes that are read of annotations with pictures in them.
  static let largestAnnotation = 1 << 28
  /// The most bytes of a picture in an archive.
  private static let largestPicture = 1 << 30

  /// The contents of a picture; of a file that is none only the beginning.
  func readPicture() throws -> [UInt8] {
    if let extract {
      let bytes = try read()
      return try naming(path) { try extract(bytes) }
    }
    return try files.entry(name, atMost: AnnotationFile.largestPicture) ?? File.readPicture(path)
  }

  /// The contents of a file that is no picture.
  func read() throws -> [UInt8] {
    try files.entry(name, atMost: AnnotationFile.largestAnnotation)
      ?? File.read(path, atMost: AnnotationFile.largestAnnotation)
  }
}

extension AnnotationFile {
  init(files: AnnotationFiles, name: String) {
    self.init(files: files, name: name, extract: nil)
  }
}

/// Paths as tools write them, within a folder.
enum AnnotationPath {
  /// `path` without its extension.
  static func stem(of path: String) -> String {
    guard let dot = path.lastIndex(of: "."), dot > path.startIndex,
      !path[dot...].contains("/"), path[path.index(before: dot)] != "/"
    else { return path }
    return String(path[..<dot])
  }

  /// The extension of `path` in small letters; empty where it has none.
  static func suffix(of path: String) -> String {
    let stem = stem(of: path)
    return path.dropFirst(stem.count + 1).lowercased()
  }

  /// The last part of `path`.
  static func base(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// The folder part of `path`, with a slash at its end; empty where it has none.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// `path` with slashes, and without the parts `.` and, where something precedes them, `..`.
  static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.replacingBackslashes.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }

  /// What a dataset may call the picture at `path`: without extension and what leads out of a folder.
  static func datasetName(_ path: String) -> String {
    stem(of: normalized(path).split(separator: "/").filter { $0 != ".." }.joined(separator: "/"))
  }

  /// Whether `path` ends as a PNG or a JPEG does.
  static func isPicture(_ path: String) -> Bool {
    ["jpg", "jpeg", "png"].contains(suffix(of: path))
  }

  /// Whether `path` ends as any picture does, be it one that is not read.
  static func isAnyPicture(_ path: String) -> Bool {
    isPicture(path)
      || ["bmp", "gif", "tif", "tiff", "webp", "avif", "heic", "jp2"].contains(suffix(of: path))
  }

  /// The list that a path with the word train, val or test in its last parts is for.
  static func split(of path: String) -> String? {
    let words = normalized(path).split(separator: "/").suffix(2).reversed().flatMap {
      $0.lowercased().split { !$0.isLetter }
    }
    for word in words {
      switch word {
      case "train", "training": return "train"
      case "val", "valid", "validation": return "val"
      case "test", "testing": return "test"
      default: continue
      }
    }
    return nil
  }
}

extension String {
  /// Windows writes paths with backslashes.
  fileprivate var replacingBackslashes: String {
    String(map { $0 == "\\" ? "/" : $0 })
  }
}
