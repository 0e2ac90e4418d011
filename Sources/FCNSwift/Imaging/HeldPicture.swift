import CImageCodecs

/// A picture of RGB bytes, row by row without gaps, in memory that can be refused: for hosts that go on where
/// there is none. Its pixels have a fixed address.
package final class HeldPicture {
  package let width: Int
  package let height: Int
  private let memory: AlignedMemory

  /// A picture whose pixels are whatever was in memory; throws as `Image` does for sizes that it cannot have.
  init(width: Int, height: Int) throws {
    let count = try Image.pixelCount(width: width, height: height)
    memory = try AlignedMemory(byteCount: 3 * count)
    (self.width, self.height) = (width, height)
  }

  /// A copy of somebody else's.
  package convenience init(copying view: PixelView) throws {
    try self.init(width: view.width, height: view.height)
    try view.copyRGB(to: pixels, nil)
  }

  /// A copy of somebody else's with every labelled pixel mixed with its class's colour, as `Image.overlaying`
  /// makes it.
  package convenience init(
    overlaying labels: LabelView, on view: PixelView, palette: [RGB], opacity: Float
  ) throws {
    try LabelView.checkSize(labels.width, labels.height, over: (view.width, view.height))
    let colours = try OverlayColours(palette, opacity: opacity)
    try self.init(copying: view)
    for i in 0..<width * height { colours.mix(labels.base[i], into: pixels + 3 * i) }
  }

  /// Valid while this object lives.
  package var pixels: UnsafeMutablePointer<UInt8> {
    memory.bytes.assumingMemoryBound(to: UInt8.self)
  }

  /// The same; valid while this object lives.
  package func view() throws -> PixelView {
    try PixelView(base: pixels, width: width, height: height, rowStride: 3 * width, format: .rgb8)
  }

  /// A copy in an array.
  func image() throws -> Image { try view().image() }

  /// Calls `body` with the picture as a PNG of 8-bit RGB; the pointer must not leave it.
  package func withEncodedPNG<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try withCodecOutput("the PNG cannot be made") { output, message in
      fcncodec_write_png(pixels, UInt32(width), UInt32(height), output, message)
    } reading: {
      try body($0)
    }
  }
}

/// Labels that somebody else owns, row by row without gaps.
package struct LabelView {
  /// The first row's first label; must stay valid while the view is used.
  let base: UnsafePointer<UInt8>
  let width: Int
  let height: Int

  /// A view of `width` · `height` labels; throws unless the size is sane.
  package init(base: UnsafePointer<UInt8>, width: Int, height: Int) throws {
    _ = try Image.pixelCount(width: width, height: height)
    (self.base, self.width, self.height) = (base, width, height)
  }

  /// The label that is nearest to pixel `x` of row `y` where the labels are seen at another size.
  func nearest(x: Int, of newWidth: Int, y: Int, of newHeight: Int) -> UInt8 {
    base[
      Self.nearest(y, from: height, to: newHeight) * width
        + Self.nearest(x, from: width, to: newWidth)]
  }

  /// Which of `from` places lies nearest to place `index` of `to`.
  static func nearest(_ index: Int, from: Int, to: Int) -> Int { (2 * index + 1) * from / (2 * to) }

  /// How many there are of each of the 256 values.
  func histogram() -> [Int] {
    var areas = [Int](repeating: 0, count: 256)
    areas.withUnsafeMutableBufferPointer { areas in
      for i in 0..<width * height { areas[Int(base[i])] += 1 }
    }
    return areas
  }

  static func checkSize(_ width: Int, _ height: Int, over size: (width: Int, height: Int)) throws {
    guard width == size.width, height == size.height else {
      throw FCNError(
        .shapeMismatch,
        "a label map of \(width)×\(height) was to be laid over a picture of "
          + "\(size.width)×\(size.height); resize one of them")
    }
  }

  /// Calls `body` with the labels as a palette PNG, as `LabelMap.encodedPNG` makes it; the pointer must not
  /// leave it.
  package func withEncodedPNG<Result>(
    palette: [RGB], _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let colours = Palette.extended(palette).flatMap { [$0.red, $0.green, $0.blue] }
    return try withCodecOutput("the label PNG cannot be made") { output, message in
      fcncodec_write_indexed_png(base, UInt32(width), UInt32(height), colours, output, message)
    } reading: {
      try body($0)
    }
  }

  /// Calls `body` with the labels as a grey PNG, as `LabelMap.encodedGreyPNG` makes it; the pointer must not
  /// leave it.
  package func withEncodedGreyPNG<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try withCodecOutput("the label PNG cannot be made") { output, message in
      fcncodec_write_grey_png(base, UInt32(width), UInt32(height), output, message)
    } reading: {
      try body($0)
    }
  }
}

extension LabelMap {
  /// Calls `body` with a view of these labels; it must not leave the call.
  func withLabelView<Result>(_ body: (LabelView) throws -> Result) throws -> Result {
    try labels.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else {
        throw FCNError(.invalidArgument, "a label map of \(width)×\(height) has no labels")
      }
      return try body(try LabelView(base: base, width: width, height: height))
    }
  }
}
