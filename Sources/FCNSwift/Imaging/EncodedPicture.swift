import CImageCodecs

/// A PNG, JPEG or TIFF in memory whose header has been read and found to be within the limits.
struct EncodedPicture {
  let bytes: UnsafeRawBufferPointer
  let header: fcncodec_header

  /// Reads the header; throws before any memory is spent on pixels, `outOfMemory` where there are more than
  /// `largest`. A picture that is to be decoded row by row may be of any size.
  init(
    _ bytes: UnsafeRawBufferPointer, rowByRow: Bool = false,
    atMost largest: Int = Image.largestPixelCount
  ) throws {
    guard let format = EncodedPicture.formatName(of: bytes) else {
      throw EncodedPicture.errorOfAnotherKind(bytes)
    }
    var header = fcncodec_header()
    try callCodec("the \(format)'s header cannot be read") { message in
      fcncodec_read_header(
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &header, message)
    }
    self.bytes = bytes
    self.header = header
    let count =
      rowByRow
      ? width * height : try Image.pixelCount(width: width, height: height, atMost: largest)
    // Deflate makes at most 1032 bytes of one: a file too short for its own size is not worth the
    // memory it asks for.
    let least = count / (8 * 1032) * Int(header.samples) * Int(header.bits)
    guard !isPNG || least <= bytes.count else {
      throw FCNError(
        .corrupt,
        "the PNG claims \(width)×\(height) pixels, more than its \(bytes.count) bytes can hold; "
          + "get a whole copy")
    }
  }

  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }
  var isPNG: Bool { header.format == FCNCODEC_PNG }
  var isTIFF: Bool { header.format == FCNCODEC_TIFF }
  /// How the stored pixels are to be turned so that the picture stands upright.
  var orientation: Orientation {
    switch header.format {
    case FCNCODEC_PNG: Orientation(ofPNG: bytes)
    case FCNCODEC_JPEG: Orientation(ofJPEG: bytes)
    default: Orientation(rawValue: UInt16(clamping: header.orientation)) ?? .upright
    }
  }
  /// What errors call the file's format.
  var formatName: String { isPNG ? "the PNG" : isTIFF ? "the TIFF" : "the JPEG" }

  /// All pixels as R, G, B; alpha is dropped.
  func decodeRGB() throws -> [UInt8] {
    try decode(bytesPerPixel: 3, fcncodec_read_rgb)
  }

  /// The stored palette indices or greys.
  func decodeIndices() throws -> [UInt8] {
    try decode(bytesPerPixel: 1, fcncodec_read_indices)
  }

  /// Goes through all of the data for damage, as decoding would, without keeping pixels.
  func check() throws {
    try withUnsafePointer(to: header) { header in
      try callCodec("\(formatName) cannot be read") { message in
        fcncodec_check(
          bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, header, message)
      }
    }
  }

  private typealias Decoder = (
    UnsafePointer<UInt8>?, Int, UnsafePointer<fcncodec_header>?, UnsafeMutablePointer<UInt8>?,
    UnsafeMutablePointer<CChar>?
  ) -> fcncodec_status

  private func decode(bytesPerPixel: Int, _ decoder: Decoder) throws -> [UInt8] {
    let count = width * height * bytesPerPixel
    try requireMemory(count)
    return try [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      try withUnsafePointer(to: header) { header in
        try callCodec("\(formatName) cannot be read") { message in
          decoder(
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, header,
            output.baseAddress, message)
        }
      }
      initialized = count
    }
  }

  /// The format that `bytes` begin like, as far as they go.
  private static func formatName(of bytes: UnsafeRawBufferPointer) -> String? {
    if bytes.starts(with: [0x89, 0x50]) { return "PNG" }
    if bytes.starts(with: [0xFF, 0xD8]) { return "JPEG" }
    return beginsAsTIFF(bytes) ? "TIFF" : nil
  }

  /// Whether `bytes` begin as a TIFF or BigTIFF of either byte order.
  static func beginsAsTIFF(_ bytes: UnsafeRawBufferPointer) -> Bool {
    ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains { bytes.starts(with: $0.utf8) }
  }

  /// Says what data that begins as no picture that is read is, and what to do with it.
  private static func errorOfAnotherKind(_ bytes: UnsafeRawBufferPointer) -> FCNError {
    let wanted = "pictures are read from PNG, JPEG and TIFF"
    guard !bytes.isEmpty else {
      return FCNError(.unsupported, "this is empty, no picture; get the file again")
    }
    guard let kind = FileKind.of(bytes) else {
      return FCNError(
        .unsupported,
        "this is no picture of a kind that is known, neither PNG nor JPEG nor TIFF; convert it, or "
          + "get the file again if it should be one of them")
    }
    let advice =
      switch kind.use {
      case .picture: "\(wanted) alone, so convert it to one of them first"
      case .archive: "\(wanted) alone, so unpack it first"
      case .placeholder: "a PNG, JPEG or TIFF picture was wanted: get the file again"
      case .other: "no picture, neither PNG nor JPEG nor TIFF"
      }
    let join = kind.use == .other ? ", " : "; "
    return FCNError(.unsupported, "this is \(kind.name)\(join)\(advice)")
  }
}

/// Runs `body` with a buffer for the codec's message; a failure becomes an error of `subject` and that
/// message.
func callCodec(
  _ subject: @autoclosure () -> String,
  _ body: (UnsafeMutablePointer<CChar>?) -> fcncodec_status
) throws {
  try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(FCNCODEC_MESSAGE_SIZE)) {
    message in
    message.initialize(repeating: 0)
    let status = body(message.baseAddress)
    guard status != FCNCODEC_OK else { return }
    let kind: FCNError.Kind =
      switch status {
      case FCNCODEC_UNSUPPORTED: .unsupported
      case FCNCODEC_OUT_OF_MEMORY: .outOfMemory
      default: .corrupt
      }
    let words = String(
      decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw FCNError(kind, "\(subject()): \(words)")
  }
}
