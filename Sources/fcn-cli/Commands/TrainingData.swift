import FCNSwift

extension Option {
  static let binaryMasks = flag(
    "binary-masks",
    "The labels are masks of 0 and 255, or black and white: 255 means class 1, and no pixel is "
      + "ignored.")
}

extension VOCFolder.Reading {
  /// What `--binary-masks` and `--classes` say of data; without the former, labels are masks where
  /// `binaryMasks` says so, without the latter, a folder that lists no classes has `classNames`.
  init(
    _ arguments: Arguments, classNames: [String]? = nil, binaryMasks: Bool = false
  ) throws {
    let given = try arguments.text(FreshModel.classes).map(FreshModel.classNames(in:))
    self.init(
      classNames: given ?? classNames, binaryMasks: arguments.has(.binaryMasks) || binaryMasks)
  }
}

/// The pictures to learn from and those to validate on that a command line names.
struct TrainingData {
  static let data = Option.value(
    "data", "DIR[:SPLIT]",
    "Pictures to learn from: a folder in VOC layout and one of its lists, train without one; may be "
      + "repeated.")
  static let validation = Option.value(
    "val-data", "DIR[:SPLIT]",
    "Validation pictures: the model is evaluated on them after epochs; the list val without a SPLIT; "
      + "may be repeated. By default the val "
      + "lists of the --data folders that were named without a SPLIT; none: "
      + "do not evaluate.")
  static let options = [data, validation, Option.binaryMasks]

  let training: any LabelledPictures
  /// nil where there is nothing to validate on.
  let validation: (any LabelledPictures)?
  /// What names each set of validation pictures: `DIR`, whose list is val, or `DIR:SPLIT`.
  let measured: [String]
  /// The folders that are read.
  let folders: [String]

  /// Finds the lists; what is in them and whether the files are there, the check tells. A folder
  /// that lists no classes has `classNames`, unless `--classes` is given; labels are masks with
  /// `binaryMasks` or the option.
  init(_ arguments: Arguments, classNames: [String]? = nil, binaryMasks: Bool = false) throws {
    let reading = try VOCFolder.Reading(
      arguments, classNames: classNames, binaryMasks: binaryMasks)
    let words = arguments.texts(TrainingData.data)
    let names = try words.map { try DataName($0, reading) }
    guard !names.isEmpty else { throw UsageError("\(TrainingData.data.spelling) is missing") }
    let isQuiet = arguments.has(.quiet)
    training = try DataName.pictures(
      of: names, split: "train", requiringFiles: false, isQuiet: isQuiet)
    let texts = arguments.texts(TrainingData.validation)
    if texts.isEmpty {
      measured = try zip(words, names).filter { _, name in
        try name.split == nil && name.folder.splits().contains("val")
      }.map(\.0)
    } else {
      measured = texts == ["none"] ? [] : texts
    }
    let validationNames = try measured.map { try DataName($0, reading) }
    validation =
      try validationNames.isEmpty
      ? nil
      : DataName.pictures(
        of: validationNames, split: "val", requiringFiles: false, isQuiet: isQuiet)
    folders = (names + validationNames).map(\.folder.path)
    if arguments.has(FreshModel.classes), let wanted = reading.classNames?.count {
      try TrainingData.check((names + validationNames).map(\.folder), have: wanted)
    }
  }

  /// Throws where one of `folders` lists another number of classes than `--classes` does.
  private static func check(_ folders: [VOCFolder], have wanted: Int) throws {
    for folder in folders where folder.classNames.count != wanted {
      throw FCNError(
        .shapeMismatch,
        "--\(FreshModel.classes.name) names \(counted(wanted, "class")), but \(folder.path) has "
          + "\(folder.classNames.count); name as many, or leave the option out")
    }
  }
}
