extension LabelMap {
  /// The labels in an array of whole numbers of two axes, rows and columns, or of more where all but
  /// two are 1; -1 is `ignore`. Throws `unsupported` for another shape, `corrupt` for a number outside
  /// -1…255.
  init(_ array: PickledArray) throws {
    let sides = array.shape.count > 2 ? array.shape.filter { $0 != 1 } : array.shape
    guard sides.count == 2 else {
      throw FCNError(
        .unsupported,
        "the array has the shape \(array.shape); labels have two axes, rows and columns")
    }
    let (height, width) = (sides[0], sides[1])
    let count = try Image.pixelCount(width: width, height: height)
    guard array.values.count == count else {
      throw FCNError(
        .corrupt, "the array has \(array.values.count) numbers for \(width)×\(height) pixels")
    }
    if let stray = array.values.firstIndex(where: { !(-1...255).contains($0) }) {
      throw FCNError(
        .corrupt,
        "the label at x \(stray % width), y \(stray / width) is \(array.values[stray]); classes are "
          + "0…254, and 255 or -1 for pixels to ignore")
    }
    try requireMemory(count)
    try self.init(
      width: width, height: height,
      labels: array.values.map { $0 < 0 ? LabelMap.ignore : UInt8(truncatingIfNeeded: $0) })
  }
}
