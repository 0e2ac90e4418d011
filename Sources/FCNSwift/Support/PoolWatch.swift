import Synchronization

/// Whoever is asked, now and then while a pool works, whether it is to go on.
final class PoolWatch: @unchecked Sendable {
  /// In seconds. The time of a task comes on top.
  private static let interval = 0.02

  private let goesOn: () -> Bool
  private var next = monotonicSeconds() + PoolWatch.interval
  private let stopped = Atomic(false)

  init(_ goesOn: @escaping () -> Bool) { self.goesOn = goesOn }

  /// Whether the answer was no; any thread may ask.
  var isStopped: Bool { stopped.load(ordering: .relaxed) }

  /// Asks if it is time; one thread alone does.
  func look() {
    guard !isStopped, monotonicSeconds() >= next else { return }
    if !goesOn() { stopped.store(true, ordering: .relaxed) }
    next = monotonicSeconds() + PoolWatch.interval
  }
}
