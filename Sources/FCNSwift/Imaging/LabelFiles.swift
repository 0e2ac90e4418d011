import CImageCodecs

extension LabelMap {
  /// Decodes a label PNG to class indices.
  ///
  /// A palette PNG gives its indices whatever their colours; a grey one of at most 8 bits its stored
  /// values, not scaled; RGB and RGBA ones must use the colours of the VOC palette, its border
  /// (224, 224, 192) being index 255, `ignore`. The orientation in EXIF data is applied, as it is
  /// to pictures.
  ///
  /// Throws `unsupported` for JPEGs, whose compression blurs labels, for greys of 16 bits and for
  /// colours outside the palette; `corrupt` for damaged files.
  public init(decoding bytes: UnsafeRawBufferPointer) throws {
    try self.init(decoding: bytes, colours: LabelColours(LabelCoding()))
  }

  /// Decodes a label PNG as `init(decoding:)` does, RGB and RGBA ones by `colours`.
  init(decoding bytes: UnsafeRawBufferPointer, colours: @autoclosure () -> LabelColours) throws {
    let encoded = try EncodedPicture(bytes)
    guard encoded.isPNG else {
      throw FCNError(
        .unsupported,
        encoded.isTIFF
          ? "labels were given as a TIFF; a PNG of class indices was wanted, so convert it"
          : "labels were given as a JPEG, which does not keep them exactly; a PNG of class indices was "
            + "wanted")
    }
    let header = encoded.header
    let isGrey = header.samples <= 2 && header.has_palette == 0
    guard !isGrey || header.bits <= 8 else {
      throw FCNError(
        .unsupported,
        "labels were given as 16-bit grey; class indices of 8 bits, grey or with a palette, were "
          + "wanted")
    }
    let isColour = header.samples > 2
    let stored = LabelMap(
      checkedWidth: encoded.width, height: encoded.height,
      labels: isColour
        ? try LabelMap.indices(
          ofRGB: try encoded.decodeRGB(), width: encoded.width, colours())
        : try encoded.decodeIndices())
    let orientation = encoded.orientation
    if orientation != .upright { try requireMemory(stored.labels.count) }
    self = stored.turned(by: orientation)
  }

  /// Decodes a label PNG as `init(decoding:)` for raw bytes does.
  public init(decoding bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBytes { try LabelMap(decoding: $0) }
  }

  /// Reads and decodes the label PNG at `path`, which every error names.
  public init(contentsOf path: String) throws {
    let bytes = try File.readPicture(path)
    self = try naming(path) { try LabelMap(decoding: bytes) }
  }

  /// The map as a palette PNG of 8 bits, whose values are the indices.
  ///
  /// Indices beyond `palette` are drawn in the VOC palette's colours, and 255 always in its border
  /// colour.
  public func encodedPNG(palette: [RGB]) throws -> [UInt8] {
    try withLabelView { labels in
      try labels.withEncodedPNG(palette: palette) {
        try requireMemory($0.count)
        return Array($0)
      }
    }
  }

  /// The map as a greyscale PNG of 8 bits, whose greys are the indices: for programs that want to
  /// read indices and cannot tell a palette's from its colours. It looks nearly black.
  public func encodedGreyPNG() throws -> [UInt8] {
    try withLabelView { labels in
      try labels.withEncodedGreyPNG {
        try requireMemory($0.count)
        return Array($0)
      }
    }
  }

  /// Indices of `colours` in `rgb`.
  private static func indices(
    ofRGB rgb: [UInt8], width: Int, _ colours: LabelColours
  ) throws -> [UInt8] {
    let count = rgb.count / 3
    try requireMemory(count)
    return try [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      try rgb.withUnsafeBufferPointer { rgb in
        // Labels come in runs: most pixels repeat the one before.
        var lastKey = UInt32.max
        var lastIndex: UInt8 = 0
        for i in 0..<count {
          let colour = LabelColours.key(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2])
          if colour != lastKey {
            guard let index = colours.index(ofKey: colour) else {
              throw FCNError(
                .unsupported,
                "the label colour (\(rgb[3 * i]), \(rgb[3 * i + 1]), \(rgb[3 * i + 2])) at x "
                  + "\(i % width), y \(i / width) is \(colours.name); store labels as class "
                  + "indices, in a PNG that is grey or has a palette")
            }
            (lastKey, lastIndex) = (colour, index)
          }
          output[i] = lastIndex
        }
      }
      initialized = count
    }
  }
}
