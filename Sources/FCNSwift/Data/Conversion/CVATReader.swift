/// Reads CVAT's export "Segmentation mask 1.1": `labelmap.txt` with the labels' colours, label pictures in
/// these colours in `SegmentationClass`, lists in `ImageSets/Segmentation`, and, where they were exported
/// too, pictures in `JPEGImages`.
///
/// CVAT shows pictures set upright, and so are its masks.
struct CVATReader: AnnotationReader {
  func read(_ inputs: [AnnotationFiles], images: AnnotationFiles?) throws -> AnnotationSet {
    var set = AnnotationSet()
    set.isUpright = true
    set.hasBackground = false
    let others = try images.map { try PictureIndex($0) }
    for files in inputs {
      try read(files, others, into: &set)
    }
    return set
  }

  private func read(
    _ files: AnnotationFiles, _ others: PictureIndex?, into set: inout AnnotationSet
  ) throws {
    let names = try files.names()
    // The archive's root, or a folder in it.
    let lists = names.filter { AnnotationPath.base(of: $0) == "labelmap.txt" }
    guard let list = lists.min(by: { $0.utf8.count < $1.utf8.count }) else {
      throw FCNError(
        .notFound,
        "\(files.path): there is no labelmap.txt in it; export the task as \"Segmentation mask 1.1\""
      )
    }
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
