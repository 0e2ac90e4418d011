/// The directory of a zip archive, read and held against the entries it lists.
///
/// The layout, from the end: a record that says where the directory is, with, for large archives,
/// a zip64 record of wider fields before it; the directory; the entries, each after a header that
/// repeats what the directory says of it.
enum ZipDirectory {
  /// The most entries that are read.
  static let largestCount = 1 << 20

  /// Bytes of the record at the end without its comment.
  private static let endSize = 22
  /// Bytes of what says where a zip64 record is.
  private static let locatorSize = 20

  /// Where the directory lies and how many entries it lists.
  private struct Place {
    let range: Range<Int>
    let count: Int
  }

  /// What the directory says of an entry, and where its own header is.
  private struct Listing {
    let entry: ZipEntryFields
    let name: UnsafeRawBufferPointer
    let header: Int
  }

  /// The entries of the archive that fills `file`, in the order of the directory.
  static func read(_ file: UnsafeRawBufferPointer) throws -> [ZipArchive.Entry] {
    let place = try find(in: file)
    var cursor = ByteCursor(
      UnsafeRawBufferPointer(rebasing: file[..<place.range.upperBound]), of: "zip directory")
    try cursor.move(to: place.range.lowerBound)
    var entries: [ZipArchive.Entry] = []
    var spans: [Range<Int>] = []
    for _ in 0..<place.count {
      let listing = try readListing(&cursor)
      let name = try text(listing.name)
      let range = try naming("zip entry \(quoted(name))") {
        try data(of: listing, in: file, before: place.range.lowerBound)
      }
      spans.append(listing.header..<range.upperBound)
      entries.append(
        ZipArchive.Entry(
          name: name, method: listing.entry.method, isEncrypted: listing.entry.isEncrypted,
          range: range, size: listing.entry.size, checksum: listing.entry.checksum))
    }
    guard cursor.remaining == 0 else {
      throw FCNError(
        .corrupt,
        "zip directory: \(cursor.remaining) bytes follow its \(place.count) entries; wanted none")
    }
    try checkDisjoint(spans, entries)
    return entries
  }

  // MARK: Finding it

  private static func find(in file: UnsafeRawBufferPointer) throws -> Place {
    let end = try endRecord(of: file)
    var cursor = ByteCursor(file, of: "zip archive's end")
    try cursor.move(to: end + 4)
    let disks = (try cursor.integer(UInt16.self), try cursor.integer(UInt16.self))
    let onThisDisk = try cursor.count(UInt16.self)
    var count = try cursor.count(UInt16.self)
    var size = try cursor.count(UInt32.self)
    var start = try cursor.count(UInt32.self)
    var limit = end
    var isSplit = disks != (0, 0) && disks != (0xFFFF, 0xFFFF) || onThisDisk != count
    if let wide = try zip64Record(of: file, before: end) {
      try cursor.move(to: wide)
      try cursor.expect(0x0606_4B50, "zip64 record")
      _ = try cursor.take(8 + 2 + 2)
      let disks = (try cursor.integer(UInt32.self), try cursor.integer(UInt32.self))
      let onThisDisk = try cursor.count(UInt64.self)
      count = try cursor.count(UInt64.self)
      size = try cursor.count(UInt64.self)
      start = try cursor.count(UInt64.self)
      isSplit = disks != (0, 0) || onThisDisk != count
      limit = wide
    }
    guard !isSplit else {
      throw FCNError(.unsupported, "the zip archive is one part of several; join them")
    }
    guard count <= largestCount else {
      throw FCNError(
        .unsupported, "zip directory: it lists \(count) entries; at most \(largestCount) are read")
    }
    guard start <= limit, size <= limit - start else {
      throw FCNError(
        .corrupt,
        "zip directory: \(size) bytes from byte \(start) go beyond byte \(limit), where they must "
          + "end; the file has been cut off or lies")
    }
    // An entry takes 46 bytes at the least.
    guard count <= size / 46 else {
      throw FCNError(.corrupt, "zip directory: \(count) entries cannot stand in \(size) bytes")
    }
    return Place(range: start..<(start + size), count: count)
  }

  /// The offset of the last record: what ends the file but for a comment of the length it gives.
  private static func endRecord(of file: UnsafeRawBufferPointer) throws -> Int {
    let earliest = max(0, file.count - endSize - 0xFFFF)
    var offset = file.count - endSize
    while offset >= earliest {
      let comment = file.loadUnaligned(fromByteOffset: offset + 20, as: UInt16.self).littleEndian
      if file.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian == 0x0605_4B50,
        offset + endSize + Int(comment) == file.count
      {
        return offset
      }
      offset -= 1
    }
    throw FCNError(.corrupt, "the zip archive has no directory at its end; it has been cut off")
  }

  /// The offset that a locator right before `end` gives, if there is one.
  private static func zip64Record(of file: UnsafeRawBufferPointer, before end: Int) throws -> Int? {
    guard end >= locatorSize else { return nil }
    var cursor = ByteCursor(file, of: "zip64 locator")
    try cursor.move(to: end - locatorSize)
    guard try cursor.integer(UInt32.self) == 0x0706_4B50 else { return nil }
    let disk = try cursor.integer(UInt32.self)
    let offset = try cursor.count(UInt64.self)
    let disks = try cursor.integer(UInt32.self)
    guard disk == 0, disks <= 1 else {
      throw FCNError(.unsupported, "the zip archive is one part of several; join them")
    }
    guard offset <= end - locatorSize else {
      throw FCNError(
        .corrupt, "zip64 locator: it points to byte \(offset), which is not before it")
    }
    return offset
  }

  // MARK: Entries

  private static func readListing(_ cursor: inout ByteCursor) throws -> Listing {
    try cursor.expect(0x0201_4B50, "entry")
    _ = try cursor.take(2)
    var entry = try ZipEntryFields(reading: &cursor)
    let nameLength = try cursor.count(UInt16.self)
    let extraLength = try cursor.count(UInt16.self)
    let commentLength = try cursor.count(UInt16.self)
    let disk = try cursor.integer(UInt16.self)
    _ = try cursor.take(2 + 4)
    var header = try cursor.count(UInt32.self)
    let name = try cursor.take(nameLength)
    let extra = try cursor.take(extraLength)
    _ = try cursor.take(commentLength)
    guard disk == 0 || disk == 0xFFFF else {
      throw FCNError(.unsupported, "the zip archive is one part of several; join them")
    }
    try entry.widen(by: extra, header: &header)
    return Listing(entry: entry, name: name, header: header)
  }

  /// Where the bytes of an entry lie, by its own header, which must say the same as the directory.
  private static func data(
    of listing: Listing, in file: UnsafeRawBufferPointer, before limit: Int
  ) throws -> Range<Int> {
    var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: file[..<limit]), of: "its header")
    try cursor.move(to: listing.header)
    try cursor.expect(0x0403_4B50, "entry's header")
    var local = try ZipEntryFields(reading: &cursor)
    let nameLength = try cursor.count(UInt16.self)
    let extraLength = try cursor.count(UInt16.self)
    let name = try cursor.take(nameLength)
    let extra = try cursor.take(extraLength)
    guard name.elementsEqual(listing.name) else {
      throw FCNError(.corrupt, "its own header has another name than the directory")
    }
    let entry = listing.entry
    guard local.method == entry.method, local.isEncrypted == entry.isEncrypted else {
      throw FCNError(.corrupt, "its own header has another way of packing than the directory")
    }
    // What is written as it comes has its sizes after it, and none of use before.
    if !local.hasSizesAfter {
      var header = 0
      try local.widen(by: extra, header: &header)
      guard local.size == entry.size, local.packedSize == entry.packedSize else {
        throw FCNError(
          .corrupt,
          "its own header gives \(local.packedSize) bytes, \(local.size) unpacked; the directory "
            + "\(entry.packedSize) and \(entry.size)")
      }
    }
    guard entry.method != 0 || entry.size == entry.packedSize else {
      throw FCNError(
        .corrupt, "it is stored, and has \(entry.packedSize) bytes for a size of \(entry.size)")
    }
    let start = cursor.position
    _ = try cursor.take(entry.packedSize)
    return start..<cursor.position
  }

  private static func text(_ name: UnsafeRawBufferPointer) throws -> String {
    guard let text = String(validating: name, as: UTF8.self) else {
      throw FCNError(
        .unsupported,
        "zip directory: the name \(quoted(String(decoding: name, as: UTF8.self))) is not UTF-8")
    }
    return text
  }

  private static func checkDisjoint(
    _ spans: [Range<Int>], _ entries: [ZipArchive.Entry]
  ) throws {
    var end = 0
    for index in spans.indices.sorted(by: { spans[$0].lowerBound < spans[$1].lowerBound }) {
      guard spans[index].lowerBound >= end else {
        throw FCNError(
          .corrupt, "zip entry \(quoted(entries[index].name)): it overlaps the entry before it")
      }
      end = spans[index].upperBound
    }
  }
}

extension ByteCursor {
  /// Passes over four bytes that must be `signature`.
  fileprivate mutating func expect(_ signature: UInt32, _ what: String) throws {
    let start = position
    guard try integer(UInt32.self) == signature else {
      throw FCNError(
        .corrupt, "the zip archive has no \(what) at byte \(start), where there must be one")
    }
  }
}
