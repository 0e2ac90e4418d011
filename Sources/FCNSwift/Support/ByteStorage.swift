import Glibc

/// Bytes that do not move or change while this object lives: a mapped file, a copy, or memory that
/// belongs to somebody else.
///
/// A mapped file is read page by page as it is needed, and its pages are shared with every process
/// that maps it. Replacing the file (write beside, rename) leaves what is mapped as it was; a
/// program that truncates the file in place while it is mapped takes the pages away, and the next
/// read of them ends the process with SIGBUS. Copy the file's bytes where that must be survived.
final class ByteStorage: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  private let release: () -> Void
  /// Whether the bytes are a file's, which the system can read again.
  private let isMapped: Bool

  private init(
    _ bytes: UnsafeRawBufferPointer, isMapped: Bool = false, release: @escaping () -> Void
  ) {
    self.bytes = bytes
    self.isMapped = isMapped
    self.release = release
  }

  deinit { release() }

  /// Maps the file at `path` for reading; throws unless it is a regular file that is not empty.
  convenience init(mapping path: String) throws {
    // A pipe that nobody writes to would keep the call waiting, only to be refused.
    let descriptor = try File.openForReading(path, O_NONBLOCK)
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      throw FCNError(.inputOutput, "\(path): cannot be read: \(File.systemReason())")
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw FCNError(
        .unsupported, "\(path): is a folder, a pipe or a device; a regular file is wanted")
    }
    guard information.st_size > 0 else { throw FCNError(.corrupt, "\(path): the file is empty") }
    let count = Int(information.st_size)
    guard
      let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
    else {
      throw FCNError(
        errno == ENOMEM ? .outOfMemory : .inputOutput,
        "\(path): cannot be mapped: \(File.systemReason())")
    }
    // Asked for afterwards: a file that is mapped takes address space, but no memory.
    guard systemHasMemory(0) else {
      munmap(base, count)
      throw FCNError(.outOfMemory, "\(path): there is no memory for its \(count) bytes")
    }
    self.init(UnsafeRawBufferPointer(start: base, count: count), isMapped: true) {
      munmap(base, count)
    }
  }

  /// Gives the memory of the whole pages within `part`, which lies in `bytes`, back to the system; it
  /// reads them again from the file when they are wanted. Does nothing for memory that is no file's.
  func forgetPages(of part: UnsafeRawBufferPointer) {
    guard isMapped, let base = part.baseAddress else { return }
    let page = sysconf(Int32(_SC_PAGESIZE))
    let start = roundUp(Int(bitPattern: base), toMultipleOf: page)
    let end = (Int(bitPattern: base) + part.count) / page * page
    guard end > start else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, MADV_DONTNEED)
  }

  /// Memory for `count` bytes on a 64-byte boundary, filled by `fill`.
  convenience init(
    count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    var base: UnsafeMutableRawPointer?
    guard count < 1 << 16 || systemHasMemory(count),
      posix_memalign(&base, 64, max(count, 1)) == 0, let base
    else {
      throw FCNError(.outOfMemory, "the system gave no memory for \(count) bytes of weights")
    }
    do {
      try fill(UnsafeMutableRawBufferPointer(start: base, count: count))
    } catch {
      free(base)
      throw error
    }
    self.init(UnsafeRawBufferPointer(start: base, count: count)) { free(base) }
  }

  /// A copy of `bytes`, on a 64-byte boundary.
  convenience init(copying bytes: UnsafeRawBufferPointer) throws {
    try self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
  }

  /// Somebody else's memory; `owner`, if any, is kept alive as long as this object.
  convenience init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject?) {
    self.init(bytes) { withExtendedLifetime(owner) {} }
  }
}
