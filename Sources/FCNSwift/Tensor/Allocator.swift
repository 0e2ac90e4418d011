import Glibc

/// Where large blocks of memory come from; hosts with rules of their own about memory make one.
///
/// Both functions may be called from any thread, several at a time.
public struct Allocator: Sendable {
  /// Gives `byteCount` bytes, at least 1, at a multiple of `alignment`; nil where there are none.
  public var allocate: @Sendable (_ byteCount: Int, _ alignment: Int) -> UnsafeMutableRawPointer?
  /// Takes back a block of `byteCount` bytes that `allocate` gave.
  public var release: @Sendable (_ block: UnsafeMutableRawPointer, _ byteCount: Int) -> Void

  /// Makes an allocator of its two functions.
  public init(
    allocate: @escaping @Sendable (_ byteCount: Int, _ alignment: Int) -> UnsafeMutableRawPointer?,
    release: @escaping @Sendable (_ block: UnsafeMutableRawPointer, _ byteCount: Int) -> Void
  ) {
    self.allocate = allocate
    self.release = release
  }

  /// The C library's; large blocks in 2 MB pages where the system has them, since a network walks
  /// through more 4 KB pages than a processor remembers the places of.
  public static let system = Allocator(
    allocate: { byteCount, alignment in
      // What is left must do for the small objects that come after.
      guard byteCount < 1 << 16 || systemHasMemory(byteCount) else { return nil }
      let isLarge = byteCount >= 2 * hugePage
      var block: UnsafeMutableRawPointer?
      guard posix_memalign(&block, isLarge ? hugePage : alignment, byteCount) == 0 else {
        return nil
      }
      if isLarge { madvise(block, byteCount, MADV_HUGEPAGE) }
      return block
    },
    release: { block, _ in free(block) })

  private static let hugePage = 2 << 20
}
