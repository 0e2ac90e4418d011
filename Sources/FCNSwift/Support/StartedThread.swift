import Glibc

/// Threads of the library's own.
enum StartedThread {
  /// What a thread's stack has, whatever the process's limit on stacks says: a multiple of what the deepest
  /// call takes, OpenBLAS's among them.
  static let stackByteCount = 2 << 20

  /// Starts a thread that calls `body` with `context`; returns it, or the number of an error.
  static func start(
    _ context: UnsafeMutableRawPointer,
    _ body: @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  ) -> (thread: pthread_t, status: Int32) {
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return (thread, ENOMEM) }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackByteCount)
    let status = pthread_create(&thread, &attributes, body, context)
    return (thread, status)
  }
}
