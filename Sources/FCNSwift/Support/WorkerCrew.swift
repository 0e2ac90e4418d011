import CIntrinsics
import CSystem
import Glibc
import Synchronization

/// The threads of a `WorkerPool`.
///
/// A job is opened by giving `ticket` a new number and the job's count of tasks; who takes tasks
/// lowers the ticket by as many, which fails where another has changed it. Who has taken a task may read
/// the job's fields, for they change only after all its tasks are done. Of many tasks some are taken
/// together, fewer and fewer towards the end: small ones would take less time than the ticket.
final class WorkerCrew: Sendable {
  /// The job's number in the upper half, the tasks that nobody has taken in the lower.
  private let ticket = Atomic<UInt64>(0)
  private let taskCount = Atomic<Int>(0)
  private let done = Atomic<Int>(0)
  /// Threads, the caller's included, that sleep until they are woken.
  private let asleep = Atomic<Int>(0)
  private let dismissed = Atomic<Bool>(false)
  private nonisolated(unsafe) let body: UnsafeMutablePointer<(Int, Int) -> Void>
  private nonisolated(unsafe) let lock: UnsafeMutablePointer<pthread_mutex_t>
  private nonisolated(unsafe) let changed: UnsafeMutablePointer<pthread_cond_t>
  private let threads = Mutex<[pthread_t]>([])
  /// What is left of a job is divided by this for what is taken at a time.
  private let divisor: UInt64

  /// How many times a waiting thread looks before it sleeps: some tens of microseconds, longer than
  /// what lies between the steps of a network, shorter than what a host would notice.
  private static let looksBeforeSleep = 2000

  /// Starts `size` threads; fewer than asked for are slower, not wrong.
  init(size: Int) {
    divisor = 8 * UInt64(size + 1)
    body = .allocate(capacity: 1)
    body.initialize(to: { _, _ in })
    lock = .allocate(capacity: 1)
    changed = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
    for worker in 1...size {
      // A stack, and room for what follows.
      guard systemHasMemory(16 << 20) else { break }
      let seat = Unmanaged.passRetained(Seat(crew: self, worker: worker))
      let (thread, status) = StartedThread.start(seat.toOpaque()) { context in
        guard let context else { return nil }
        let seat = Unmanaged<Seat>.fromOpaque(context).takeRetainedValue()
        seat.crew.serve(as: seat.worker)
        return nil
      }
      if status == 0 { threads.withLock { $0.append(thread) } } else { seat.release() }
    }
  }

  /// Does all tasks; called by one thread at a time, which calls `meanwhile` now and then where it has to
  /// wait for the others.
  func perform(
    _ count: Int, meanwhile: (() -> Void)? = nil, _ body: @escaping (Int, Int) -> Void
  ) {
    self.body.pointee = body
    done.store(0, ordering: .relaxed)
    taskCount.store(count, ordering: .relaxed)
    let number = (ticket.load(ordering: .relaxed) >> 32) &+ 1
    ticket.store(number << 32 | UInt64(count), ordering: .sequentiallyConsistent)
    wakeSleepers()
    work(on: number, as: 0)
    wait(meanwhile) { self.done.load(ordering: .sequentiallyConsistent) == count }
    self.body.pointee = { _, _ in }
  }

  /// Ends the threads.
  func dismiss() {
    dismissed.store(true, ordering: .sequentiallyConsistent)
    wakeSleepers()
    for thread in threads.withLock({ $0 }) { pthread_join(thread, nil) }
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(changed)
    lock.deallocate()
    changed.deallocate()
    body.deinitialize(count: 1)
    body.deallocate()
  }

  private func serve(as worker: Int) {
    _ = fcn_begin_arithmetic()
    var last: UInt64 = 0
    while true {
      wait {
        self.ticket.load(ordering: .sequentiallyConsistent) >> 32 != last
          || self.dismissed.load(ordering: .sequentiallyConsistent)
      }
      if dismissed.load(ordering: .relaxed) { return }
      last = ticket.load(ordering: .acquiring) >> 32
      work(on: last, as: worker)
    }
  }

  /// Takes tasks of job `number` until none is left.
  private func work(on number: UInt64, as worker: Int) {
    var seen = ticket.load(ordering: .acquiring)
    while seen >> 32 == number, seen & 0xffff_ffff > 0 {
      let left = seen & 0xffff_ffff
      let some = max(1, left / divisor)
      let (taken, current) = ticket.compareExchange(
        expected: seen, desired: seen - some, ordering: .acquiringAndReleasing)
      guard taken else {
        seen = current
        continue
      }
      let count = taskCount.load(ordering: .relaxed)
      let first = count - Int(left)
      for task in first..<first + Int(some) { body.pointee(task, worker) }
      let all = done.add(Int(some), ordering: .sequentiallyConsistent).newValue
      if all == count { wakeSleepers() }
      seen = ticket.load(ordering: .acquiring)
    }
  }

  /// Returns when `condition` holds, which someone who calls `wakeSleepers` afterwards makes true.
  private func wait(_ meanwhile: (() -> Void)? = nil, until condition: () -> Bool) {
    for _ in 0..<Self.looksBeforeSleep {
      if condition() { return }
      fcn_pause()
    }
    pthread_mutex_lock(lock)
    asleep.add(1, ordering: .sequentiallyConsistent)
    while !condition() {
      guard let meanwhile else {
        pthread_cond_wait(changed, lock)
        continue
      }
      var end = timespec()
      clock_gettime(CLOCK_REALTIME, &end)
      end.tv_nsec += 10_000_000
      (end.tv_sec, end.tv_nsec) = (
        end.tv_sec + end.tv_nsec / 1_000_000_000, end.tv_nsec % 1_000_000_000
      )
      guard pthread_cond_timedwait(changed, lock, &end) == ETIMEDOUT else { continue }
      pthread_mutex_unlock(lock)
      meanwhile()
      pthread_mutex_lock(lock)
    }
    asleep.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(lock)
  }

  private func wakeSleepers() {
    guard asleep.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(lock)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
  }

  private final class Seat {
    let crew: WorkerCrew
    let worker: Int
    init(crew: WorkerCrew, worker: Int) {
      self.crew = crew
      self.worker = worker
    }
  }
}
