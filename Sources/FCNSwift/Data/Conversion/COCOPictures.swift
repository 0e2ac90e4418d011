/// Where pictures may lie that a file of COCO's names.
struct COCOPictures {
  private let indices: [PictureIndex]
  private let folders: [AnnotationFiles]
  let description: String

  init(_ path: String, _ images: AnnotationFiles?) throws {
    if let images {
      indices = [try PictureIndex(images)]
      folders = []
      description = images.path
      return
    }
    indices = []
    let home = File.folder(of: path)
    // instances_val2017.json is of val2017, in a folder beside its own.
    let stem = AnnotationPath.stem(of: AnnotationPath.base(of: path))
    let set = stem.split(separator: "_").last.map(String.init) ?? stem
    let candidates = [home, "\(home)/images", "\(home)/..", "\(home)/../images"]
    folders = try (candidates + ["\(home)/../\(set)", "\(home)/../images/\(set)"])
      .filter(File.isFolder).map { try AnnotationFiles(path: $0) }
    description = "\(home) or the folders beside it"
  }

  func find(_ path: String) throws -> AnnotationFile? {
    for index in indices {
      if let name = try index.find(path) { return index.files.file(name) }
    }
    let path = AnnotationPath.normalized(path)
    guard !path.split(separator: "/").contains("..") else { return nil }
    for files in folders where files.contains(path) { return files.file(path) }
    let base = AnnotationPath.base(of: path)
    for files in folders where files.contains(base) { return files.file(base) }
    return nil
  }
}
