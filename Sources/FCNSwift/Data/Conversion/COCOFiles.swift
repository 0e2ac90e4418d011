/// Reads files of COCO's JSON, or folders of them.
struct COCOFiles {
  /// What is in the files or folders at `paths`.
  static func read(_ paths: [String], images: AnnotationFiles?) throws -> AnnotationSet {
    var set = AnnotationSet()
    set.smallerOnTop = true
    for path in paths {
      guard File.isFolder(path) else {
        // Of one file alone the folder's name says nothing of lists.
        let place = paths.count > 1 ? path : AnnotationPath.base(of: path)
        try COCOReader.read(path, place: place, images: images, into: &set)
        continue
      }
      let files = try AnnotationFiles(path: path)
      let names = try files.names()
      let documents = names.filter { AnnotationPath.suffix(of: $0) == "json" }
      guard !documents.isEmpty else {
        throw files.lacks("there are no JSON files of COCO's in it", among: names)
      }
      for name in documents {
        try COCOReader.read(files.file(name).path, place: name, images: images, into: &set)
      }
    }
    if let images {
      let taken = Set(set.pictures.map(\.picture.path))
      set.unannotated = try PictureIndex(images).names.map { "\(images.path)/\($0)" }
        .filter { !taken.contains($0) }
    }
    return set
  }
}
