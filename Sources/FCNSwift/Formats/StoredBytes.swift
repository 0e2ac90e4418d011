/// A run of bytes in a file or in memory that something was unpacked to, kept alive.
struct StoredBytes: Sendable {
  /// What holds the bytes.
  let storage: ByteStorage
  /// Where in it they lie.
  let range: Range<Int>

  /// The bytes of `range`, which the caller has checked.
  init(_ storage: ByteStorage, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= storage.bytes.count)
    self.storage = storage
    self.range = range
  }

  /// All bytes of `storage`.
  init(_ storage: ByteStorage) {
    self.init(storage, 0..<storage.bytes.count)
  }

  /// How many.
  var count: Int { range.count }

  /// The bytes themselves; valid while this value or a copy of it lives.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage.bytes[range]) }

  /// Calls `body` with the bytes; the pointer must not leave it.
  func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) { try body(bytes) }
  }
}
