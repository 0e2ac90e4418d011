import CImageCodecs

/// A PNG, JPEG or TIFF file that is decoded some rows at a time, from the top, for pictures too large for
/// memory. One thread at a time may use it.
public final class PictureRows {
  /// Columns and rows.
  public let width, height: Int
  /// Bytes that reading takes while this object lives beside a decoder's own, which does not grow with the
  /// picture: those of a TIFF's tiles side by side.
  public let memory: Int
  private let path: String
  private let storage: ByteStorage
  private let formatName: String
  private var reader: OpaquePointer?
  /// Bytes of the file whose memory has been given back.
  private var forgotten = 0
  /// Whether rows lie in the file from the top.
  private let isInOrder: Bool

  /// Maps the file at `path` and reads its header; errors name it.
  ///
  /// Throws `unsupported` for data of another kind, for PNGs that are interlaced, for pictures that EXIF
  /// data wants turned, and for TIFFs where libtiff is missing; `corrupt` for damaged headers. A progressive
  /// JPEG is held in memory, compressed.
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
          "\(encoded.formatName)'s \(encoded.isTIFF ? "orientation" : "EXIF data") says that it is to be "
            + "turned, which takes the whole picture; turn it first (`jpegtran`, or ImageMagick's "
            + "-auto-orient)")
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
    isInOrder = !encoded.isTIFF
    memory = Int(clamping: fcncodec_reader_memory(reader))
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
        of: isInOrder
          ? UnsafeRawBufferPointer(rebasing: storage.bytes[forgotten..<position]) : storage.bytes)
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
    let colours = palette.map { Palette.extended($0).flatMap { [$0.red, $0.green, $0.blue] } }
    try writeRows(
      to: path, "the label PNG", width: width, height: height, samples: 1, palette: colours, produce
    )
  }
}

extension Image {
  /// Writes a PNG of `width`×`height` to `path` some rows at a time: `produce` hands R, G, B, whole rows from
  /// the top, to the function that it is given. What stood at `path` stays until all is written.
  ///
  /// Throws `invalidArgument` where there are more rows or fewer, `inputOutput` where nothing can be written.
  public static func writePNG(
    to path: String, width: Int, height: Int,
    _ produce: (_ append: @escaping (UnsafeBufferPointer<UInt8>) throws -> Void) throws -> Void
  ) throws {
    try writeRows(
      to: path, "the PNG", width: width, height: height, samples: 3, palette: nil, produce)
  }
}

/// Writes `subject`, a PNG of `samples` bytes a pixel, as rows come.
private func writeRows(
  to path: String, _ subject: String, width: Int, height: Int, samples: Int, palette: [UInt8]?,
  _ produce: (_ append: @escaping (UnsafeBufferPointer<UInt8>) throws -> Void) throws -> Void
) throws {
  guard width > 0, height > 0, let columns = UInt32(exactly: width),
    let rows = UInt32(exactly: height)
  else {
    throw FCNError(.invalidArgument, "\(subject) of \(width)×\(height) cannot be written")
  }
  var output = fcncodec_output()
  var writer: OpaquePointer?
  defer {
    fcncodec_close_writer(writer)
    fcncodec_free(&output)
  }
  let rowBytes = width * samples
  try withUnsafeMutablePointer(to: &output) { output in
    try callCodec("\(subject) cannot be made") { message in
      guard let palette else {
        return fcncodec_open_writer(
          columns, rows, Int32(samples), nil, output, &writer, message)
      }
      return fcncodec_open_writer(
        columns, rows, Int32(samples), palette, output, &writer, message)
    }
    var left = height
    try File.write(to: path) { append in
      try produce { values in
        let count = values.count / rowBytes
        guard values.count.isMultiple(of: rowBytes), count <= left else {
          throw FCNError(
            .invalidArgument,
            "\(values.count) bytes were given for \(left) rows of \(rowBytes) that are left")
        }
        left -= count
        try callCodec("\(subject) cannot be made") { message in
          fcncodec_write_rows(writer, UInt32(count), values.baseAddress, message)
        }
        try append(
          UnsafeRawBufferPointer(start: output.pointee.bytes, count: output.pointee.size))
        output.pointee.size = 0
      }
      guard left == 0 else {
        throw FCNError(.invalidArgument, "\(left) rows are missing")
      }
    }
  }
}
