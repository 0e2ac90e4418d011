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

  /// The C library's.
  public static let system = Allocator(
    allocate: { byteCount, alignment in
      var block: UnsafeMutableRawPointer?
      return posix_memalign(&block, alignment, byteCount) == 0 ? block : nil
    },
    release: { block, _ in free(block) })
}
