/// Reads CVAT's own XML, "CVAT for images 1.1": the labels with their colours, and, for each picture, boxes,
/// polygons, ellipses and masks, each with its place in the order of depth.
///
/// Shapes are drawn as CVAT's export of masks draws them, through pycocotools, but for ellipses, which cover
/// the pixels whose centres they enclose.
struct CVATImagesReader {
  /// Colours of the labels, by name.
  private var colours: [String: RGB] = [:]
  /// Boxes that are drawn, and all regions.
  private var boxCount = 0
  private var regionCount = 0

  /// Kinds of labels that no area can have.
  private static let kindsWithoutArea: Set<String> = ["points", "polyline", "tag", "skeleton"]

  /// Where the pictures of a document may lie.
  struct Pictures {
    /// Those of the folder or the archive, or those that were named one by one.
    let index: PictureIndex
    /// The folder of the document, with a slash at its end; nil where the pictures were named.
    let home: String?

    /// The picture that CVAT calls `name`, of the part `subset` of a project.
    func find(_ name: String, subset: String?) throws -> String? {
      for folder in [subset.map { "images/\($0)/" }, "images/", ""].compactMap({ $0 }) {
        guard let home else { break }
        if let found = try index.find(home + folder + name, anywhere: false) { return found }
      }
      return try index.find(name)
    }
  }

  /// A picture while its shapes are read.
  private struct Picture {
    let name: String
    let subset: String?
    let size: PictureExamination.Size?
    var regions: [(depth: Int, region: AnnotatedRegion)] = []
    var shapeCount = 0
    var fault: String?
  }

  /// A label while it is read.
  private struct Label {
    var name = ""
    var colour = ""
    var kind = ""
    var isPartOfAnother = false
  }

  /// Adds what `file` has to `set`, and the pictures it is about to `taken`; of a file that is damaged
  /// nothing.
  mutating func read(
    _ file: AnnotationFile, _ pictures: Pictures, into set: inout AnnotationSet,
    _ taken: inout Set<String>
  ) throws {
    var document = Document(file: file, pictures: pictures, set: set, taken: taken, reader: self)
    let bytes = try file.read()
    try naming(file.path) { try bytes.withUnsafeBytes { try document.read($0) } }
    (set, taken, self) = (document.set, document.taken, document.reader)
  }

  /// Adds to `set` what all files together tell.
  func finish(_ set: inout AnnotationSet) {
    let known = set.labels.map { colours[$0] }
    if !known.isEmpty, known.allSatisfy({ $0 != nil }) { set.colours = known.compactMap { $0 } }
    if boxCount > 0 {
      set.notes.append(
        "boxes are drawn as what they enclose: \(counted(boxCount, "region")) of "
          + "\(counted(regionCount, "region"))")
    }
  }

  /// A file that is being read.
  private struct Document {
    let file: AnnotationFile
    let pictures: Pictures
    var set: AnnotationSet
    var taken: Set<String>
    var reader: CVATImagesReader

    private var path: [String] = []
    private var label: Label?
    private var picture: Picture?
    /// All labels that are listed, also those that have no area.
    private var listed: Set<String> = []

    init(
      file: AnnotationFile, pictures: Pictures, set: AnnotationSet, taken: Set<String>,
      reader: CVATImagesReader
    ) {
      (self.file, self.pictures, self.set, self.taken) = (file, pictures, set, taken)
      self.reader = reader
    }

    mutating func read(_ bytes: UnsafeRawBufferPointer) throws {
      var xml = try XMLReader(bytes)
      var pictureCount = 0
      while let piece = try xml.next() {
        switch piece {
        case .start(let name, let attributes):
          if path.isEmpty, name != "annotations" {
            throw FCNError(
              .corrupt,
              "this is no annotation of CVAT, whose root is \"annotations\"; it is \(quoted(name))")
          }
          if path == ["annotations"], name == "image" { pictureCount += 1 }
          try begin(name, attributes)
          path.append(name)
        case .text(let text): add(text)
        case .end:
          path.removeLast()
          try end()
        }
      }
      guard pictureCount > 0 else {
        throw FCNError(
          .corrupt, "there are no images in it; export the task as \"CVAT for images 1.1\"")
      }
    }

    // MARK: Elements

    private mutating func begin(_ name: String, _ attributes: [XMLReader.Attribute]) throws {
      if path == ["annotations"] {
        if name == "image" { picture = try picture(attributes) }
        if name == "track" {
          throw FCNError(
            .unsupported,
            "it has tracks, as \"CVAT for video\" writes them; export the task as \"CVAT for images "
              + "1.1\"")
        }
      } else if path == ["annotations", "image"], picture != nil {
        do {
          try addShape(name, attributes)
        } catch let error as FCNError where !error.isShortage {
          let number = picture?.shapeCount ?? 0
          if picture?.fault == nil {
            picture?.fault = error.within("shape \(number), \(name)").message
          }
        }
        picture?.shapeCount += 1
        try requireMemoryToGrow(picture?.shapeCount ?? 0, bytesEach: 512)
      } else if path.last == "labels", name == "label" {
        label = Label()
      } else if path.suffix(2) == ["labels", "label"], name == "parent" {
        label?.isPartOfAnother = true
      }
    }

    private mutating func add(_ text: String) {
      guard label != nil, path.dropLast().suffix(2) == ["labels", "label"] else { return }
      switch path.last {
      case "name": label?.name += text
      case "color": label?.colour += text
      case "type": label?.kind += text
      default: break
      }
    }

    private mutating func end() throws {
      if path == ["annotations"], let picture {
        try finish(picture)
        self.picture = nil
      } else if path.last == "labels", let label {
        try finish(label)
        self.label = nil
      }
    }

    // MARK: Labels

    private mutating func finish(_ label: Label) throws {
      let name = TextLines.trimmed(label.name[...])
      guard !name.isEmpty else { throw FCNError(.corrupt, "a label has no name") }
      listed.insert(name)
      try requireMemoryToGrow(listed.count, bytesEach: 512)
      let kind = TextLines.trimmed(label.kind[...])
      guard !label.isPartOfAnother, !kindsWithoutArea.contains(kind) else { return }
      _ = set.index(ofLabel: name)
      let colour = TextLines.trimmed(label.colour[...])
      guard !colour.isEmpty, reader.colours[name] == nil else { return }
      reader.colours[name] = try naming("the label \(quoted(name))") {
        try RGB(hexadecimal: colour)
      }
    }

    // MARK: Pictures

    private func picture(_ attributes: [XMLReader.Attribute]) throws -> Picture {
      guard let name = attributes["name"], !name.isEmpty, !name.contains("\0") else {
        throw FCNError(.corrupt, "an image has no name")
      }
      return try naming("image \(quoted(name))") {
        var size: PictureExamination.Size?
        if let width = attributes["width"], let height = attributes["height"] {
          size = try .init(checking: Int(width) ?? 0, Int(height) ?? 0)
        }
        let subset = attributes["subset"].flatMap { $0.isEmpty ? nil : $0 }
        return Picture(name: name, subset: subset, size: size)
      }
    }

    private mutating func finish(_ picture: Picture) throws {
      let origin = "\(file.path): image \(quoted(picture.name))"
      try requireMemoryToGrow(set.pictures.count + set.faults.count, bytesEach: 4096)
      if let fault = picture.fault {
        set.faults.append(.init(.unreadable, "\(origin): \(fault)"))
        return
      }
      do {
        guard let found = try pictures.find(picture.name, subset: picture.subset) else {
          set.faults.append(
            .init(.missingPicture, "\(origin): it is not in \(pictures.index.files.path)"))
          return
        }
        taken.insert(found)
        // Equal depths keep the order of the file.
        let order = picture.regions.indices.sorted {
          let (a, b) = (picture.regions[$0].depth, picture.regions[$1].depth)
          return a == b ? $0 < $1 : a < b
        }
        let stem = AnnotationPath.stem(of: AnnotationPath.base(of: file.name))
        set.pictures.append(
          AnnotatedPicture(
            name: AnnotationPath.datasetName(picture.name),
            picture: pictures.index.files.file(found),
            size: picture.size, content: .regions(order.map { picture.regions[$0].region }),
            split: AnnotationPath.split(of: picture.subset ?? stem), origin: origin))
      } catch let error as FCNError where !error.isShortage {
        set.faults.append(.init(.missingPicture, error.within(origin).message))
      }
    }

    // MARK: Shapes

    private mutating func addShape(_ kind: String, _ attributes: [XMLReader.Attribute]) throws {
      // What a film's track has where the thing is out of sight.
      if attributes["outside"] == "1" { return }
      guard let shape = try CVATShape(kind, attributes) else {
        let what = kind == "polygon" ? "polygon of less than three points" : kind
        set.passedOver[what, default: 0] += 1
        return
      }
      guard let label = attributes["label"], !label.isEmpty else {
        throw FCNError(.corrupt, "it has no label")
      }
      guard listed.isEmpty || listed.contains(label) else {
        throw FCNError(.corrupt, "it has the label \(quoted(label)), which is not listed")
      }
      reader.regionCount += 1
      if kind == "box" { reader.boxCount += 1 }
      picture?.regions.append(
        (shape.depth, AnnotatedRegion(label: set.index(ofLabel: label), shapes: [shape.shape])))
    }
  }
}
