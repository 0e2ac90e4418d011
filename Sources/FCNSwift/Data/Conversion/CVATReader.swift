/// Reads what CVAT exports, in folders, archives, or XML files by themselves.
///
/// "Segmentation mask 1.1" is `labelmap.txt` with the labels' colours, label pictures in these colours in
/// `SegmentationClass`, lists in `ImageSets/Segmentation`, and, where they were exported too, pictures in
/// `JPEGImages`. "CVAT for images 1.1" is `annotations.xml` (`CVATImagesReader`), and pictures in `images`.
///
/// CVAT shows pictures set upright, and so are its masks and coordinates.
struct CVATReader {
  private var others: PictureIndex?
  private var xml = CVATImagesReader()

  /// What is in the folders, archives or XML files at `paths`; pictures lie in `images`, or, where that is
  /// nil, where CVAT leaves them.
  static func read(_ paths: [String], images: AnnotationFiles?) throws -> AnnotationSet {
    var set = AnnotationSet()
    set.isUpright = true
    set.hasBackground = false
    var reader = CVATReader()
    reader.others = try images.map { try PictureIndex($0) }
    for path in paths {
      guard !File.isFolder(path), AnnotationPath.suffix(of: path) == "xml" else {
        try reader.read(try AnnotationFiles(path: path), into: &set)
        continue
      }
      guard File.exists(path) else { throw FCNError(.notFound, "\(path): there is no such file") }
      let files = try AnnotationFiles(folderOf: path)
      try reader.readXML([AnnotationPath.base(of: path)], files, into: &set)
    }
    reader.xml.finish(&set)
    return set
  }

  private mutating func read(_ files: AnnotationFiles, into set: inout AnnotationSet) throws {
    let names = try files.names()
    // The archive's root, or a folder in it.
    let lists = names.filter { AnnotationPath.base(of: $0) == "labelmap.txt" }
    if let list = lists.min(by: { $0.utf8.count < $1.utf8.count }) {
      return try readMasks(list, names, files, into: &set)
    }
    let documents = names.filter { AnnotationPath.suffix(of: $0) == "xml" }
    guard !documents.isEmpty else {
      throw files.lacks(
        "there is neither a labelmap.txt nor an XML file in it; export the task as \"Segmentation mask "
          + "1.1\" or as \"CVAT for images 1.1\"", among: names)
    }
    // Other tools' XML may lie beside it.
    let own = documents.filter { AnnotationPath.base(of: $0) == "annotations.xml" }
    try readXML(own.isEmpty ? documents : own, files, into: &set)
  }

  private mutating func readXML(
    _ documents: [String], _ files: AnnotationFiles, into set: inout AnnotationSet
  ) throws {
    set.hasBackground = true
    let index = try others ?? PictureIndex(files)
    var taken: Set<String> = []
    for name in documents {
      let home = others == nil ? AnnotationPath.folder(of: name) : nil
      do {
        try xml.read(
          files.file(name), CVATImagesReader.Pictures(index: index, home: home), into: &set, &taken)
      } catch let error as FCNError where !error.isShortage {
        set.faults.append(.init(.unreadable, error.message))
      }
    }
    set.unannotated += index.names.filter { !taken.contains($0) }
      .map { "\(index.files.path)/\($0)" }
  }

  private func readMasks(
    _ list: String, _ names: [String], _ files: AnnotationFiles, into set: inout AnnotationSet
  ) throws {
    let root = AnnotationPath.folder(of: list)
    let coding = try naming("\(files.path)/\(list)") {
      try self.coding(try files.file(list).read(), &set)
    }
    let masks = root + "SegmentationClass/"
    let found = names.filter { $0.hasPrefix(masks) && AnnotationPath.suffix(of: $0) == "png" }
    let own = root + "JPEGImages/"
    let index = try others ?? PictureIndex(files, among: names.filter { $0.hasPrefix(own) })
    let splits = try self.splits(files, names, root)
    var taken: Set<String> = []
    for name in found {
      let stem = AnnotationPath.stem(of: String(name.dropFirst(masks.count)))
      let file = files.file(name)
      do {
        let path = others == nil ? own + stem : stem
        guard let picture = try index.find(path, anywhere: others != nil) else {
          set.faults.append(
            .init(
              .missingPicture,
              "\(file.path): there is no picture of this name in "
                + (others.map(\.files.path) ?? "\(files.path)/\(own)")))
          continue
        }
        taken.insert(picture)
        set.pictures.append(
          AnnotatedPicture(
            name: AnnotationPath.datasetName(stem), picture: index.files.file(picture), size: nil,
            content: .map(file, coding), split: splits[stem], origin: file.path))
      } catch let error as FCNError where !error.isShortage {
        set.faults.append(.init(.missingPicture, error.within(file.path).message))
      }
    }
    set.unannotated += index.names.filter { !taken.contains($0) }
      .map { "\(index.files.path)/\($0)" }
  }

  /// What the colours in the list of labels mean; the labels are added to `set`.
  private func coding(_ bytes: [UInt8], _ set: inout AnnotationSet) throws -> PixelCoding {
    let list = try ClassList(lines: try TextLines.of(bytes))
    guard let colours = list.colours else {
      throw FCNError(.corrupt, "it has no colours; wanted lines of name:r,g,b:parts:actions")
    }
    var meanings: [UInt32: LabelMeaning] = [LabelColours.key(224, 224, 192): .ignored]
    for (name, colour) in zip(list.names, colours) {
      if ClassAssignment.isBackground(name) { set.hasBackground = true }
      let label = set.index(ofLabel: name)
      meanings[LabelColours.key(colour.red, colour.green, colour.blue)] = .label(label)
      var known = set.colours ?? []
      // Labels of an earlier list keep the colours that they had there.
      if label >= known.count { known.append(colour) }
      set.colours = known
    }
    return .colours(meanings)
  }

  /// The list that each picture is on, but for CVAT's `default`, which is no part of a division.
  private func splits(
    _ files: AnnotationFiles, _ names: [String], _ root: String
  ) throws -> [String: String] {
    let folder = root + "ImageSets/Segmentation/"
    var splits: [String: String] = [:]
    for name in names where name.hasPrefix(folder) && name.hasSuffix(".txt") {
      guard let split = AnnotationPath.split(of: AnnotationPath.base(of: name)) else { continue }
      for line in try naming("\(files.path)/\(name)", { try TextLines.of(files.file(name).read()) })
      {
        splits[line] = split
      }
    }
    return splits
  }
}
