import CSystem
import Glibc

/// A fixed number of threads that divide numbered tasks among themselves.
///
/// The thread that calls `run` works too, so a pool of one starts no thread. Threads start with the
/// first job, wait between jobs, first awake and then asleep, and end with the pool. In a forked
/// child, where the parent's threads do not exist, the pool starts new ones. One thread at a time may
/// use it.
///
/// Tasks compute with one arithmetic, whatever the caller's thread has: numbers that are too small to be
/// normal count as 0, for they would make a product fifty times as slow; rounding to nearest; no traps.
final class WorkerPool: @unchecked Sendable {
  /// Threads that work on a job, the caller's included.
  let threadCount: Int
  private var crew: WorkerCrew?
  private var crewProcess: pid_t = 0
  private var matrixMemory: MatrixMemory?
  private var watch: PoolWatch?

  /// A pool of `threads` threads; 0 means one for every core that this process may use.
  init(threads: Int) throws {
    try NumberRange.threads.check(threads, "threads")
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
    // The caller's may be another, and what it computes elsewhere is its own affair.
    let arithmetic = fcn_begin_arithmetic()
    defer { fcn_end_arithmetic(arithmetic) }
    guard let watch else { return perform(taskCount, body) }
    func look() {
      fcn_end_arithmetic(arithmetic)
      watch.look()
      _ = fcn_begin_arithmetic()
    }
    perform(taskCount, meanwhile: look) { task, worker in
      guard !watch.isStopped else { return }
      body(task, worker)
      // The caller's thread is worker 0.
      if worker == 0 { look() }
    }
  }

  private func perform(
    _ taskCount: Int, meanwhile: (() -> Void)? = nil,
    _ body: @escaping (_ task: Int, _ worker: Int) -> Void
  ) {
    guard threadCount > 1, taskCount > 1 else {
      for task in 0..<taskCount { body(task, 0) }
      return
    }
    currentCrew().perform(taskCount, meanwhile: meanwhile, body)
  }

  /// Runs `body`. While its jobs run `goesOn` is asked some fifty times a second, on this thread; once it
  /// has said no, jobs do no more tasks, and what they were to make is void: throws `aborted`. `goesOn` must
  /// not use this pool; nil asks nobody.
  func watched<Result>(
    by goesOn: (() -> Bool)?, _ body: () throws -> Result
  ) throws -> Result {
    guard let goesOn else { return try body() }
    let outer = watch
    watch = PoolWatch(goesOn)
    defer { watch = outer }
    do {
      let result = try body()
      try checkGoesOn()
      return result
    } catch {
      // What is wrong with results that are void is of no interest.
      try checkGoesOn()
      throw error
    }
  }

  /// Throws `aborted` where whoever watches has said no: to be asked before what jobs made is kept. `place`
  /// says where that was.
  func checkGoesOn(_ place: @autoclosure () -> String = "within a layer") throws {
    if let watch, watch.isStopped { throw FCNError(.aborted, "stopped \(place())") }
  }

  /// Gives whoever watches a turn, between the parts of work that is no job; throws `aborted` after a no.
  func pause() throws {
    guard let watch else { return }
    watch.look()
    try checkGoesOn()
  }

  /// Throws `outOfMemory` unless all threads can multiply with OpenBLAS at a time, those of other pools
  /// besides; to be asked before they do.
  func requireMatrixMemory() throws {
    if matrixMemory == nil { matrixMemory = try MatrixMemory(threads: threadCount) }
  }

  private func currentCrew() -> WorkerCrew {
    if let crew, crewProcess == getpid() { return crew }
    // The parent's crew is kept for ever: its locks may be held by threads that are not here.
    if let orphan = crew { _ = Unmanaged.passRetained(orphan) }
    let fresh = WorkerCrew(size: threadCount - 1)
    (crew, crewProcess) = (fresh, getpid())
    return fresh
  }
}
