import Glibc

extension LabelMap {
  /// Reads the label file at `path`, which every error names: a PNG, or a NumPy
  /// array, in a file of its own or pickled.
  init(contentsOf path: String, coding: LabelCoding) throws {
    let bytes = try LabelMap.fileBytes(path)
    self = try naming(path) {
      let map =
        PickledArray.recognizes(bytes)
        ? try LabelMap(PickledArray(bytes))
        : try bytes.withUnsafeBytes { bytes in
          try LabelMap(decoding: bytes, colours: LabelColours(coding))
        }
      return coding.isBinary ? try map.binary() : map
    }
  }

  /// The contents of the label file at `path`, or their beginning where they are neither a picture nor
  /// an array; no more than what the largest of either has.
  private static func fileBytes(_ path: String) throws -> [UInt8] {
    let descriptor = try File.openForReading(path)
    defer { close(descriptor) }
    return try File.read(descriptor: descriptor, named: path) { start in
      guard PickledArray.mayBegin(start) else {
        return EncodedPicture.largestByteCount(startingWith: start)
      }
      // Arrays have up to 8 bytes a pixel.
      return 8 * Image.largestPixelCount + File.largestText
    }
  }

  /// The map with 255 as class 1; throws `corrupt` unless all labels are 0 and 255, or 0 and 1 as
  /// pictures of one bit have them.
  private func binary() throws -> LabelMap {
    let counts = histogram()
    let others = counts.indices.filter { counts[$0] > 0 && ![0, 1, 255].contains($0) }
    guard others.isEmpty, counts[1] == 0 || counts[255] == 0 else {
      let value = others.first.map(UInt8.init) ?? 1
      let place = labels.firstIndex(of: value) ?? 0
      throw FCNError(
        .corrupt,
        "a binary mask has the labels 0 and 255 (or 0 and 1); this one also has \(value), first at x "
          + "\(place % width), y \(place / width)")
    }
    guard counts[255] > 0 else { return self }
    return try LabelMap(width: width, height: height, labels: labels.map { $0 == 0 ? 0 : 1 })
  }
}
