/// A picture with its labels, ready to be written.
struct ConvertedPicture: Sendable {
  /// The picture's file.
  let bytes: [UInt8]
  /// What files of its kind end with.
  let suffix: String
  /// Labels of the picture as it stands upright.
  let labels: LabelMap
}

/// What a survey found in one annotated picture.
struct ConversionExamination: Sendable {
  /// How labels lie to a picture that its camera marked as turned.
  enum Turn: Sendable {
    /// They are the upright picture's.
    case upright
    /// They are the stored picture's, and are turned with it.
    case stored
    /// They could be either's, and are taken for the upright one's.
    case either
  }

  /// Why the picture cannot be converted; nil where it can.
  var fault: ConversionFault?
  /// Pixels of each value, 0…255.
  var pixels: [Int] = []
  var unlisted: [Int: Int] = [:]
  var overlap = 0
  var isEmpty = false
  /// nil for a picture that nobody turned.
  var turn: Turn?
  /// Why nothing was found out, though nothing may be wrong with the picture.
  var shortage: FCNError?
}

extension LabelRendering {
  /// The picture's file and its labels, with what was met on the way; nil where they cannot be made, which
  /// is a fault of the examination. Where `checking`, the picture's file is gone through for damage.
  func convert(
    _ picture: AnnotatedPicture, isUpright: Bool, checking: Bool
  ) -> (examination: ConversionExamination, result: ConvertedPicture?) {
    var examination = ConversionExamination()
    do {
      let result = try convert(picture, isUpright, checking, &examination)
      return (examination, result)
    } catch let error as FCNError where error.isShortage {
      examination.shortage = error.within(picture.origin)
    } catch let error as FCNError {
      examination.fault = ConversionFault(
        error.kind == .shapeMismatch ? .sizesDiffer : .unreadable, error.message)
    } catch {
      examination.fault = ConversionFault(.unreadable, "\(picture.origin): \(error)")
    }
    return (examination, nil)
  }

  private func convert(
    _ picture: AnnotatedPicture, _ isUpright: Bool, _ checking: Bool,
    _ examination: inout ConversionExamination
  ) throws -> ConvertedPicture? {
    let bytes = try picture.picture.readPicture()
    let (encoded, upright, orientation, isPNG) = try naming(picture.picture.path) {
      try bytes.withUnsafeBytes { bytes in
        let encoded = try EncodedPicture(bytes)
        guard !encoded.isTIFF else {
          throw FCNError(
            .unsupported,
            "this is a TIFF; a folder in VOC layout has PNGs and JPEGs, so convert it to PNG first")
        }
        if checking { try encoded.check() }
        let stored = PictureExamination.Size(encoded.width, encoded.height)
        let orientation = encoded.orientation
        return (
          stored, orientation.exchangesSides ? .init(stored.height, stored.width) : stored,
          orientation, encoded.isPNG
        )
      }
    }
    let rendered = try naming(picture.origin) {
      switch picture.content {
      case .regions(let regions):
        let size = picture.size ?? upright
        // Before memory is spent on a size that an annotation claims.
        try check(size, encoded, upright, picture)
        return try labels(of: regions, in: size)
      case .map(let file, let coding):
        let map = try labels(in: file.readPicture(), coding)
        try check(.init(map.map.width, map.map.height), encoded, upright, picture)
        return map
      }
    }
    var map = rendered.map
    let size = PictureExamination.Size(map.width, map.height)
    if orientation != .upright {
      let isSure = isUpright || size != encoded
      examination.turn = size != upright ? .stored : isSure ? .upright : .either
      if size != upright { map = map.turned(by: orientation) }
    }
    (examination.unlisted, examination.overlap) = (rendered.unlisted, rendered.overlap)
    examination.isEmpty = rendered.isEmpty
    guard rendered.unknown.isEmpty else {
      let unknown = rendered.unknown.sorted { a, b in
        a.value == b.value ? a.key < b.key : a.value > b.value
      }
      examination.fault = ConversionFault(
        .unknownValues,
        "\(picture.origin): "
          + listed(unknown.map { "\($0.key) in \(counted($0.value, "pixel"))" }, most: 4))
      return nil
    }
    examination.pixels = map.histogram()
    return ConvertedPicture(bytes: bytes, suffix: isPNG ? "png" : "jpg", labels: map)
  }

  /// Throws `shapeMismatch` unless labels of `size` are a picture's, upright or as it is stored.
  private func check(
    _ size: PictureExamination.Size, _ stored: PictureExamination.Size,
    _ upright: PictureExamination.Size, _ picture: AnnotatedPicture
  ) throws {
    guard size == upright || size == stored else {
      throw FCNError(
        .shapeMismatch,
        "its labels are \(size.width)×\(size.height), but the picture \(picture.picture.path) is "
          + "\(upright.width)×\(upright.height)")
    }
  }
}
