/// What COCO's panoptic task says of a picture: a label picture whose colours number segments, and the
/// category of each segment. The number is red + 256 green + 65536 blue; 0 is what belongs to none.
struct COCOSegments: Sendable {
  /// The label picture, as the file names it.
  let path: String
  private let segments: [(id: UInt32, category: JSON)]

  /// The annotation `element`, whose `segments_info` is `list`.
  init(_ element: JSON, _ list: [JSON]) throws {
    guard let path = element["file_name"]?.text, !path.isEmpty, !path.contains("\0") else {
      throw FCNError(.corrupt, "it has segments, but no file_name of a label picture")
    }
    self.path = path
    var seen: Set<Int> = []
    segments = try list.map { segment in
      guard let id = segment["id"]?.integer, (1...0xFF_FFFF).contains(id),
        seen.insert(id).inserted
      else {
        throw FCNError(
          .corrupt,
          "a segment has no id from 1 to \(0xFF_FFFF) of its own, which its colour could say")
      }
      return (UInt32(id), try COCOReader.key(segment["category_id"]))
    }
  }

  /// What the colours mean, by the labels of the categories. Throws `corrupt` for a category without one.
  func coding(_ labels: [JSON: Int]) throws -> PixelCoding {
    var meanings: [UInt32: LabelMeaning] = [0: .unlabelled]
    for (id, category) in segments {
      guard let label = labels[category] else {
        throw FCNError(
          .corrupt, "a segment has the category \(category.compactText), which is not listed")
      }
      let key = LabelColours.key(UInt8(id & 255), UInt8(id >> 8 & 255), UInt8(id >> 16))
      meanings[key] = .label(label)
    }
    return .colours(meanings)
  }
}

/// Where the label pictures may lie that a panoptic file of COCO's names: beside it in a folder, or an
/// archive, of its own name, or in its own folder.
struct COCOSegmentPictures {
  private let folders: [AnnotationFiles]
  private let stem: String
  /// What messages call the places.
  let description: String

  /// The places for the file at `path`.
  init(_ path: String) throws {
    stem = AnnotationPath.stem(of: AnnotationPath.base(of: path))
    let home = File.folder(of: path)
    folders = try ["\(home)/\(stem)", "\(home)/\(stem).zip", home].filter(File.exists)
      .map { try AnnotationFiles(path: $0) }
    description = "the folder or archive \(home)/\(stem), or in \(home)"
  }

  /// The label picture that the file calls `path`.
  func find(_ path: String) -> AnnotationFile? {
    let path = AnnotationPath.normalized(path)
    guard !path.split(separator: "/").contains("..") else { return nil }
    for files in folders {
      for name in [path, "\(stem)/\(path)"] where files.contains(name) { return files.file(name) }
    }
    return nil
  }
}
