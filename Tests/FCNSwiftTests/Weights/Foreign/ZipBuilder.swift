import CZLibrary

@testable import FCNSwift

/// Zip archives put together by hand, to lie in them.
struct ZipBuilder {
  /// An entry: what its own header says, and what the directory does.
  struct Entry {
    var name: String
    var localName: String
    /// As packed.
    var data: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var checksum: UInt32
    var size: Int
    var packedSize: Int
    var localSize: Int
    /// Where the directory says that its header is, from where that is.
    var shift = 0
    /// Whether sizes and offset are in zip64 fields.
    var isWide = false

    /// A stored entry.
    init(_ name: String, _ data: [UInt8]) {
      self.name = name
      localName = name
      self.data = data
      checksum = data.withUnsafeBytes { Inflate.crc($0) }
      (size, packedSize, localSize) = (data.count, data.count, data.count)
    }

    /// Gives another size wherever one is given.
    mutating func resize(_ size: Int) {
      (self.size, localSize, packedSize) = (size, size, size)
    }

    /// A deflated entry.
    init(_ name: String, deflating content: [UInt8]) {
      self.init(name, content)
      data = deflated(content)
      method = 8
      packedSize = data.count
    }
  }

  var entries: [Entry]
  /// What the end record says, where it is not the truth.
  var count: Int?
  var directorySize: Int?
  var directoryShift = 0
  var comment: [UInt8] = []
  var disk: UInt16 = 0
  /// Whether a zip64 record precedes the end record.
  var isWide = false

  init(_ entries: [Entry]) {
    self.entries = entries
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let header = file.count + entry.shift
      file += littleEndian(UInt32(0x0403_4B50)) + fields(entry, size: entry.localSize)
      let localWide = wide([entry.localSize, entry.packedSize], entry)
      file += littleEndian(UInt16(entry.localName.utf8.count))
      file += littleEndian(UInt16(localWide.count)) + Array(entry.localName.utf8) + localWide
      file += entry.data
      let wideFields = wide([entry.size, entry.packedSize, header], entry)
      directory += littleEndian(UInt32(0x0201_4B50)) + littleEndian(UInt16(45))
      directory += fields(entry, size: entry.size)
      directory += littleEndian(UInt16(entry.name.utf8.count))
      directory += littleEndian(UInt16(wideFields.count)) + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      directory += littleEndian(entry.isWide ? UInt32.max : UInt32(truncatingIfNeeded: header))
      directory += Array(entry.name.utf8) + wideFields
    }
    let start = file.count + directoryShift
    file += directory
    let count = count ?? entries.count
    let size = directorySize ?? directory.count
    if isWide {
      let record = file.count
      file += littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44)) + [45, 0, 45, 0]
      file += littleEndian(UInt32(0)) + littleEndian(UInt32(0))
      file += littleEndian(count) + littleEndian(count) + littleEndian(size) + littleEndian(start)
      file += littleEndian(UInt32(0x0706_4B50)) + littleEndian(UInt32(0)) + littleEndian(record)
      file += littleEndian(UInt32(1))
    }
    file += littleEndian(UInt32(0x0605_4B50)) + littleEndian(disk) + littleEndian(disk)
    let shortCount = isWide ? 0xFFFF : UInt16(truncatingIfNeeded: count)
    file += littleEndian(shortCount) + littleEndian(shortCount)
    file += littleEndian(isWide ? UInt32.max : UInt32(truncatingIfNeeded: size))
    file += littleEndian(isWide ? UInt32.max : UInt32(truncatingIfNeeded: start))
    return file + littleEndian(UInt16(comment.count)) + comment
  }

  private func fields(_ entry: Entry, size: Int) -> [UInt8] {
    let sizes = [entry.packedSize, size].map {
      entry.isWide ? UInt32.max : UInt32(truncatingIfNeeded: $0)
    }
    return [45, 0] + littleEndian(entry.flags) + littleEndian(entry.method) + [0, 0, 0, 0]
      + littleEndian(entry.checksum) + sizes.flatMap { littleEndian($0) }
  }

  private func wide(_ values: [Int], _ entry: Entry) -> [UInt8] {
    guard entry.isWide else { return [] }
    // A field of another kind first, to be passed over.
    return [0x99, 0x99, 2, 0, 7, 7, 1, 0] + littleEndian(UInt16(8 * values.count))
      + values.flatMap { littleEndian($0) }
  }
}

/// Deflated data without a wrapper, from zlib.
func deflated(_ content: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var content = content
  var output = [UInt8](repeating: 0, count: content.count + 1000)
  let count = content.withUnsafeMutableBufferPointer { content in
    output.withUnsafeMutableBufferPointer { output in
      (stream.next_in, stream.avail_in) = (content.baseAddress, UInt32(content.count))
      (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(output.count))
      deflate(&stream, Z_FINISH)
      return output.count - Int(stream.avail_out)
    }
  }
  return Array(output[..<count])
}
