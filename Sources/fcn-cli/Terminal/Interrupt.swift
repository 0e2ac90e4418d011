import Glibc
import Synchronization

/// SIGINT and SIGTERM, remembered until the work comes to a point where it can stop. A second one
/// ends the process at once.
enum Interrupt {
  private static let pending = Atomic<Int32>(0)

  /// Starts to listen. SIGPIPE is turned off: a write that nobody reads reports it.
  static func listen() {
    // A handler must not be the first to touch a global, which is when it is made.
    _ = isPending
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { Interrupt.pending.store($0, ordering: .relaxed) }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
    // Whoever started this process may have left them blocked.
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in [SIGINT, SIGTERM] {
      sigaction(number, &action, nil)
      sigaddset(&unblocked, number)
    }
    sigprocmask(SIG_UNBLOCK, &unblocked, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether somebody wants the work to stop.
  static var isPending: Bool { pending.load(ordering: .relaxed) != 0 }

  /// What came, in the words of whoever sent it.
  static var reason: String? {
    switch pending.load(ordering: .relaxed) {
    case 0: nil
    case SIGINT: "Ctrl-C"
    default: "SIGTERM"
    }
  }

  /// The exit status that tells of the signal, as shells count: 128 and its number.
  static var status: Int32? {
    let number = pending.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }
}
