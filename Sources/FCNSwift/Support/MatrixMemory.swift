import Synchronization

/// The memory that OpenBLAS takes for every thread that multiplies at a time, once in a process. Where it
/// does not get it, it asks again for ever: so there is a share for each pool of threads that multiplies,
/// and a share is not to be had where the memory is not.
final class MatrixMemory: Sendable {
  private static let bytesPerThread = 129 << 20
  /// Threads that have shares now, and the most that ever had: OpenBLAS keeps what it has taken.
  private static let threads = Mutex((now: 0, most: 0))

  private let count: Int

  /// A share for `threads` threads. Throws `outOfMemory` where there is no room for it.
  init(threads: Int) throws {
    try MatrixMemory.threads.withLock {
      let wanted = $0.now + threads
      if wanted > $0.most {
        try requireMemory((wanted - $0.most) * MatrixMemory.bytesPerThread)
        $0.most = wanted
      }
      $0.now = wanted
    }
    count = threads
  }

  deinit { MatrixMemory.threads.withLock { $0.now -= count } }
}
