extension Image {
  /// A picture whose size has been checked and whose pixels are known to be of that size.
  init(checkedWidth width: Int, height: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The part of `width`×`height` pixels from column `x` and row `y`; throws `invalidArgument` unless
  /// it lies within the picture and is not empty.
  public func cropped(x: Int, y: Int, width: Int, height: Int) throws -> Image {
    try checkCrop(x: x, y: y, width: width, height: height, of: (self.width, self.height))
    return crop(x: x, y: y, width: width, height: height)
  }

  /// The largest square about the centre; of an odd rest the greater part is cut at right or bottom.
  public func centredSquare() -> Image {
    let side = min(width, height)
    return crop(x: (width - side) / 2, y: (height - side) / 2, width: side, height: side)
  }

  /// The mirror image, left and right exchanged.
  public func flippedHorizontally() -> Image {
    turned(by: .mirrored)
  }

  private func crop(x: Int, y: Int, width: Int, height: Int) -> Image {
    Image(
      checkedWidth: width, height: height,
      pixels: walkPixels(
        of: pixels, bytesPerPixel: 3, start: y * self.width + x, width: width, right: 1,
        height: height, down: self.width))
  }
}

extension LabelMap {
  /// A map whose size has been checked and whose labels are known to be of that size.
  init(checkedWidth width: Int, height: Int, labels: [UInt8]) {
    self.width = width
    self.height = height
    self.labels = labels
  }

  /// The part of `width`×`height` labels from column `x` and row `y`; throws `invalidArgument` unless
  /// it lies within the map and is not empty.
  public func cropped(x: Int, y: Int, width: Int, height: Int) throws -> LabelMap {
    try checkCrop(x: x, y: y, width: width, height: height, of: (self.width, self.height))
    return crop(x: x, y: y, width: width, height: height)
  }

  /// The largest square about the centre, the same as of a picture of this size.
  public func centredSquare() -> LabelMap {
    let side = min(width, height)
    return crop(x: (width - side) / 2, y: (height - side) / 2, width: side, height: side)
  }

  /// The mirror image, left and right exchanged.
  public func flippedHorizontally() -> LabelMap {
    LabelMap(
      checkedWidth: width, height: height,
      labels: walkPixels(
        of: labels, bytesPerPixel: 1, start: width - 1, width: width, right: -1, height: height,
        down: width))
  }

  private func crop(x: Int, y: Int, width: Int, height: Int) -> LabelMap {
    LabelMap(
      checkedWidth: width, height: height,
      labels: walkPixels(
        of: labels, bytesPerPixel: 1, start: y * self.width + x, width: width, right: 1,
        height: height, down: self.width))
  }
}

/// Throws unless a crop lies within `size` and is not empty.
private func checkCrop(
  x: Int, y: Int, width: Int, height: Int, of size: (width: Int, height: Int)
) throws {
  // Subtracted, not added: the sum of what a caller gives may overflow.
  guard x >= 0, y >= 0, width > 0, height > 0, x <= size.width, y <= size.height,
    width <= size.width - x, height <= size.height - y
  else {
    throw FCNError(
      .invalidArgument,
      "a crop of \(width)×\(height) at x \(x), y \(y) does not lie within the picture's "
        + "\(size.width)×\(size.height)")
  }
  try requireMemory(3 * width * height)
}

/// Copies `width`×`height` pixels: from the one of index `start` in `source`, `right` indices to the
/// next in a row, `down` to the next row. The caller has made sure that all lie in `source`.
func walkPixels(
  of source: [UInt8], bytesPerPixel: Int, start: Int, width: Int, right: Int, height: Int, down: Int
) -> [UInt8] {
  let count = width * height * bytesPerPixel
  return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
    source.withUnsafeBufferPointer { source in
      guard let from = source.baseAddress, var to = output.baseAddress else { return }
      for row in 0..<height {
        var pixel = from + (start + row * down) * bytesPerPixel
        if right == 1 {
          to.update(from: pixel, count: width * bytesPerPixel)
          to += width * bytesPerPixel
          continue
        }
        for _ in 0..<width {
          for byte in 0..<bytesPerPixel { to[byte] = pixel[byte] }
          pixel += right * bytesPerPixel
          to += bytesPerPixel
        }
      }
    }
    initialized = count
  }
}
