import FCNSwift

/// `DIR` or `DIR:SPLIT`: a folder in VOC layout and one of its lists.
struct DataName {
  let folder: VOCFolder
  /// What stood after the colon.
  let split: String?

  /// Reads what `parts` finds in `text`.
  init(_ text: String, _ reading: VOCFolder.Reading) throws {
    guard File.isFolder(text) || !File.exists(text) else {
      throw FCNError(
        .unsupported, "\(text) is a file; wanted a folder with JPEGImages and SegmentationClass"
      )
    }
    let parts = DataName.parts(text)
    folder = try VOCFolder(path: parts.folder, reading: reading)
    split = parts.split
  }

  /// The folder's path and the split that `text` names. A folder whose own name holds a colon is taken
  /// as it is.
  static func parts(_ text: String) -> (folder: String, split: String?) {
    guard !File.isFolder(text), let colon = text.lastIndex(of: ":"), colon > text.startIndex
    else { return (text, nil) }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  private init(_ folder: VOCFolder, _ split: String?) {
    self.folder = folder
    self.split = split
  }

  /// The same folder with the list `other`, unless it names one already.
  func naming(_ other: String?) -> DataName { DataName(folder, split ?? other) }

  /// The pictures of the split that was named, or of `standard`. Where there is no such list, those of
  /// the only one that there is, unless that is for something else; where there is none at all, all
  /// that have labels.
  func pictures(
    of standard: String, requiringFiles: Bool = true, isQuiet: Bool = true
  ) throws -> any LabelledPictures {
    let lists = split == nil ? try folder.splits() : []
    if split == nil, lists.isEmpty {
      let all = try VOCSplit(allOf: folder)
      if !isQuiet {
        Terminal.log(
          "\(folder.path) has no lists in ImageSets/Segmentation: "
            + (all.count == 1
              ? "the only labelled picture is taken"
              : "all \(all.count) labelled pictures are taken"))
      }
      return all
    }
    var name = split ?? standard
    let forElse = ["train", "val", "test", "trainval"]
    if split == nil, lists.count == 1, let only = lists.first, !forElse.contains(only) {
      if !isQuiet {
        Terminal.log("\(folder.path) has no list \(standard): its only list, \(only), is taken")
      }
      name = only
    }
    return try VOCSplit(folder, split: name, requiringFiles: requiringFiles)
  }

  /// The pictures of all `names` together.
  static func pictures(
    of names: [DataName], split standard: String, requiringFiles: Bool = true, isQuiet: Bool = true
  ) throws -> any LabelledPictures {
    try CombinedPictures(
      names.map { try $0.pictures(of: standard, requiringFiles: requiringFiles, isQuiet: isQuiet) })
  }
}

/// Warns where the data's classes, as many as the model's, have other names.
func warnOfOtherNames(_ model: Model, _ pictures: any LabelledPictures) {
  let (own, others) = (model.description.classNames, pictures.classNames)
  guard own.count == others.count, let index = own.indices.first(where: { own[$0] != others[$0] })
  else { return }
  Terminal.log(
    "warning: class \(index) is \"\(own[index])\" to the model and \"\(others[index])\" to the data; "
      + "are these the same classes?")
}
