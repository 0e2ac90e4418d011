/// Finds pictures by what annotations call them.
struct PictureIndex: Sendable {
  let files: AnnotationFiles
  /// Every picture's path, sorted.
  let names: [String]
  private let paths: Set<String>
  private var byStem: [String: [String]] = [:]
  private var byBase: [String: [String]] = [:]

  /// The pictures among `names`, which are files of `files`; all of them without.
  init(_ files: AnnotationFiles, among names: [String]? = nil) throws {
    self.files = files
    self.names = try (names ?? files.names()).filter(AnnotationPath.isAnyPicture)
    paths = Set(self.names)
    for name in self.names {
      let stem = AnnotationPath.stem(of: name)
      byStem[stem, default: []].append(name)
      byBase[AnnotationPath.base(of: stem), default: []].append(name)
    }
  }

  /// The picture that `path` means: of that path, of that path but for the extension, or, where
  /// `anywhere`, the only one with its last part. Throws `corrupt` where it may be one of several.
  func find(_ path: String, anywhere: Bool = true) throws -> String? {
    if paths.contains(path) { return path }
    let path = AnnotationPath.normalized(path)
    if paths.contains(path) { return path }
    let stem = AnnotationPath.isAnyPicture(path) ? AnnotationPath.stem(of: path) : path
    var found = byStem[stem] ?? []
    if found.isEmpty, anywhere {
      let base = AnnotationPath.base(of: path)
      found = byBase[AnnotationPath.base(of: stem)] ?? []
      let exact = found.filter { AnnotationPath.base(of: $0) == base }
      if !exact.isEmpty { found = exact }
    }
    guard found.count <= 1 else {
      throw FCNError(
        .corrupt,
        "\(quoted(path)) may be any of \(listed(found.map { "\(files.path)/\($0)" }, most: 3))")
    }
    return found.first
  }
}
