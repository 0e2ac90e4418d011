import CSystem
import Glibc

/// A fixed number of threads that divide numbered tasks among themselves.
///
/// The thread that calls `run` works too, so a pool of one starts no thread. Threads start with the
/// first job, sleep between jobs, and end with the pool. In a forked child, where the parent's
/// threads do not exist, the pool starts new ones. One thread at a time may call `run`.
final class WorkerPool: @unchecked Sendable {
  /// Threads that work on a job, the caller's included.
  let threadCount: Int
  private var crew: Crew?
  private var crewProcess: pid_t = 0

  /// A pool of `threads` threads; 0 means one for every core that this process may use.
  init(threads: Int) throws {
    guard (0...1024).contains(threads) else {
      throw FCNError(.invalidArgument, "threads is \(threads); it must be 0 (all cores) to 1024")
    }
    threadCount = threads == 0 ? WorkerPool.availableCores : threads
  }

  deinit {
    // After a fork the crew's threads, and perhaps its locks, stayed in the parent.
    if crewProcess == getpid() { crew?.dismiss() }
  }

  /// Cores that the process's affinity mask leaves it.
  static var availableCores: Int { max(1, Int(fcn_available_cores())) }

  /// Calls `body(task, worker)` once for every task in `0..<taskCount`, in no particular order, and
  /// returns when all are done. `worker`, in `0..<threadCount`, is never in two calls at a time.
  func run(_ taskCount: Int, _ body: @escaping (_ task: Int, _ worker: Int) -> Void) {
    guard threadCount > 1, taskCount > 1 else {
      for task in 0..<taskCount { body(task, 0) }
      return
    }
    currentCrew().perform(Job(taskCount, body))
  }

  private func currentCrew() -> Crew {
    if let crew, crewProcess == getpid() { return crew }
    // The parent's crew is kept for ever: its locks may be held by threads that are not here.
    if let orphan = crew { _ = Unmanaged.passRetained(orphan) }
    let fresh = Crew(size: threadCount - 1)
    (crew, crewProcess) = (fresh, getpid())
    return fresh
  }
}

/// The tasks of one `run`, handed out in order.
private final class Job {
  let taskCount: Int
  let body: (Int, Int) -> Void
  var next = 0

  init(_ taskCount: Int, _ body: @escaping (Int, Int) -> Void) {
    self.taskCount = taskCount
    self.body = body
  }
}

/// The threads themselves. Everything that changes is guarded by `lock`.
private final class Crew {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let workArrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let workDone = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var job: Job?
  private var busy = 0
  private var dismissed = false
  private var threads: [pthread_t] = []

  init(size: Int) {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(workArrived, nil)
    pthread_cond_init(workDone, nil)
    for worker in 1...size {
      let seat = Unmanaged.passRetained(Seat(crew: self, worker: worker))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          let seat = Unmanaged<Seat>.fromOpaque(context).takeRetainedValue()
          seat.crew.serve(as: seat.worker)
          return nil
        }, seat.toOpaque())
      // Fewer threads than asked for are slower, not wrong.
      if status == 0 { threads.append(thread) } else { seat.release() }
    }
  }

  func perform(_ job: Job) {
    pthread_mutex_lock(lock)
    self.job = job
    pthread_cond_broadcast(workArrived)
    work(on: job, as: 0)
    self.job = nil
    while busy > 0 { pthread_cond_wait(workDone, lock) }
    pthread_mutex_unlock(lock)
  }

  func dismiss() {
    pthread_mutex_lock(lock)
    dismissed = true
    pthread_cond_broadcast(workArrived)
    pthread_mutex_unlock(lock)
    for thread in threads { pthread_join(thread, nil) }
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(workArrived)
    pthread_cond_destroy(workDone)
    lock.deallocate()
    workArrived.deallocate()
    workDone.deallocate()
  }

  private func serve(as worker: Int) {
    pthread_mutex_lock(lock)
    while !dismissed {
      if let job, job.next < job.taskCount {
        busy += 1
        work(on: job, as: worker)
        busy -= 1
        if busy == 0 { pthread_cond_signal(workDone) }
      } else {
        pthread_cond_wait(workArrived, lock)
      }
    }
    pthread_mutex_unlock(lock)
  }

  /// Takes tasks until none is left. Called, and returns, with `lock` held.
  private func work(on job: Job, as worker: Int) {
    while job.next < job.taskCount {
      let task = job.next
      job.next += 1
      pthread_mutex_unlock(lock)
      job.body(task, worker)
      pthread_mutex_lock(lock)
    }
  }

  private final class Seat {
    let crew: Crew
    let worker: Int
    init(crew: Crew, worker: Int) {
      self.crew = crew
      self.worker = worker
    }
  }
}
