/// A zip archive, opened: its entries, and what is in them.
///
/// The whole directory, and every entry's own header, is checked when an archive is opened: whatever
/// contradicts another part or the file's length is `corrupt`. Entries are stored or deflated.
struct ZipArchive: Sendable {
  /// What the archive says of an entry.
  struct Entry: Sendable, Hashable {
    /// Its path in the archive, unique, with `/` between the parts.
    let name: String
    /// How it is packed: 0 is not at all, 8 is deflated.
    let method: UInt16
    /// Whether it is encrypted.
    let isEncrypted: Bool
    /// Where its bytes, as packed, lie in the file.
    let range: Range<Int>
    /// Bytes when unpacked.
    let size: Int
    /// The CRC-32 of what is unpacked.
    let checksum: UInt32
  }

  /// Every entry, in the order of the directory.
  let entries: [Entry]

  private let storage: ByteStorage
  private let indexByName: [String: Int]

  /// Opens the archive that fills `storage`.
  ///
  /// Throws `corrupt` where it contradicts itself or ends early, `unsupported` where it is spread
  /// over several files.
  init(_ storage: ByteStorage) throws {
    let entries = try ZipDirectory.read(storage.bytes)
    var indexByName: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      guard indexByName.updateValue(index, forKey: entry.name) == nil else {
        throw FCNError(.corrupt, "zip archive: the entry \(quoted(entry.name)) is there twice")
      }
    }
    self.storage = storage
    self.entries = entries
    self.indexByName = indexByName
  }

  /// The entry called `name`, if there is one.
  func entry(named name: String) -> Entry? {
    indexByName[name].map { entries[$0] }
  }

  /// What is in `entry`: a part of the file where it is stored, memory off `budget` where it is
  /// deflated.
  ///
  /// Stored bytes are not held against their checksum, which would read every page of the file to
  /// find what a disk or a transfer did to it; whoever wants to know asks `unzip -t`. Throws
  /// `unsupported` where the entry is encrypted or packed in another way, `corrupt` where what is
  /// unpacked is not what the directory says.
  func contents(of entry: Entry, budget: CopyBudget) throws -> StoredBytes {
    try naming("entry \(quoted(entry.name))") {
      guard !entry.isEncrypted else {
        throw FCNError(.unsupported, "it is encrypted; save it without a password")
      }
      switch entry.method {
      case 0: return StoredBytes(storage, entry.range)
      case 8: return StoredBytes(try inflated(entry, budget: budget))
      default:
        throw FCNError(
          .unsupported,
          "it is packed by zip's method \(entry.method); wanted 0 (stored) or 8 (deflated)")
      }
    }
  }

  private func inflated(_ entry: Entry, budget: CopyBudget) throws -> ByteStorage {
    guard entry.size / Inflate.greatestRatio <= entry.range.count + Inflate.ratioSlack else {
      throw FCNError(
        .corrupt,
        "its size is given as \(entry.size) bytes, which \(entry.range.count) deflated ones "
          + "cannot hold")
    }
    try budget.spend(entry.size)
    let packed = UnsafeRawBufferPointer(rebasing: storage.bytes[entry.range])
    return try ByteStorage(count: entry.size) {
      try Inflate.inflate(packed, to: $0, checksum: entry.checksum)
    }
  }
}
