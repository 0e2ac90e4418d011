import CImageCodecs

/// A PNG or JPEG file that is decoded some rows at a time, from the top, for pictures that are too large for
/// memory. One thread at a time may use it.
public final class PictureRows {
  /// Columns and rows.
  public let width, height: Int
  private let path: String
  private let storage: ByteStorage
  private let formatName: String
  private var reader: OpaquePointer?
  /// Bytes of the file whose memory has been given back.
  private var forgotten = 0

  /// Maps the file at `path` and reads its header; errors name it.
  ///
  /// Throws `unsupported` for data of another kind, for PNGs that are interlaced, and for pictures that EXIF
  /// data wants turned; `corrupt` for damaged headers. A progressive JPEG is held in memory, compressed.
  public init(contentsOf path: String) throws {
    storage = try ByteStorage(mapping: path)
    self.path = path
    let storage = storage
    var reader: OpaquePointer?
    let encoded = try naming(path) {
      let encoded = try EncodedPicture(storage.bytes, rowByRow: true)
      guard encoded.orientation == .upright else {
        throw FCNError(
          .unsupported,
          "\(encoded.formatName)'s EXIF data says that it is to be turned, which takes the whole picture; "
            + "turn it first (`jpegtran`, or ImageMagick's -auto-orient)")
      }
      try withUnsafePointer(to: encoded.header) { header in
        try callCodec("\(encoded.formatName) cannot be read row by row") { message in
          fcncodec_open_reader(
            storage.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), storage.bytes.count,
            header, &reader, message)
        }
      }
      return encoded
    }
    self.reader = reader
    (width, height, formatName) = (encoded.width, encoded.height, encoded.formatName)
  }

  deinit { fcncodec_close_reader(reader) }

  /// Decodes the next `count` rows, width×3 bytes of R, G, B each, into `pixels`.
  ///
  /// Throws `bufferTooSmall` where there is not enough room, `corrupt` where the data is damaged or the
  /// picture has no such rows; after an error nothing more can be read.
  public func read(_ count: Int, into pixels: UnsafeMutableRawBufferPointer) throws {
    guard let rows = UInt32(exactly: count), let needed = checkedProduct(count, width, 3),
      pixels.count >= needed, let base = pixels.baseAddress
    else {
      throw FCNError(
        .bufferTooSmall,
        "there is room for \(pixels.count) bytes; \(count) rows of \(width) pixels have three a pixel"
      )
    }
    try naming(path) {
      try callCodec("\(formatName) cannot be read") { message in
        fcncodec_read_rows(
          reader, rows, base.assumingMemoryBound(to: UInt8.self), message)
      }
    }
    let position = fcncodec_reader_position(reader)
    if position - forgotten > 1 << 22 {
      storage.forgetPages(
        of: UnsafeRawBufferPointer(rebasing: storage.bytes[forgotten..<position]))
      forgotten = position
    }
  }
}

extension LabelMap {
  /// Writes a label PNG of `width`×`height` to `path` some rows at a time: `produce` hands labels, whole rows
  /// from the top, to the function that it is given. With a `palette` as `encodedPNG(palette:)`, without as
  /// `encodedGreyPNG()`. What stood at `path` stays until all is written.
  ///
  /// Throws `invalidArgument` where there are more rows or fewer, `inputOutput` where nothing can be written.
  public static func writePNG(
    to path: String, width: Int, height: Int, palette: [RGB]?,
    _ produce: (_ append: @escaping (UnsafeBufferPointer<UInt8>) throws -> Void) throws -> Void
  ) throws {
    guard width > 0, height > 0, let columns = UInt32(exactly: width),
      let rows = UInt32(exactly: height)
    else {
      throw FCNError(.invalidArgument, "a label PNG of \(width)×\(height) cannot be written")
    }
    let colours = palette.map { Palette.extended($0).flatMap { [$0.red, $0.green, $0.blue] } }
    var output = fcncodec_output()
    var writer: OpaquePointer?
    defer {
      fcncodec_close_writer(writer)
      fcncodec_free(&output)
    }
    try withUnsafeMutablePointer(to: &output) { output in
      let subject = "the label PNG cannot be made"
      try callCodec(subject) { message in
        guard let colours else {
          return fcncodec_open_writer(columns, rows, nil, output, &writer, message)
        }
        return fcncodec_open_writer(columns, rows, colours, output, &writer, message)
      }
      var left = height
      try File.write(to: path) { append in
        try produce { labels in
          let count = labels.count / width
          guard labels.count.isMultiple(of: width), count <= left else {
            throw FCNError(
              .invalidArgument,
              "\(labels.count) labels were given for \(left) rows of \(width) that are left")
          }
          left -= count
          try callCodec(subject) { message in
            fcncodec_write_rows(writer, UInt32(count), labels.baseAddress, message)
          }
          try append(
            UnsafeRawBufferPointer(start: output.pointee.bytes, count: output.pointee.size))
          output.pointee.size = 0
        }
        guard left == 0 else {
          throw FCNError(.invalidArgument, "\(left) rows of labels are missing")
        }
      }
    }
  }
}
