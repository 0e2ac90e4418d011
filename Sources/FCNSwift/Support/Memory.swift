import Glibc

/// Room for the small objects of a call, which nobody asks for one by one: where there is less, large
/// blocks are refused too.
private let roomForSmallObjects = 8 << 20

/// Throws `outOfMemory` unless the system would give `byteCount` bytes in one piece just now, and leave
/// room for small objects.
///
/// Where memory runs out Swift's arrays end the process, which a library must not do to its host. So
/// what a file or caller can make large is asked for here before an array of that size is made, and
/// every call of a host asks for no bytes before it begins.
package func requireMemory(_ byteCount: Int) throws {
  guard systemHasMemory(byteCount) else {
    throw FCNError(
      .outOfMemory,
      byteCount > 0
        ? "there is no memory for \(byteCount) bytes; use smaller pictures or files"
        : "there are less than \(roomForSmallObjects) bytes of memory left to work in")
  }
}

/// Whether the system would give `byteCount` bytes just now, and leave room for small objects.
func systemHasMemory(_ byteCount: Int) -> Bool {
  let (size, overflow) = byteCount.addingReportingOverflow(roomForSmallObjects)
  guard byteCount >= 0, !overflow else { return false }
  // Not malloc and free: the optimiser knows them, and takes away a pair that does nothing.
  let block = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let block, block != MAP_FAILED else { return false }
  munmap(block, size)
  return true
}

/// Asks now and then, as something grows of which nobody can say beforehand how large it will be:
/// where `count` of its elements is a multiple of some thousands, for as much as they may have taken,
/// up to `bytesEach` each.
func requireMemoryToGrow(_ count: Int, bytesEach: Int) throws {
  if count % 4096 == 0 { try requireMemory(count * bytesEach) }
}
