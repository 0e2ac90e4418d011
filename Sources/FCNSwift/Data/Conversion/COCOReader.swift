/// Reads COCO's JSON: pictures, categories, and annotations of polygons or runs of pixels, or of segments in
/// label pictures (`COCOSegments`).
///
/// Annotations have no order of depth, and overlap: those that cover less are drawn over those that cover
/// more, so that a tie lies on its wearer; crowds lie below everything.
struct COCOReader {
  /// A picture as the file lists it.
  private struct Picture {
    let path: String
    let size: PictureExamination.Size?
  }

  /// An annotation whose picture and category may come later in the file.
  private struct Annotation {
    let picture: JSON
    let category: JSON
    let shapes: [RegionShape]
    let isCrowd: Bool
  }

  private var pictures: [JSON: Picture] = [:]
  private var order: [JSON] = []
  private var names: [JSON: String] = [:]
  private var categories: [JSON] = []
  private var annotations: [Annotation] = []
  private var segments: [JSON: COCOSegments] = [:]
  private var colours: [RGB?] = []
  private var boxes: [JSON: Int] = [:]
  private var faults: [(picture: JSON, text: String)] = []
  private var passedOver: [String: Int] = [:]

  /// Adds what is in the file at `path` to `set`; `place`, its path or a part of it, tells of which list
  /// its pictures are.
  static func read(
    _ path: String, place: String, images: AnnotationFiles?, into set: inout AnnotationSet
  ) throws {
    var reader = COCOReader()
    let storage = try ByteStorage(mapping: path)
    try naming(path) {
      let rest = try JSON(
        parsing: storage.bytes, handingOn: ["images", "annotations", "categories"]
      ) { name, element in
        switch name {
        case "images": try reader.addPicture(element)
        case "categories": try reader.addCategory(element)
        default: try reader.addAnnotation(element)
        }
      }
      guard !reader.pictures.isEmpty, !reader.categories.isEmpty else {
        let members = listed((rest.members ?? []).map(\.name), most: 8)
        throw FCNError(
          .corrupt,
          "this is no dataset of COCO's, which has images, annotations and categories; it has "
            + (members.isEmpty ? "none of them" : members))
      }
    }
    try reader.finish(path, AnnotationPath.split(of: place), images, &set)
  }

  // MARK: Elements

  static func key(_ value: JSON?) throws -> JSON {
    switch value {
    case .number?, .string?: return value ?? nil
    default: throw FCNError(.corrupt, "an id is missing, or neither a number nor a text")
    }
  }

  private mutating func addPicture(_ element: JSON) throws {
    try naming("image \(order.count)") {
      let id = try COCOReader.key(element["id"])
      guard let path = element["file_name"]?.text, !path.isEmpty, !path.contains("\0") else {
        throw FCNError(.corrupt, "it has no file_name")
      }
      var size: PictureExamination.Size?
      if let width = element["width"]?.integer, let height = element["height"]?.integer {
        size = try .init(checking: width, height)
      }
      guard pictures.updateValue(Picture(path: path, size: size), forKey: id) == nil else {
        throw FCNError(.corrupt, "its id is another image's too")
      }
      order.append(id)
      try requireMemoryToGrow(order.count, bytesEach: 512)
    }
  }

  private mutating func addCategory(_ element: JSON) throws {
    try naming("category \(categories.count)") {
      let id = try COCOReader.key(element["id"])
      guard let name = element["name"]?.text, !name.isEmpty else {
        throw FCNError(.corrupt, "it has no name")
      }
      guard names.updateValue(name, forKey: id) == nil else {
        throw FCNError(.corrupt, "its id is another category's too")
      }
      categories.append(id)
      colours.append(COCOReader.colour(element["color"]))
      try requireMemoryToGrow(categories.count, bytesEach: 512)
    }
  }

  private mutating func addAnnotation(_ element: JSON) throws {
    let picture = try naming("an annotation") { try COCOReader.key(element["image_id"]) }
    do {
      if let list = element["segments_info"]?.elements {
        guard try segments.updateValue(COCOSegments(element, list), forKey: picture) == nil else {
          throw FCNError(.corrupt, "the image has another label picture too")
        }
        return try requireMemoryToGrow(segments.count, bytesEach: 16384)
      }
      let category = try COCOReader.key(element["category_id"])
      let shapes = try shapes(element["segmentation"])
      let isCrowd = element["iscrowd"]?.integer == 1 || element["iscrowd"]?.truth == true
      guard let shapes else {
        boxes[picture, default: 0] += 1
        return
      }
      if isCrowd { passedOver["crowd", default: 0] += 1 }
      if shapes.isEmpty {
        passedOver["polygon of less than three points", default: 0] += 1
      } else {
        annotations.append(
          Annotation(picture: picture, category: category, shapes: shapes, isCrowd: isCrowd))
      }
    } catch let error as FCNError where !error.isShortage {
      let name = element["id"].map { "annotation \($0.compactText)" } ?? "an annotation"
      faults.append((picture, error.within(name).message))
    }
    try requireMemoryToGrow(annotations.count + faults.count, bytesEach: 4096)
  }

  /// The colour of a category, three numbers; nil where there is none.
  private static func colour(_ value: JSON?) -> RGB? {
    let bytes = value?.elements?.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } } ?? []
    return bytes.count == 3 ? RGB(bytes[0], bytes[1], bytes[2]) : nil
  }

  /// What `segmentation` covers; nil where there is none, as of boxes alone.
  private func shapes(_ segmentation: JSON?) throws -> [RegionShape]? {
    if let polygons = segmentation?.elements {
      guard !polygons.isEmpty else { return nil }
      // Some programs leave out the inner list of a single polygon.
      let lists = polygons.allSatisfy { $0.double != nil } ? [polygons] : polygons.map(\.elements)
      return try lists.compactMap { list in
        guard let list, list.count % 2 == 0 else {
          throw FCNError(.corrupt, "a polygon is not a list of coordinates, two for each point")
        }
        let points = try (0..<list.count / 2).map {
          try PlanePoint([list[2 * $0], list[2 * $0 + 1]])
        }
        return points.count > 2 ? .centrePolygon(points) : nil
      }
    }
    guard let counts = segmentation?["counts"] else { return nil }
    guard let sides = segmentation?["size"]?.elements, sides.count == 2,
      let height = sides[0].integer, let width = sides[1].integer
    else {
      throw FCNError(.corrupt, "a mask of runs has no size of two numbers, height and width")
    }
    if let text = counts.text {
      return [.runs(try RunLengths(packed: text, height: height, width: width))]
    }
    let runs = counts.elements?.map(\.integer) ?? [nil]
    guard runs.allSatisfy({ $0 != nil }) else {
      throw FCNError(.corrupt, "the runs of a mask are neither a text nor whole numbers")
    }
    return [.runs(try RunLengths(counts: runs.compactMap { $0 }, height: height, width: width))]
  }

  // MARK: The whole

  private func finish(
    _ path: String, _ split: String?, _ images: AnnotationFiles?, _ set: inout AnnotationSet
  ) throws {
    let labels = categories.map { set.index(ofLabel: names[$0] ?? "") }
    let labelByID = Dictionary(zip(categories, labels)) { first, _ in first }
    var regions: [JSON: [AnnotatedRegion]] = [:]
    var bad: [JSON: String] = [:]
    for (picture, text) in faults where bad[picture] == nil { bad[picture] = text }
    for annotation in annotations {
      guard pictures[annotation.picture] != nil else {
        bad[annotation.picture] = ""
        continue
      }
      guard let label = labelByID[annotation.category] else {
        bad[annotation.picture] =
          "an annotation has the category \(annotation.category.compactText), which is not listed"
        continue
      }
      regions[annotation.picture, default: []].append(
        AnnotatedRegion(label: label, shapes: annotation.shapes, isLowest: annotation.isCrowd))
    }
    for picture in segments.keys where pictures[picture] == nil { bad[picture] = "" }
    addColours(&set)
    for (what, count) in passedOver { set.passedOver[what, default: 0] += count }
    let places = try COCOPictures(path, images)
    let labelPictures = try COCOSegmentPictures(path)
    for id in order {
      guard let picture = pictures[id] else { continue }
      let name = quoted(picture.path)
      if let text = bad.removeValue(forKey: id) {
        set.faults.append(.init(.unreadable, "\(path): image \(name): \(text)"))
        continue
      }
      if let count = boxes[id] {
        set.faults.append(
          .init(
            .boxesAlone,
            "\(path): image \(name): \(count) of its annotations are boxes without an outline"))
        continue
      }
      do {
        guard let file = try places.find(picture.path) else {
          set.faults.append(
            .init(.missingPicture, "\(path): the image \(name) is not in \(places.description)"))
          continue
        }
        guard let content = try content(of: id, regions[id], labelByID, labelPictures) else {
          set.unannotated.append(file.path)
          continue
        }
        set.pictures.append(
          AnnotatedPicture(
            name: AnnotationPath.datasetName(picture.path), picture: file, size: picture.size,
            content: content, split: split, origin: "\(path): image \(name)"))
      } catch let error as FCNError where !error.isShortage {
        let isMissing = segments[id] == nil || error.kind == .notFound
        set.faults.append(
          .init(
            isMissing ? .missingPicture : .unreadable, "\(path): image \(name): \(error.message)"))
      }
    }
    for (id, _) in bad.sorted(by: { $0.key.compactText < $1.key.compactText }) {
      set.faults.append(
        .init(
          .missingPicture,
          "\(path): there are annotations of the image \(id.compactText), which is not listed"))
    }
  }

  /// What was annotated in the picture `id`: `regions`, or a label picture; nil where pictures have label
  /// pictures and this one has none.
  private func content(
    of id: JSON, _ regions: [AnnotatedRegion]?, _ labels: [JSON: Int],
    _ labelPictures: COCOSegmentPictures
  ) throws -> AnnotatedPicture.Content? {
    guard let found = segments[id] else {
      return regions == nil && !segments.isEmpty ? nil : .regions(regions ?? [])
    }
    guard regions == nil else {
      throw FCNError(.corrupt, "it has both outlines and a label picture; one of them was wanted")
    }
    guard let map = labelPictures.find(found.path) else {
      throw FCNError(
        .notFound,
        "its label picture \(quoted(found.path)) is not in \(labelPictures.description)")
    }
    return .map(map, try found.coding(labels))
  }

  /// Gives `set` the categories' colours, where all have one.
  private func addColours(_ set: inout AnnotationSet) {
    var known = Dictionary(zip(set.labels, set.colours ?? [])) { first, _ in first }
    for (id, colour) in zip(categories, colours) where known[names[id] ?? ""] == nil {
      known[names[id] ?? ""] = colour
    }
    let all = set.labels.compactMap { known[$0] }
    if all.count == set.labels.count { set.colours = all }
  }
}
