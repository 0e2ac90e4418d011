import Synchronization

/// What OpenBLAS takes for every thread that multiplies at a time, once in a process. Where it does not
/// get it, it asks again for ever.
private let bytesOfMatrixLibrary = 129 << 20

private let threadsWithMatrixMemory = Mutex(0)

/// Throws `outOfMemory` unless `threads` threads at a time can multiply matrices with OpenBLAS; to be
/// asked just before they do.
func requireMatrixMemory(threads: Int) throws {
  try threadsWithMatrixMemory.withLock { served in
    guard threads > served else { return }
    try requireMemory((threads - served) * bytesOfMatrixLibrary)
    served = threads
  }
}
