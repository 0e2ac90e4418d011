/// Reads folders of pictures and of label pictures that go by the same names, or by names with `_mask` and
/// the like behind them.
struct MaskReader: AnnotationReader {
  /// How the label pictures are to be read.
  let coding: PixelCoding
  /// The labels that the coding refers to.
  let labels: [String]
  /// The labels' colours, where they have some.
  let colours: [RGB]?
  /// Whether what is not drawn on is background.
  let hasBackground: Bool

  /// Folders of label pictures, and folders of pictures, as people call them.
  private static let maskFolders: Set<String> = [
    "masks", "mask", "labels", "label", "annotations", "annotation", "gt", "groundtruth",
    "ground_truth", "segmentationclass", "segmentation", "segmentations", "segs", "targets",
  ]
  private static let pictureFolders: Set<String> = [
    "images", "image", "imgs", "img", "pictures", "photos", "jpegimages", "inputs", "frames",
  ]
  /// Ends of the names of label pictures.
  private static let endings: [String] = [
    "mask", "masks", "label", "labels", "seg", "segmentation", "gt", "groundtruth",
    "ground_truth", "l",
  ].flatMap { word -> [String] in ["_" + word, "-" + word, "." + word] }

  func read(_ inputs: [AnnotationFiles], images: AnnotationFiles?) throws -> AnnotationSet {
    var set = AnnotationSet()
    set.labels = labels
    set.colours = colours
    set.hasBackground = hasBackground
    for files in inputs { try read(files, images, into: &set) }
    return set
  }

  private func read(
    _ files: AnnotationFiles, _ images: AnnotationFiles?, into set: inout AnnotationSet
  ) throws {
    let all = try files.names()
    let names = all.filter(AnnotationPath.isAnyPicture)
    guard !names.isEmpty else { throw files.lacks("there are no label pictures in it", among: all) }
    let (masks, pictures) = try MaskReader.divided(names, files, haveTheirOwn: images != nil)
    let index = try images.map { try PictureIndex($0) } ?? PictureIndex(files, among: pictures)
    var byKey: [String: [String]] = [:]
    var byBase: [String: [String]] = [:]
    for name in index.names {
      let key = MaskReader.key(name, among: MaskReader.pictureFolders, isMask: false)
      byKey[key, default: []].append(name)
      byBase[AnnotationPath.base(of: key), default: []].append(name)
    }
    var taken: [String: String] = [:]
    for name in masks {
      let file = files.file(name)
      let key = MaskReader.key(name, among: MaskReader.maskFolders, isMask: true)
      let plain = MaskReader.key(name, among: MaskReader.maskFolders, isMask: false)
      let base = AnnotationPath.base(of: key)
      let found =
        [byKey[plain], byKey[key], byBase[AnnotationPath.base(of: plain)], byBase[base]]
        .lazy.compactMap { $0 }.first ?? []
      guard let picture = found.first else {
        set.faults.append(
          .init(
            .missingPicture,
            "\(file.path): there is no picture of this name in "
              + index.files.path))
        continue
      }
      guard found.count == 1, taken[picture] == nil else {
        set.faults.append(
          .init(
            .missingPicture,
            found.count > 1
              ? "\(file.path): it may be of any of the pictures \(listed(found, most: 3))"
              : "\(file.path): the picture \(picture) has a label picture already, "
                + (taken[picture] ?? "")))
        continue
      }
      taken[picture] = name
      set.pictures.append(
        AnnotatedPicture(
          name: AnnotationPath.datasetName(
            MaskReader.key(picture, among: MaskReader.pictureFolders, isMask: false)),
          picture: index.files.file(picture), size: nil, content: .map(file, coding),
          split: AnnotationPath.split(of: AnnotationPath.folder(of: picture)), origin: file.path))
    }
    set.unannotated += index.names.filter { taken[$0] == nil }.map { "\(index.files.path)/\($0)" }
  }

  /// Label pictures and pictures that lie in one folder, told apart by the folders in it or by their
  /// names; where pictures are elsewhere, label pictures alone.
  private static func divided(
    _ names: [String], _ files: AnnotationFiles, haveTheirOwn isElsewhere: Bool
  ) throws -> (masks: [String], pictures: [String]) {
    func isIn(_ folders: Set<String>, _ name: String) -> Bool {
      name.split(separator: "/").dropLast().contains { folders.contains($0.lowercased()) }
    }
    var masks = names.filter { isIn(maskFolders, $0) }
    if isElsewhere { return (masks.isEmpty ? names : masks, []) }
    if masks.isEmpty { masks = names.filter { ending(of: AnnotationPath.stem(of: $0)) != nil } }
    let chosen = Set(masks)
    let pictures = names.filter { !chosen.contains($0) }
    guard !masks.isEmpty, !pictures.isEmpty else {
      throw FCNError(
        .notFound,
        "\(files.path): which of its \(names.count) pictures are labels cannot be told; wanted them in "
          + "folders called images and masks, or with names as a.jpg and a_mask.png, or in two folders "
          + "that are named one by one")
    }
    return (masks, pictures)
  }

  private static func ending(of stem: String) -> String? {
    endings.first { stem.lowercased().hasSuffix($0) }
  }

  /// What the files of a picture have in common: the path without `folders`, extension, and, of label
  /// pictures, what their names end with.
  private static func key(_ name: String, among folders: Set<String>, isMask: Bool) -> String {
    let parts = AnnotationPath.stem(of: name).split(separator: "/")
    let kept = parts.dropLast().filter { !folders.contains($0.lowercased()) } + parts.suffix(1)
    let key = kept.joined(separator: "/")
    guard isMask, let ending = ending(of: key) else { return key }
    return String(key.dropLast(ending.count))
  }
}
