import Glibc

/// Throws `outOfMemory` unless the system would give `byteCount` bytes in one piece just now.
///
/// Where memory runs out Swift's arrays end the process, which a library must not do to its host. So
/// what a file or caller can make large is asked for here before an array of that size is made.
func requireMemory(_ byteCount: Int) throws {
  // Smaller blocks are not worth the question: who has no room for them has none for anything.
  guard byteCount >= 1 << 20 else { return }
  // Not malloc and free: the optimiser knows them, and takes away a pair that does nothing.
  let block = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let block, block != MAP_FAILED else {
    throw FCNError(
      .outOfMemory, "there is no memory for \(byteCount) bytes; use smaller pictures or files")
  }
  munmap(block, byteCount)
}
