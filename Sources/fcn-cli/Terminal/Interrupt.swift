import FCNSwift
import Glibc
import Synchronization

/// SIGINT and SIGTERM. A thread of their own waits for them, so that they are heard whatever the work
/// is doing, be it waiting for standard input.
///
/// Work that asks `isPending` now and then is given time to stop by itself; other work is ended at once,
/// as any is by a second signal. Files are whole at any moment, so nothing is lost but what was not yet
/// written.
enum Interrupt {
  private static let pending = Atomic<Int32>(0)
  /// Whether the work has ever asked.
  private static let isAskedFor = Atomic(false)
  private static let command = Mutex("fcn")

  /// How long work that asks is waited for.
  private static let nanosecondsToStop = 700_000_000

  /// Starts to listen. SIGPIPE is turned off: a write that nobody reads reports it.
  static func listen() {
    signal(SIGPIPE, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      // Whoever started this process may have had them ignored or blocked.
      signal(number, SIG_DFL)
      sigaddset(&signals, number)
    }
    // Threads made from now on have them blocked too; only the one that waits takes them.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { _ in
        Interrupt.wait()
        return nil
      }, nil)
    // Without it they end the process as they would any.
    if status != 0 { pthread_sigmask(SIG_UNBLOCK, &signals, nil) } else { pthread_detach(thread) }
  }

  /// What messages begin with from now on.
  static func name(_ name: String) { command.withLock { $0 = name } }

  /// Whether somebody wants the work to stop.
  static var isPending: Bool {
    isAskedFor.store(true, ordering: .relaxed)
    return pending.load(ordering: .relaxed) != 0
  }

  /// The exit status that tells of the signal, as shells count: 128 and its number.
  static var status: Int32? {
    let number = pending.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// The message of work that stopped because it was asked to.
  static func message(of error: FCNError) -> String {
    status == nil ? error.message : "interrupted: \(error.message)"
  }

  /// Waits for a signal, on a thread that does nothing else.
  private static func wait() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    var number: Int32 = 0
    while sigwait(&signals, &number) != 0 {}
    pending.store(number, ordering: .relaxed)
    if isAskedFor.load(ordering: .relaxed) {
      var limit = timespec(tv_sec: 0, tv_nsec: nanosecondsToStop)
      // Returns where a second one comes; the process has ended where the work has stopped.
      while sigtimedwait(&signals, nil, &limit) < 0, errno == EINTR {}
    }
    File.discardUnfinished()
    let cleared = Terminal.isInteractive ? "\r\u{1B}[K" : ""
    Terminal.log("\(cleared)\(command.withLock { $0 }): interrupted")
    _exit(128 + number)
  }
}
