/// What keeps memory alive that others borrow.
protocol MemoryOwner {
  /// Lets the system have the memory of `part`, if it can come back from a file.
  func forgetPages(of part: UnsafeRawBufferPointer)
}

/// A block of float32 memory on a 64-byte boundary (a cache line, and the widest vector), freed with
/// its last reference. Its contents are whatever was there; who allocates it fills it.
///
/// Not synchronised: who shares it between threads divides it into parts that do not overlap.
final class AlignedMemory: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// What keeps borrowed memory alive; nil where the memory is our own.
  private let owner: (any MemoryOwner)?
  private let allocator: Allocator?

  /// Allocates `count` floats; throws `outOfMemory` where `allocator` gives none.
  init(count: Int, from allocator: Allocator = .system) throws {
    guard let bytes = checkedProduct(max(count, 1), MemoryLayout<Float>.stride) else {
      throw FCNError(.outOfMemory, "\(count) float32 values cannot be addressed")
    }
    guard let raw = allocator.allocate(bytes, 64) else {
      throw FCNError(
        .outOfMemory, "there is no memory for \(bytes) bytes; use smaller pictures or batches")
    }
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
    self.allocator = allocator
    owner = nil
  }

  /// Room for `byteCount` bytes, on the same boundary.
  convenience init(byteCount: Int) throws { try self.init(count: (byteCount + 3) / 4) }

  /// Its beginning, for what is no floats.
  var bytes: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// Floats that `owner` keeps alive and nobody writes to; their boundary is what it is.
  init(borrowing floats: UnsafePointer<Float>, count: Int, owner: any MemoryOwner) {
    pointer = UnsafeMutablePointer(mutating: floats)
    self.count = count
    self.owner = owner
    allocator = nil
  }

  /// Of no floats, which nobody reads or writes.
  static let empty = AlignedMemory(
    borrowing: UnsafePointer(UnsafeMutablePointer<Float>.allocate(capacity: 1)), count: 0,
    owner: Nobody())

  private struct Nobody: MemoryOwner {
    func forgetPages(of part: UnsafeRawBufferPointer) {}
  }

  /// Says that the floats `part` will not be read for long: borrowed pages of a file go back to the
  /// system.
  func forget(_ part: Range<Int>) {
    owner?.forgetPages(
      of: UnsafeRawBufferPointer(
        UnsafeBufferPointer(start: pointer + part.lowerBound, count: part.count)))
  }

  /// Has the system bring all of the memory in, a part at a time, by the threads of `pool`. It does so when
  /// a page is first written to, and pages may be of 2 MiB: a task that writes here and there would wait for
  /// very many. Contents stay void.
  func bringIn(_ pool: WorkerPool) {
    let (pointer, count) = (pointer, count)
    let (page, size) = (1024, 1 << 20)
    guard count > size else { return }
    pool.run((count + size - 1) / size) { task, _ in
      let range = part(task, of: count, size: size)
      for float in stride(from: range.lowerBound, to: range.upperBound, by: page) {
        pointer[float] = 0
      }
    }
  }

  deinit { allocator?.release(pointer, max(count, 1) * MemoryLayout<Float>.stride) }
}
