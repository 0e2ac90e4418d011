import FCNSwift

/// `DIR` or `DIR:SPLIT`: a folder in VOC layout and one of its lists.
struct DataName {
  let folder: VOCFolder
  /// What stood after the colon.
  let split: String?

  /// A folder whose own name holds a colon is taken as it is.
  init(_ text: String) throws {
    guard File.isFolder(text) || !File.exists(text) else {
      throw FCNError(
        .invalidArgument, "\(text) is a file; wanted a folder with JPEGImages and SegmentationClass"
      )
    }
    if !File.isFolder(text), let colon = text.lastIndex(of: ":"), colon > text.startIndex {
      folder = try VOCFolder(path: String(text[..<colon]))
      split = String(text[text.index(after: colon)...])
    } else {
      folder = try VOCFolder(path: text)
      split = nil
    }
  }

  /// The pictures of the split that was named, or of `standard`.
  func pictures(of standard: String) throws -> any LabelledPictures {
    try VOCSplit(folder, split: split ?? standard)
  }

  /// The pictures of all `names` together.
  static func pictures(
    of names: [DataName], split standard: String
  ) throws -> any LabelledPictures {
    try CombinedPictures(names.map { try $0.pictures(of: standard) })
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
