import FCNSwift

/// What `segment` can write of a picture, in the order in which help and --json name it.
enum SegmentKind: CaseIterable {
  case labels, greyLabels, overlay, confidence, mask, cutout, polygons, scores

  /// The option that says where to.
  var option: Option {
    switch self {
    case .labels: Self.labelsOption
    case .greyLabels: Self.greyLabelsOption
    case .overlay: Self.overlayOption
    case .confidence: Self.confidenceOption
    case .mask: Self.maskOption
    case .cutout: Self.cutoutOption
    case .polygons: Self.polygonsOption
    case .scores: Self.scoresOption
    }
  }

  private static let labelsOption = Option.value(
    "labels", "OUT",
    "Write the label map as a PNG of class indices, with a palette of their colours.",
    takesDash: true)
  private static let greyLabelsOption = Option.value(
    "grey-labels", "OUT",
    "Write the label map as an 8-bit greyscale PNG whose greys are the class indices.",
    takesDash: true)
  private static let overlayOption = Option.value(
    "overlay", "OUT", "Write the picture with its classes' colours over it, as PNG or JPEG.",
    takesDash: true)
  private static let confidenceOption = Option.value(
    "confidence", "OUT",
    "Write how sure the model is: the probability of each pixel's class as an 8-bit greyscale PNG, 0 "
      + "for 0 to 255 for 1.",
    takesDash: true)
  private static let maskOption = Option.value(
    "mask", "OUT",
    "Write where the classes of --class are: a greyscale PNG, 255 there and 0 elsewhere.",
    takesDash: true)
  private static let cutoutOption = Option.value(
    "cutout", "OUT",
    "Write the picture as a PNG that is transparent where the classes of --class are not.",
    takesDash: true)
  private static let polygonsOption = Option.value(
    "polygons", "OUT",
    "Write the classes' outlines as labelme's JSON, to be corrected there.", takesDash: true)
  private static let scoresOption = Option.value(
    "scores", "OUT",
    "Write the class scores, before softmax, as a NumPy file: float32, classes × height × width.",
    takesDash: true)

  /// The format, where there is no choice.
  var format: OutputFormat? {
    switch self {
    case .labels, .greyLabels: .labels
    case .overlay: nil
    case .confidence, .mask: .greys
    case .cutout: .cutout
    case .polygons: .polygons
    case .scores: .array
    }
  }

  /// What --json calls it.
  var jsonName: String { String(option.name.map { $0 == "-" ? "_" : $0 }) }

  /// Whether there is such a thing as a frame of it.
  var isVideo: Bool {
    switch self {
    case .labels, .overlay, .confidence, .mask, .cutout: true
    case .greyLabels, .polygons, .scores: false
    }
  }

  /// The bytes of a file of it; `path` is the picture's own, `place` where the file will stand, nil for
  /// standard output.
  func file(of picture: SegmentedImage, path: String, at place: String?) throws -> [UInt8] {
    switch self {
    case .labels: try picture.map.encodedPNG(palette: picture.palette)
    case .greyLabels: try picture.map.encodedGreyPNG()
    case .overlay: try picture.settings.overlayFormat.encode(picture.overlay())
    case .confidence: try picture.session.confidenceMap(0).encodedPNG()
    case .mask: try picture.mask().encodedPNG()
    case .cutout: try picture.image.encodedPNG(alpha: picture.mask())
    case .polygons: try picture.labelme(pictureName: pictureName(path, from: place))
    case .scores: try picture.npyScores()
    }
  }

  /// The bytes of a frame of it; none where there is no such thing.
  func frame(of picture: SegmentedImage) throws -> [UInt8] {
    switch self {
    case .labels: picture.map.labels
    case .overlay: try picture.overlay().pixels
    case .confidence: try picture.session.confidenceMap(0).pixels
    case .mask: try picture.mask().pixels
    case .cutout: try picture.image.rgba(alpha: picture.mask())
    case .greyLabels, .polygons, .scores: []
    }
  }

  /// The picture's path as seen from the folder of the file at `place`.
  private func pictureName(_ path: String, from place: String?) -> String {
    guard path != "-" else { return "stdin" }
    guard let place else { return path }
    return relativePath(of: path, fromFolderOf: place)
  }
}

/// A picture that has been segmented, and what the options want of it.
struct SegmentedImage {
  let image: Image
  let map: LabelMap
  /// Of whose last run it is the only result.
  let session: Session
  let settings: SegmentSettings

  var palette: [RGB] { session.model.description.palette }

  func overlay() throws -> Image {
    try image.overlaying(map, palette: palette, opacity: settings.opacity)
  }

  func mask() throws -> GreyImage {
    settings.isSoft
      ? try session.probabilityMap(0, ofAny: settings.classes)
      : try map.mask(ofAny: settings.classes)
  }

  func npyScores() throws -> [UInt8] {
    let classes = session.model.description.classNames.count
    let count = classes * map.width * map.height
    try requireMemory(8 * count)
    let floats = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try session.copyScores(0, to: buffer)
      initialized = count
    }
    return try NPY.bytes(floats, shape: [classes, map.height, map.width])
  }

  func labelme(pictureName: String) throws -> [UInt8] {
    let names = session.model.description.classNames
    let hasBackground = ["background", "_background_"].contains(names.first)
    let polygons = try LabelPolygons(
      map, tolerance: settings.simplification, smallest: settings.smallest,
      background: hasBackground ? 0 : nil)
    let file = polygons.labelme(picture: pictureName) { label in
      // As labelme's own programs call what nobody drew, and what is to be left out.
      if label == 0, hasBackground { return "_background_" }
      return names.indices.contains(label) ? names[label] : "__ignore__"
    }
    return Array((file.compactText + "\n").utf8)
  }
}
