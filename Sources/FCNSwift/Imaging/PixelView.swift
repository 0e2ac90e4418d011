/// A picture that somebody else owns: a pointer to its pixels, and how they lie.
public struct PixelView {
  /// How a pixel's bytes lie. Alpha is ignored, not multiplied in.
  public enum Format: Int, Sendable, CaseIterable {
    /// Red, green, blue.
    case rgb8
    /// Blue, green, red: OpenCV's order.
    case bgr8
    /// Red, green, blue, alpha.
    case rgba8
    /// Blue, green, red, alpha.
    case bgra8
    /// One byte of luma, which counts as red, green and blue.
    case grey8

    /// Bytes of a pixel.
    public var bytesPerPixel: Int {
      switch self {
      case .rgb8, .bgr8: 3
      case .rgba8, .bgra8: 4
      case .grey8: 1
      }
    }

    /// Where red, green and blue stand among a pixel's bytes.
    var channelOffsets: (red: Int, green: Int, blue: Int) {
      switch self {
      case .rgb8, .rgba8: (0, 1, 2)
      case .bgr8, .bgra8: (2, 1, 0)
      case .grey8: (0, 0, 0)
      }
    }
  }

  /// The first row's first byte; must stay valid while the view is used.
  public let base: UnsafeRawPointer
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Bytes from one row's start to the next one's.
  public let rowStride: Int
  /// How a pixel's bytes lie.
  public let format: Format

  /// A view of `height` rows of `width` pixels; throws unless the size is sane and rows do not
  /// overlap. That the memory is there is the caller's word.
  public init(
    base: UnsafeRawPointer, width: Int, height: Int, rowStride: Int, format: Format
  ) throws {
    _ = try Image.pixelCount(width: width, height: height)
    let rowBytes = width * format.bytesPerPixel
    guard rowStride >= rowBytes, checkedProduct(rowStride, height) != nil else {
      throw FCNError(
        .invalidArgument,
        "a row stride of \(rowStride) bytes was given for rows of \(width) \(format) pixels, which "
          + "have \(rowBytes); it must be at least that")
    }
    self.base = base
    self.width = width
    self.height = height
    self.rowStride = rowStride
    self.format = format
  }

  /// The bytes of row `y`.
  func row(_ y: Int) -> UnsafePointer<UInt8> {
    (base + y * rowStride).assumingMemoryBound(to: UInt8.self)
  }

  /// A copy as RGB.
  public func image() throws -> Image { try image(pause: nil) }

  /// The same; `pause` is called now and then, and ends it by throwing.
  func image(pause: (() throws -> Void)?) throws -> Image {
    try requireMemory(width * height * 3)
    let pixels = try [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      if let base = buffer.baseAddress { try copyRGB(to: base, pause) }
      count = width * height * 3
    }
    return try Image(width: width, height: height, pixels: pixels)
  }

  /// Copies all pixels as RGB to `target`, which has room for them; `pause` as above.
  func copyRGB(to target: UnsafeMutablePointer<UInt8>, _ pause: (() throws -> Void)?) throws {
    for y in 0..<height {
      try pause?()
      copyRow(y, columns: 0..<width, to: target + y * width * 3)
    }
  }

  /// Copies some pixels of row `y` as RGB.
  func copyRow(_ y: Int, columns: Range<Int>, to target: UnsafeMutablePointer<UInt8>) {
    let (red, green, blue) = format.channelOffsets
    let (source, step) = (row(y), format.bytesPerPixel)
    var to = target
    for x in columns {
      to[0] = source[x * step + red]
      to[1] = source[x * step + green]
      to[2] = source[x * step + blue]
      to += 3
    }
  }
}

extension Image {
  /// Calls `body` with a view of this picture; it must not leave the call.
  public func withPixelView<Result>(_ body: (PixelView) throws -> Result) throws -> Result {
    try pixels.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else {
        throw FCNError(.invalidArgument, "a picture of \(width)×\(height) has no pixels")
      }
      return try body(
        try PixelView(
          base: base, width: width, height: height, rowStride: width * 3, format: .rgb8))
    }
  }
}

/// Calls `body` with views of all of `pictures`, as many as run together: each takes some of the stack.
func withPixelViews<Result>(
  of pictures: ArraySlice<Image>, _ body: (ArraySlice<PixelView>) throws -> Result
) throws -> Result {
  func collect(_ views: [PixelView]) throws -> Result {
    guard views.count < pictures.count else { return try body(views[...]) }
    return try pictures[pictures.startIndex + views.count].withPixelView {
      try collect(views + [$0])
    }
  }
  return try collect([])
}
