import FCNSwift
import Synchronization

/// An object that one call at a time may use. A second call, from another thread or from a callback
/// of the first, is turned away instead of being let into what the first is changing.
final class Turnstile: Sendable {
  private let isTaken = Atomic(false)

  func run<Result>(_ name: StaticString, _ body: () throws -> Result) throws -> Result {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else {
      throw FCNError(
        .invalidState,
        "another call on this \(name) is running; give every thread one of its own, and do not "
          + "call it from its own callback")
    }
    defer { isTaken.store(false, ordering: .releasing) }
    return try body()
  }
}
