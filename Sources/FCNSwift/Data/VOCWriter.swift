import Glibc

/// Writes a dataset in VOC layout: first its lists, then picture by picture, so that a stopped run can
/// be taken up again and never looks like a finished one.
struct VOCWriter {
  private let path: String
  private let palette: [RGB]

  /// How a picture is stored; labels are palette PNGs always.
  enum Format {
    case png
    case jpeg(quality: Int)
  }

  /// Makes the folders and lists of a dataset at `path`.
  ///
  /// `description`, one line, is stored in `description.txt` and tells one set from another: where
  /// the folder holds a set with another description or other lists, throws `invalidState` unless
  /// `overwrite`, which replaces lists and pictures but deletes nothing.
  init(
    path: String, classNames: [String], palette: [RGB], splits: [(name: String, names: [String])],
    description: String, overwrite: Bool
  ) throws {
    self.path = path
    self.palette = palette
    var texts = [
      (VOCFolder.classNamesPath(in: path), VOCWriter.text(classNames)),
      ("\(path)/description.txt", VOCWriter.text([description])),
    ]
    for split in splits {
      try VOCFolder.check(split: split.name)
      for name in split.names { try VOCFolder.check(name: name) }
      texts.append((VOCFolder.listPath(of: split.name, in: path), VOCWriter.text(split.names)))
    }
    if !overwrite { try VOCWriter.refuseAnotherSet(in: path, texts) }
    for folder in ["ImageSets/Segmentation", "JPEGImages", "SegmentationClass"] {
      try File.makeFolder("\(path)/\(folder)")
    }
    for (file, text) in texts { try File.write(text, to: file) }
  }

  /// Writes one picture and its labels.
  func write(_ picture: LabelledPicture, as format: Format) throws {
    let (encoded, suffix) =
      switch format {
      case .png: (try picture.image.encodedPNG(), "png")
      case .jpeg(let quality): (try picture.image.encodedJPEG(quality: quality), "jpg")
      }
    try write(picture.name, encoded, suffix, picture.labels)
  }

  /// Writes the picture `name`, whose file holds `encoded` and ends with `suffix`, and its labels.
  func write(_ name: String, _ encoded: [UInt8], _ suffix: String, _ labels: LabelMap) throws {
    try write(name, suffix, labels) { try File.write(encoded, to: $0) }
  }

  /// Makes the picture `name` another name of the file `original`, which ends with `suffix` or should, and
  /// writes its labels.
  func write(
    _ name: String, linking original: String, _ suffix: String, _ labels: LabelMap
  ) throws {
    try write(name, suffix, labels) { try File.link(original, as: $0) }
  }

  private func write(
    _ name: String, _ suffix: String, _ labels: LabelMap, _ writePicture: (String) throws -> Void
  ) throws {
    try VOCFolder.check(name: name)
    let image = "\(path)/JPEGImages/\(name)"
    if let slash = name.lastIndex(of: "/") {
      for part in ["JPEGImages", "SegmentationClass"] {
        try File.makeFolder("\(path)/\(part)/\(name[..<slash])")
      }
    }
    // One of another format that is being overwritten would be found in the new one's place.
    for other in DatasetEntry.imageExtensions where other != suffix { unlink("\(image).\(other)") }
    try writePicture("\(image).\(suffix)")
    try File.write(
      try labels.encodedPNG(palette: palette), to: "\(path)/SegmentationClass/\(name).png")
  }

  private static func text(_ lines: [String]) -> [UInt8] {
    Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  private static func refuseAnotherSet(
    in path: String, _ texts: [(file: String, text: [UInt8])]
  ) throws {
    let same = try texts.allSatisfy {
      guard File.exists($0.file) else { return false }
      return try File.read($0.file) == $0.text
    }
    guard !same else { return }
    for part in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
      let folder = "\(path)/\(part)"
      guard File.isFolder(folder), try !File.names(inFolder: folder).isEmpty else { continue }
      throw FCNError(
        .invalidState,
        "\(path): the folder holds another set of pictures already; choose an empty folder, or "
          + FCNError.overwritingAdvice)
    }
  }
}
