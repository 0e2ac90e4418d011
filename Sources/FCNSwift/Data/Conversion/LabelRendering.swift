/// Labels of classes, and what was met while they were made of annotations.
struct RenderedLabels: Sendable {
  /// The classes.
  var map: LabelMap
  /// Pixels, or regions, of labels that are no class, by the label's index.
  var unlisted: [Int: Int] = [:]
  /// Pixels of values or colours that mean nothing, in words.
  var unknown: [String: Int] = [:]
  /// Pixels that lie in regions of two classes.
  var overlap = 0
  /// Whether nothing at all is drawn.
  var isEmpty = false
}

/// Makes labels of annotations.
struct LabelRendering: Sendable {
  let assignment: ClassAssignment
  /// Whether regions that are smaller lie over larger ones.
  let smallerOnTop: Bool

  /// Different values or colours that are told one from another; pictures that are no labels have many.
  private static let mostUnknown = 64
  /// What colours of a mask count as: a value that neither kind of mask has.
  private static let coloured: UInt8 = 128

  // MARK: Regions

  /// The labels of `regions` in a picture of `size`.
  func labels(
    of regions: [AnnotatedRegion], in size: PictureExamination.Size
  ) throws -> RenderedLabels {
    var result = RenderedLabels(
      map: try LabelMap(width: size.width, height: size.height, label: assignment.unlabelled))
    result.isEmpty = regions.isEmpty
    for index in try order(of: regions, in: size) {
      let region = regions[index]
      guard let value = assignment.values[region.label] else {
        result.unlisted[region.label, default: 0] += 1
        continue
      }
      for shape in region.shapes { paint(try shape.mask(in: size), value, &result) }
    }
    return result
  }

  /// The order in which regions are drawn.
  private func order(
    of regions: [AnnotatedRegion], in size: PictureExamination.Size
  ) throws -> [Int] {
    guard smallerOnTop, regions.count > 1 else { return Array(regions.indices) }
    let areas = try regions.map { try $0.shapes.reduce(0) { try $0 + $1.mask(in: size).area } }
    return regions.indices.sorted { a, b in
      if regions[a].isLowest != regions[b].isLowest { return regions[a].isLowest }
      return areas[a] == areas[b] ? a < b : areas[a] > areas[b]
    }
  }

  private func paint(_ mask: RegionMask, _ value: UInt8, _ result: inout RenderedLabels) {
    let (width, columns) = (result.map.width, mask.columns.count)
    for y in mask.rows {
      let line = y * width + mask.columns.lowerBound
      let source = (y - mask.rows.lowerBound) * columns
      for x in 0..<columns where mask.pixels[source + x] != 0 {
        let old = result.map.labels[line + x]
        if old != value, old != assignment.unlabelled { result.overlap += 1 }
        result.map.labels[line + x] = value
      }
    }
  }

  // MARK: Label pictures

  /// The labels in `bytes`, a PNG.
  func labels(in bytes: [UInt8], _ coding: PixelCoding) throws -> RenderedLabels {
    try bytes.withUnsafeBytes { bytes in
      let encoded = try EncodedPicture(bytes)
      guard encoded.isPNG else {
        throw FCNError(
          .unsupported,
          encoded.isTIFF
            ? "labels were given as a TIFF; a PNG was wanted, so convert it"
            : "labels were given as a JPEG, which does not keep them exactly; a PNG was wanted")
      }
      var result: RenderedLabels
      switch coding {
      case .values(let table): result = try labels(in: encoded, table, [:])
      case .valuesOrColours(let table, let colours):
        result = try labels(in: encoded, table, colours)
      case .colours(let colours): result = try labels(in: encoded, colours)
      case .binary: result = try binaryLabels(in: encoded)
      }
      result.map = result.map.turned(by: encoded.orientation)
      return result
    }
  }

  private func labels(
    in encoded: EncodedPicture, _ table: [LabelMeaning?], _ colours: [UInt32: LabelMeaning]
  ) throws -> RenderedLabels {
    guard encoded.header.samples > 2 else {
      return try labels(in: encoded, encoded.decodeStoredValues(), table)
    }
    let rgb = try encoded.decodeRGB()
    let pixels = 0..<rgb.count / 3
    func isGrey(_ pixel: Int) -> Bool {
      let (red, green, blue) = (rgb[3 * pixel], rgb[3 * pixel + 1], rgb[3 * pixel + 2])
      return red == green && red == blue
    }
    if pixels.allSatisfy(isGrey) {
      try requireMemory(pixels.count)
      return try labels(in: encoded, pixels.map { rgb[3 * $0] }, table)
    }
    guard !colours.isEmpty else {
      throw FCNError(
        .unsupported,
        "the label picture is coloured, and nobody said what its colours mean; wanted one that is grey "
          + "or has a palette, or a list of classes with colours")
    }
    return try labels(in: encoded, rgb: rgb, colours)
  }

  private func labels(
    in encoded: EncodedPicture, _ stored: [UInt8], _ table: [LabelMeaning?]
  ) throws -> RenderedLabels {
    var result = RenderedLabels(
      map: try LabelMap(width: encoded.width, height: encoded.height, labels: stored))
    var values = [UInt8](repeating: LabelMap.ignore, count: 256)
    for (value, count) in result.map.histogram().enumerated() where count > 0 {
      values[value] = self.value(
        table[value], count, { "the value \(value)" }, &result)
    }
    for index in result.map.labels.indices {
      result.map.labels[index] = values[Int(result.map.labels[index])]
    }
    return result
  }

  private func labels(
    in encoded: EncodedPicture, _ colours: [UInt32: LabelMeaning]
  ) throws -> RenderedLabels {
    try labels(in: encoded, rgb: try encoded.decodeRGB(), colours)
  }

  private func labels(
    in encoded: EncodedPicture, rgb: [UInt8], _ colours: [UInt32: LabelMeaning]
  ) throws -> RenderedLabels {
    var result = RenderedLabels(
      map: try LabelMap(width: encoded.width, height: encoded.height, label: LabelMap.ignore))
    let count = rgb.count / 3
    var start = 0
    while start < count {
      let key = LabelColours.key(rgb[3 * start], rgb[3 * start + 1], rgb[3 * start + 2])
      var end = start + 1
      while end < count,
        LabelColours.key(rgb[3 * end], rgb[3 * end + 1], rgb[3 * end + 2]) == key
      { end += 1 }
      let value = self.value(
        colours[key], end - start,
        { "the colour \(LabelRendering.words(ofKey: key))" }, &result)
      for index in start..<end { result.map.labels[index] = value }
      start = end
    }
    return result
  }

  private static func words(ofKey key: UInt32) -> String {
    let (red, green, blue) = (key >> 16, key >> 8 & 255, key & 255)
    return "(\(red), \(green), \(blue))"
  }

  /// What `count` pixels of one meaning get; what is none is noted.
  private func value(
    _ meaning: LabelMeaning?, _ count: Int, _ words: () -> String, _ result: inout RenderedLabels
  ) -> UInt8 {
    switch meaning {
    case .ignored: return LabelMap.ignore
    case .unlabelled: return assignment.unlabelled
    case .label(let label):
      if let value = assignment.values[label] { return value }
      result.unlisted[label, default: 0] += count
    case nil:
      let words = words()
      let isTold = result.unknown[words] != nil || result.unknown.count < Self.mostUnknown
      result.unknown[isTold ? words : "other values or colours", default: 0] += count
    }
    return LabelMap.ignore
  }

  /// A mask of one thing: by its colours where they are black and white, or black and 1, else, where it
  /// has a palette, by its indices.
  private func binaryLabels(in encoded: EncodedPicture) throws -> RenderedLabels {
    let rgb = try encoded.decodeRGB()
    try requireMemory(rgb.count / 3)
    func isThing(_ values: [UInt8]) -> (found: Set<UInt8>, isBinary: Bool) {
      var counts = [Bool](repeating: false, count: 256)
      for value in values { counts[Int(value)] = true }
      let found = Set((0..<256).filter { counts[$0] }.map { UInt8($0) })
      return (found, found.isSubset(of: [0, 1]) || found.isSubset(of: [0, 255]))
    }
    var colouredPixels = 0
    var values = (0..<rgb.count / 3).map { index -> UInt8 in
      let (r, g, b) = (rgb[3 * index], rgb[3 * index + 1], rgb[3 * index + 2])
      if r == g, g == b { return r }
      colouredPixels += 1
      return Self.coloured
    }
    var judged = isThing(values)
    if !judged.isBinary, encoded.header.has_palette != 0 {
      values = try encoded.decodeStoredValues()
      judged = isThing(values)
      colouredPixels = 0
    }
    var result = RenderedLabels(
      map: try LabelMap(width: encoded.width, height: encoded.height, labels: values))
    guard judged.isBinary else {
      let others = judged.found.subtracting([0, 255]).sorted()
      for value in others.prefix(Self.mostUnknown) {
        var pixels = values.reduce(0) { $0 + ($1 == value ? 1 : 0) }
        if value == Self.coloured { pixels -= colouredPixels }
        if pixels > 0 { result.unknown["the value \(value)"] = pixels }
      }
      if colouredPixels > 0 { result.unknown["colours that are no grey"] = colouredPixels }
      return result
    }
    let thing = assignment.values.first.flatMap { $0 } ?? LabelMap.ignore
    for index in values.indices {
      result.map.labels[index] = values[index] == 0 ? assignment.unlabelled : thing
    }
    result.isEmpty = judged.found == [0]
    return result
  }
}

extension EncodedPicture {
  /// The indices or greys of a PNG of one channel, of at most 8 bits.
  fileprivate func decodeStoredValues() throws -> [UInt8] {
    guard header.has_palette != 0 || header.bits <= 8 else {
      throw FCNError(
        .unsupported,
        "labels were given as 16-bit grey; class indices of 8 bits, grey or with a palette, were wanted"
      )
    }
    return try decodeIndices()
  }
}
