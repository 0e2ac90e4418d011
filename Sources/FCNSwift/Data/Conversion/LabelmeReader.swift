/// Reads what labelme writes: a JSON file a picture, with the picture's path or the picture itself, and
/// shapes with labels.
///
/// labelme shows pictures set upright, and its coordinates are those of the upright picture. Points are in
/// pixels from the top left corner. Of shapes that overlap the later ones lie on top, as in its own export.
struct LabelmeReader: AnnotationReader {
  func read(_ inputs: [AnnotationFiles], images: AnnotationFiles?) throws -> AnnotationSet {
    var set = AnnotationSet()
    set.isUpright = true
    let others = try images.map { try PictureIndex($0) }
    for files in inputs {
      let names = try files.names()
      let documents = names.filter { AnnotationPath.suffix(of: $0) == "json" }
      guard !documents.isEmpty else {
        throw files.lacks("there are no JSON files of labelme in it", among: names)
      }
      let index = try PictureIndex(files, among: names)
      var taken: Set<String> = []
      for name in documents {
        let file = files.file(name)
        do {
          try read(file, index, others, into: &set, &taken)
        } catch let error as FCNError where !error.isShortage {
          let kind: ConversionFinding.Kind = error.kind == .notFound ? .missingPicture : .unreadable
          set.faults.append(ConversionFault(kind, error.within(file.path).message))
        }
      }
      let pictures = others ?? index
      set.unannotated += pictures.names.filter { !taken.contains("\(pictures.files.path)/\($0)") }
        .map { "\(pictures.files.path)/\($0)" }
    }
    // The order in which labels happen to come is nobody's; a class keeps its place as more are drawn.
    let order = set.labels.indices.sorted { set.labels[$0] < set.labels[$1] }
    set.reorderLabels(order)
    return set
  }

  private func read(
    _ file: AnnotationFile, _ index: PictureIndex, _ others: PictureIndex?,
    into set: inout AnnotationSet, _ taken: inout Set<String>
  ) throws {
    let document = try LabelmeReader.parse(try file.read())
    guard let shapes = document["shapes"]?.elements else {
      throw FCNError(
        .corrupt, "this is no annotation of labelme, which has an array \"shapes\"; take it away")
    }
    var size: PictureExamination.Size?
    if let width = document["imageWidth"]?.integer, let height = document["imageHeight"]?.integer {
      size = try .init(checking: width, height)
    }
    let picture = try picture(of: document, file, index, others)
    taken.insert(picture.path)
    var regions: [AnnotatedRegion] = []
    for (number, shape) in shapes.enumerated() {
      let region = try naming("shape \(number)") { try self.region(shape, &set) }
      if let region { regions.append(region) }
    }
    set.pictures.append(
      AnnotatedPicture(
        name: AnnotationPath.datasetName(AnnotationPath.stem(of: file.name)), picture: picture,
        size: size, content: .regions(regions), split: nil, origin: file.path))
  }

  private static func parse(_ bytes: [UInt8]) throws -> JSON {
    try bytes.withUnsafeBytes { try JSON(parsing: $0) }
  }

  /// The file of the picture: where its path leads, else within the annotation.
  private func picture(
    of document: JSON, _ file: AnnotationFile, _ index: PictureIndex, _ others: PictureIndex?
  ) throws -> AnnotationFile {
    if let path = document["imagePath"]?.text, !path.isEmpty, !path.contains("\0") {
      if let others {
        if let name = try others.find(path) { return others.files.file(name) }
      } else {
        let whole = AnnotationPath.normalized(AnnotationPath.folder(of: file.name) + path)
        if let name = try index.find(whole, anywhere: false) { return index.files.file(name) }
        // labelme writes paths from the annotation's folder, which may lead out of it.
        let isAbsolute = path.hasPrefix("/")
        if !isAbsolute, AnnotationPath.isAnyPicture(whole), file.files.contains(whole) {
          return file.files.file(whole)
        }
      }
    }
    if let text = document["imageData"]?.text, !text.isEmpty {
      return AnnotationFile(
        files: file.files, name: file.name,
        extract: { bytes in
          try Base64.decode(try LabelmeReader.parse(bytes)["imageData"]?.text ?? "")
        })
    }
    throw FCNError(
      .notFound,
      "its picture \(quoted(document["imagePath"]?.text ?? "")) is not there, nor is it within the "
        + "annotation")
  }

  /// The region that `shape` is; nil for one that covers nothing.
  private func region(_ shape: JSON, _ set: inout AnnotationSet) throws -> AnnotatedRegion? {
    guard let label = shape["label"]?.text, let list = shape["points"]?.elements else {
      throw FCNError(.corrupt, "it has no label or no points")
    }
    let points = try list.map { try PlanePoint($0.elements ?? []) }
    let kind = shape["shape_type"]?.text ?? "polygon"
    func passOver(_ what: String) -> AnnotatedRegion? {
      set.passedOver[what, default: 0] += 1
      return nil
    }
    func expect(_ count: Int) throws {
      guard points.count == count else {
        throw FCNError(.corrupt, "a \(kind) has \(points.count) points; wanted \(count)")
      }
    }
    let form: RegionShape
    switch kind {
    case "polygon", "oriented_rectangle":
      guard points.count > 2 else { return passOver("polygon of less than three points") }
      form = .closedPolygon(points)
    case "rectangle":
      try expect(2)
      form = .rectangle(points[0], points[1])
    case "circle":
      try expect(2)
      form = .circle(points[0], points[1])
    case "mask":
      try expect(2)
      guard let text = shape["mask"]?.text else {
        throw FCNError(.corrupt, "a shape of the type mask has no mask")
      }
      form = .bitmap(try Base64.decode(text), points[0], points[1])
    case "point", "points", "line", "linestrip": return passOver(kind)
    default:
      throw FCNError(
        .unsupported,
        "shapes of the type \(quoted(kind)) are not known; polygon, rectangle, circle and mask are")
    }
    return AnnotatedRegion(label: set.index(ofLabel: label), shapes: [form])
  }
}

extension PlanePoint {
  /// A point of two numbers. Throws `corrupt` for others, and for one that is far from any picture.
  init(_ numbers: [JSON]) throws {
    guard numbers.count == 2, let x = numbers[0].double, let y = numbers[1].double else {
      throw FCNError(.corrupt, "a point is not two numbers")
    }
    try self.init(checking: x, y)
  }

  /// A point that is not far from any picture; throws `corrupt` for another.
  init(checking x: Double, _ y: Double) throws {
    guard abs(x) <= PlanePoint.largest, abs(y) <= PlanePoint.largest else {
      throw FCNError(.corrupt, "a point at x \(x), y \(y) is far from any picture")
    }
    self.init(x, y)
  }
}
