/// Reads Cityscapes as its archives unpack: pictures in `leftImg8bit/SPLIT/CITY`, labels in
/// `gtFine/SPLIT/CITY` (or `gtCoarse`), as `_labelTrainIds.png` or `_labelIds.png`.
///
/// The labels are the public table's; nineteen of them are classes.
struct CityscapesReader: AnnotationReader {
  func read(_ inputs: [AnnotationFiles], images: AnnotationFiles?) throws -> AnnotationSet {
    var set = AnnotationSet()
    set.isUpright = true
    set.hasBackground = false
    set.labels = CityscapesLabels.all.map(\.name)
    set.colours = CityscapesLabels.all.map(\.colour)
    set.customaryClasses = CityscapesLabels.classes.map(\.name)
    for files in inputs { try read(files, images, into: &set) }
    return set
  }

  private func read(
    _ files: AnnotationFiles, _ images: AnnotationFiles?, into set: inout AnnotationSet
  ) throws {
    let names = try files.names()
    var labels: [String: (name: String, isTrained: Bool, rank: Int)] = [:]
    for name in names {
      // Fine labels before coarse ones, all labels before those of the classes alone.
      let endings = [
        "_gtFine_labelIds.png", "_gtFine_labelTrainIds.png", "_gtCoarse_labelIds.png",
        "_gtCoarse_labelTrainIds.png",
      ]
      guard let rank = endings.firstIndex(where: name.hasSuffix) else { continue }
      let frame = AnnotationPath.base(of: String(name.dropLast(endings[rank].count)))
      if let other = labels[frame], other.rank <= rank { continue }
      labels[frame] = (name, rank % 2 == 1, rank)
    }
    guard !labels.isEmpty else {
      throw files.lacks(
        "there are no files NAME_gtFine_labelIds.png or _labelTrainIds.png in it", among: names)
    }
    let pictures = images ?? files
    let left = try (images == nil ? names : pictures.names()).filter {
      $0.hasSuffix("_leftImg8bit.png") || $0.hasSuffix("_leftImg8bit.jpg")
    }
    for name in left {
      let frame = AnnotationPath.base(of: String(name.dropLast("_leftImg8bit.png".count)))
      guard let label = labels.removeValue(forKey: frame) else {
        set.unannotated.append("\(pictures.path)/\(name)")
        continue
      }
      let file = files.file(label.name)
      let parts = AnnotationPath.folder(of: name).split(separator: "/")
      set.pictures.append(
        AnnotatedPicture(
          name: "\(parts.last.map { "\($0)/" } ?? "")\(frame)", picture: pictures.file(name),
          size: nil,
          content: .map(
            file, .values(label.isTrained ? CityscapesLabels.trained : CityscapesLabels.ids)),
          split: parts.reversed().lazy.compactMap { AnnotationPath.split(of: String($0)) }.first,
          origin: file.path))
    }
    for label in labels.values.map(\.name).sorted() {
      set.faults.append(
        .init(
          .missingPicture, "\(files.path)/\(label): there is no picture leftImg8bit of this name"))
    }
  }
}

/// The public table of Cityscapes' labels.
enum CityscapesLabels {
  /// A label that is not void.
  struct Label: Sendable {
    /// What `_labelIds.png` has for it.
    let id: UInt8
    let name: String
    /// What `_labelTrainIds.png` has for it; nil where it is none of the classes.
    let trained: UInt8?
    let colour: RGB
  }

  /// Ids of what is never evaluated: unlabeled, ego vehicle, rectification border, out of roi, static,
  /// dynamic, ground.
  private static let void: ClosedRange<UInt8> = 0...6

  /// All labels but void ones.
  static let all: [Label] = [
    Label(id: 7, name: "road", trained: 0, colour: RGB(128, 64, 128)),
    Label(id: 8, name: "sidewalk", trained: 1, colour: RGB(244, 35, 232)),
    Label(id: 9, name: "parking", trained: nil, colour: RGB(250, 170, 160)),
    Label(id: 10, name: "rail track", trained: nil, colour: RGB(230, 150, 140)),
    Label(id: 11, name: "building", trained: 2, colour: RGB(70, 70, 70)),
    Label(id: 12, name: "wall", trained: 3, colour: RGB(102, 102, 156)),
    Label(id: 13, name: "fence", trained: 4, colour: RGB(190, 153, 153)),
    Label(id: 14, name: "guard rail", trained: nil, colour: RGB(180, 165, 180)),
    Label(id: 15, name: "bridge", trained: nil, colour: RGB(150, 100, 100)),
    Label(id: 16, name: "tunnel", trained: nil, colour: RGB(150, 120, 90)),
    Label(id: 17, name: "pole", trained: 5, colour: RGB(153, 153, 153)),
    Label(id: 18, name: "polegroup", trained: nil, colour: RGB(153, 153, 153)),
    Label(id: 19, name: "traffic light", trained: 6, colour: RGB(250, 170, 30)),
    Label(id: 20, name: "traffic sign", trained: 7, colour: RGB(220, 220, 0)),
    Label(id: 21, name: "vegetation", trained: 8, colour: RGB(107, 142, 35)),
    Label(id: 22, name: "terrain", trained: 9, colour: RGB(152, 251, 152)),
    Label(id: 23, name: "sky", trained: 10, colour: RGB(70, 130, 180)),
    Label(id: 24, name: "person", trained: 11, colour: RGB(220, 20, 60)),
    Label(id: 25, name: "rider", trained: 12, colour: RGB(255, 0, 0)),
    Label(id: 26, name: "car", trained: 13, colour: RGB(0, 0, 142)),
    Label(id: 27, name: "truck", trained: 14, colour: RGB(0, 0, 70)),
    Label(id: 28, name: "bus", trained: 15, colour: RGB(0, 60, 100)),
    Label(id: 29, name: "caravan", trained: nil, colour: RGB(0, 0, 90)),
    Label(id: 30, name: "trailer", trained: nil, colour: RGB(0, 0, 110)),
    Label(id: 31, name: "train", trained: 16, colour: RGB(0, 80, 100)),
    Label(id: 32, name: "motorcycle", trained: 17, colour: RGB(0, 0, 230)),
    Label(id: 33, name: "bicycle", trained: 18, colour: RGB(119, 11, 32)),
  ]

  /// The nineteen classes.
  static var classes: [Label] { all.filter { $0.trained != nil } }

  /// What the values of `_labelIds.png` mean, by index in `all`.
  static let ids: [LabelMeaning?] = {
    var table = [LabelMeaning?](repeating: nil, count: 256)
    for id in void { table[Int(id)] = .ignored }
    for (index, label) in all.enumerated() { table[Int(label.id)] = .label(index) }
    return table
  }()

  /// What the values of `_labelTrainIds.png` mean, by index in `all`.
  static let trained: [LabelMeaning?] = {
    var table = [LabelMeaning?](repeating: nil, count: 256)
    for (index, label) in all.enumerated() {
      if let value = label.trained { table[Int(value)] = .label(index) }
    }
    table[255] = .ignored
    return table
  }()
}
