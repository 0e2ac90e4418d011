import Glibc

/// Prepares the minibatches of an epoch on a thread of its own, two ahead of whoever takes them.
final class MinibatchLoader: @unchecked Sendable {
  private static let ahead = 2
  private let source: MinibatchSource
  private let epoch: Int
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var thread = pthread_t()
  // Guarded by `lock`.
  private var ready: [Result<Minibatch, any Error>] = []
  private var cancelled = false

  /// Starts to prepare `epoch`, counted from 0.
  init(_ source: MinibatchSource, epoch: Int) throws {
    self.source = source
    self.epoch = epoch
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
    let context = Unmanaged.passRetained(self)
    let (thread, status) = StartedThread.start(context.toOpaque()) { context in
      guard let context else { return nil }
      Unmanaged<MinibatchLoader>.fromOpaque(context).takeRetainedValue().prepare()
      return nil
    }
    self.thread = thread
    guard status == 0 else {
      context.release()
      throw FCNError(
        .outOfMemory, "no thread could be started to prepare minibatches (error \(status))")
    }
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(changed)
    lock.deallocate()
    changed.deallocate()
  }

  /// The next minibatch, in order; waits for it. Call as often as the source has minibatches.
  func next() throws -> Minibatch {
    pthread_mutex_lock(lock)
    while ready.isEmpty { pthread_cond_wait(changed, lock) }
    let result = ready.removeFirst()
    pthread_cond_signal(changed)
    pthread_mutex_unlock(lock)
    return try result.get()
  }

  /// Stops the thread, whatever is left to prepare, and waits for its end. Must be called once.
  func finish() {
    pthread_mutex_lock(lock)
    cancelled = true
    pthread_cond_signal(changed)
    pthread_mutex_unlock(lock)
    pthread_join(thread, nil)
  }

  private func prepare() {
    let order = source.order(epoch)
    for index in 0..<source.count {
      let result = Result { try source.minibatch(index, epoch, order) }
      pthread_mutex_lock(lock)
      while ready.count >= Self.ahead && !cancelled { pthread_cond_wait(changed, lock) }
      let stop = cancelled
      ready.append(result)
      pthread_cond_signal(changed)
      pthread_mutex_unlock(lock)
      if stop { return }
      if case .failure = result { return }
    }
  }
}
