import CImageCodecs

/// A PNG or JPEG in memory whose header has been read and found to be within the limits.
struct EncodedPicture {
  let bytes: UnsafeRawBufferPointer
  let header: fcncodec_header

  /// Reads the header; throws before any memory is spent on pixels.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    var header = fcncodec_header()
    try callCodec(EncodedPicture.descriptionOfStart(of: bytes)) { message in
      fcncodec_read_header(
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &header, message)
    }
    self.bytes = bytes
    self.header = header
    let count = try Image.pixelCount(width: width, height: height)
    // Deflate makes at most 1032 bytes of one: a file too short for its own size is not worth the
    // memory it asks for.
    let rawSize = count / 8 * Int(header.samples) * Int(header.bits)
    guard !isPNG || rawSize / 1032 <= bytes.count else {
      throw FCNError(
        .corrupt,
        "the PNG claims \(width)×\(height) pixels, more than its \(bytes.count) bytes can hold; "
          + "get a whole copy")
    }
  }

  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }
  var isPNG: Bool { header.format == FCNCODEC_PNG }
  /// What errors call the file's format.
  var formatName: String { isPNG ? "the PNG" : "the JPEG" }

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

  /// What the data looks like, for the error when it is not a picture.
  private static func descriptionOfStart(of bytes: UnsafeRawBufferPointer) -> String {
    let kinds: [(name: String, start: [UInt8])] = [
      ("a GIF", Array("GIF8".utf8)), ("a WebP", Array("RIFF".utf8)),
      ("a BMP", Array("BM".utf8)), ("a TIFF", Array("II*\0".utf8)),
      ("a TIFF", Array("MM\0*".utf8)), ("a safetensors file", Array("{\"".utf8)),
    ]
    if bytes.isEmpty { return "the picture is empty" }
    if bytes.starts(with: [0x89, 0x50]) { return "the PNG's header cannot be read" }
    if bytes.starts(with: [0xFF, 0xD8]) { return "the JPEG's header cannot be read" }
    if let kind = kinds.first(where: { bytes.starts(with: $0.start) }) {
      return "the picture seems to be \(kind.name), which must be converted first"
    }
    return "the picture is of no known kind"
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
