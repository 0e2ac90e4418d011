import CImageCodecs

extension Image {
  /// Decodes a PNG or JPEG of any kind: grey, grey with alpha, RGB, RGBA, palette, 1 to 16 bits,
  /// interlaced; grey, YCbCr, RGB, CMYK and YCCK, progressive or not. Where libtiff 4.5 or later is
  /// installed also the first picture of a TIFF: grey, RGB or palette of 8 bits, in strips or tiles,
  /// plain or compressed with LZW, Deflate, JPEG, PackBits or Zstandard; samples beyond those are dropped.
  ///
  /// Alpha is dropped, a transparent pixel having the colour stored under it. 16-bit samples are
  /// rounded to 8. Gamma and colour profiles are passed over. The orientation in a file's EXIF data
  /// is applied, so that the picture stands upright.
  ///
  /// Throws `unsupported` for other data, `corrupt` for damaged or shortened files and `outOfMemory`
  /// for pictures of more pixels than `largest`, before it takes memory for any.
  public init(
    decoding bytes: UnsafeRawBufferPointer, atMost largest: Int = Image.largestPixelCount
  ) throws {
    let encoded = try EncodedPicture(bytes, atMost: min(largest, Image.largestPixelCount))
    let stored = Image(
      checkedWidth: encoded.width, height: encoded.height, pixels: try encoded.decodeRGB())
    let orientation = encoded.orientation
    if orientation != .upright { try requireMemory(stored.pixels.count) }
    self = stored.turned(by: orientation)
  }

  /// The size that the picture in `bytes` has once it is decoded and stands upright. Goes through all
  /// of the data, so that damage is found as by decoding, in a part of the time.
  static func checkedSize(ofEncoded bytes: UnsafeRawBufferPointer) throws -> (
    width: Int, height: Int
  ) {
    let encoded = try EncodedPicture(bytes)
    try encoded.check()
    return encoded.orientation.exchangesSides
      ? (encoded.height, encoded.width) : (encoded.width, encoded.height)
  }

  /// Decodes a picture file as `init(decoding:)` for raw bytes does.
  public init(decoding bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBytes { try Image(decoding: $0) }
  }

  /// Reads and decodes the file at `path`, which every error names. Of what is no picture only
  /// the beginning is read, as of a PNG that has more pixels than `largest`.
  public init(contentsOf path: String, atMost largest: Int = Image.largestPixelCount) throws {
    let bytes = try File.readPicture(path, atMost: largest)
    self = try naming(path) {
      try bytes.withUnsafeBytes { try Image(decoding: $0, atMost: largest) }
    }
  }

  /// Reads an open file or pipe to its end and decodes it as `init(contentsOf:)` does; `name` is what
  /// errors call it.
  public init(
    descriptor: Int32, named name: String, atMost largest: Int = Image.largestPixelCount
  ) throws {
    let bytes = try File.readPicture(descriptor: descriptor, named: name, atMost: largest)
    self = try naming(name) {
      try bytes.withUnsafeBytes { try Image(decoding: $0, atMost: largest) }
    }
  }

  /// The picture as a PNG of 8-bit RGB.
  public func encodedPNG() throws -> [UInt8] {
    try collectCodecOutput("the PNG cannot be made") { output, message in
      pixels.withUnsafeBufferPointer {
        fcncodec_write_png($0.baseAddress, UInt32(width), UInt32(height), output, message)
      }
    }
  }

  /// The picture as a baseline JPEG of `quality` 1 (small) to 100 (best).
  ///
  /// Throws `invalidArgument` for another quality or a side beyond the format's 65,500 pixels.
  public func encodedJPEG(quality: Int = 90) throws -> [UInt8] {
    guard (1...100).contains(quality) else {
      throw FCNError(
        .invalidArgument, "a JPEG quality of \(quality) was given; it goes from 1 to 100")
    }
    guard max(width, height) <= Int(FCNCODEC_LONGEST_JPEG_SIDE) else {
      throw FCNError(
        .invalidArgument,
        "a picture of \(width)×\(height) is beyond the \(FCNCODEC_LONGEST_JPEG_SIDE) pixels that a "
          + "side of a JPEG may have; write a PNG")
    }
    return try collectCodecOutput("the JPEG cannot be made") { output, message in
      pixels.withUnsafeBufferPointer {
        fcncodec_write_jpeg(
          $0.baseAddress, UInt32(width), UInt32(height), Int32(quality), output, message)
      }
    }
  }
}

/// Runs an encoder and calls `body` with what it wrote; the pointer must not leave it.
func withCodecOutput<Result>(
  _ subject: String,
  _ encode: (UnsafeMutablePointer<fcncodec_output>, UnsafeMutablePointer<CChar>?) ->
    fcncodec_status,
  reading body: (UnsafeRawBufferPointer) throws -> Result
) throws -> Result {
  var output = fcncodec_output()
  defer { fcncodec_free(&output) }
  try callCodec(subject) { encode(&output, $0) }
  return try body(UnsafeRawBufferPointer(start: output.bytes, count: output.size))
}

/// Runs an encoder and copies what it wrote to an array.
func collectCodecOutput(
  _ subject: String,
  _ encode: (UnsafeMutablePointer<fcncodec_output>, UnsafeMutablePointer<CChar>?) -> fcncodec_status
) throws -> [UInt8] {
  try withCodecOutput(subject, encode) {
    try requireMemory($0.count)
    return Array($0)
  }
}
