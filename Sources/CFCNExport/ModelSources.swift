import CFCN
import FCNSwift
import Glibc

/// The host's memory while a model reads from it: gives it back with the last reference.
final class Loan {
  private let release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  private let userData: UnsafeMutableRawPointer?
  /// Whether the model was opened; until then the memory stays with the host.
  var isTaken = false

  init(
    release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
    userData: UnsafeMutableRawPointer?
  ) {
    self.release = release
    self.userData = userData
  }

  deinit {
    if isTaken { release?(userData) }
  }
}

/// A file that a host's reader supplies, in memory.
final class FileFromReader {
  private var memory: UnsafeMutableRawPointer?
  private var count = 0

  /// Reads until the reader says that nothing follows.
  init(_ read: fcn_read_callback, _ userData: UnsafeMutableRawPointer?) throws {
    var capacity = 0
    var size: Int?
    while true {
      if count == capacity {
        let (more, overflow) = max(capacity, 1 << 18).multipliedReportingOverflow(by: 2)
        guard !overflow, let grown = realloc(memory, more) else {
          throw FCNError(
            .outOfMemory, "there is no memory for more than \(count) bytes of the model file")
        }
        (memory, capacity) = (grown, more)
      }
      var taken = 0
      guard read(memory.map { $0 + count }, capacity - count, &taken, userData) == 0 else {
        throw FCNError(.aborted, "the reader gave up after \(count) bytes")
      }
      guard (0...(capacity - count)).contains(taken) else {
        throw FCNError(
          .invalidArgument,
          "the reader says it wrote \(UInt(bitPattern: taken)) bytes where there was room for "
            + "\(capacity - count)")
      }
      if taken == 0 { break }
      count += taken
      if size == nil { size = Safetensors.byteCount(startingWith: bytes) }
      // What cannot be a model file is refused by its beginning, when that is opened.
      if size == 0 { break }
      if let size, count > size {
        throw FCNError(
          .corrupt, "the reader goes on after the \(size) bytes that the file's header tells of")
      }
    }
  }

  deinit { free(memory) }

  /// What was read; stays as long as this object.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }
}
