import CZLibrary

/// Deflated data, unpacked by zlib.
enum Inflate {
  /// The most bytes that one byte of deflated data can make: a match of 258 in two bits.
  static let greatestRatio = 1032
  /// Bytes by which short data may seem to pass that ratio.
  static let ratioSlack = 64

  /// The most that zlib, which counts in 32 bits, is given at a time.
  private static let chunk = 1 << 30

  /// Unpacks `input`, deflated data without a wrapper, to `output`, which it must fill exactly.
  ///
  /// Throws `corrupt` where it does not, where it is no deflated data, or where the CRC-32 of what
  /// was unpacked is not `checksum`.
  static func inflate(
    _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, checksum: UInt32
  ) throws {
    var stream = z_stream()
    // Negative bits of window: neither zlib's nor gzip's wrapper.
    let opened = inflateInit2_(
      &stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard opened == Z_OK else {
      throw FCNError(.outOfMemory, "zlib could not be started (\(opened))")
    }
    defer { inflateEnd(&stream) }
    let (status, written) = run(&stream, input, output)
    switch status {
    case Z_STREAM_END where written == output.count: break
    case Z_STREAM_END:
      throw FCNError(
        .corrupt, "it holds \(written) bytes; its size is given as \(output.count)")
    case Z_MEM_ERROR: throw FCNError(.outOfMemory, "there is no memory to unpack it")
    case Z_DATA_ERROR, Z_NEED_DICT:
      throw FCNError(.corrupt, "its deflated data is damaged after \(written) unpacked bytes")
    default:
      let fault =
        written == output.count
        ? "its deflated data does not end after the \(written) bytes that its size is given as"
        : "its deflated data ends after \(written) of \(output.count) bytes"
      throw FCNError(.corrupt, fault)
    }
    guard crc(UnsafeRawBufferPointer(output)) == checksum else {
      throw FCNError(.corrupt, "its checksum (CRC-32) is wrong; get the file again")
    }
  }

  /// Unpacks until the data ends, the output is full or something is wrong; returns zlib's last
  /// status and how many bytes there are.
  private static func run(
    _ stream: inout z_stream, _ input: UnsafeRawBufferPointer,
    _ output: UnsafeMutableRawBufferPointer
  ) -> (status: Int32, written: Int) {
    var (read, written) = (0, 0)
    while true {
      let inputCount = min(chunk, input.count - read)
      let outputCount = min(chunk, output.count - written)
      // zlib only reads through this pointer, though its type does not say so.
      stream.next_in = input.baseAddress.map {
        UnsafeMutablePointer(mutating: ($0 + read).assumingMemoryBound(to: Bytef.self))
      }
      stream.next_out = output.baseAddress.map {
        ($0 + written).assumingMemoryBound(to: Bytef.self)
      }
      stream.avail_in = UInt32(inputCount)
      stream.avail_out = UInt32(outputCount)
      let status = CZLibrary.inflate(&stream, Z_NO_FLUSH)
      let progress = (inputCount - Int(stream.avail_in), outputCount - Int(stream.avail_out))
      read += progress.0
      written += progress.1
      if status != Z_OK || progress == (0, 0) { return (status, written) }
    }
  }

  /// The CRC-32 of `bytes`, as zip has it.
  static func crc(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc: UInt = 0
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      let part = bytes[start..<min(bytes.count, start + chunk)]
      let base = UnsafeRawBufferPointer(rebasing: part).baseAddress
      crc = crc32(crc, base?.assumingMemoryBound(to: Bytef.self), UInt32(part.count))
    }
    return UInt32(truncatingIfNeeded: crc)
  }
}
