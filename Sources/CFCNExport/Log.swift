public import CFCN
import FCNSwift
import Synchronization

/// The one log callback of the process.
enum Log {
  enum Level: Int32 {
    case error = 1
    case warning = 2
    case info = 3
  }

  private struct Sink: @unchecked Sendable {
    var mostVerbose: Int32 = 0
    var callback: fcn_log_callback?
    var userData: UnsafeMutableRawPointer?
  }

  private static let sink = Mutex(Sink())

  static func set(
    _ mostVerbose: Level, _ callback: fcn_log_callback?, _ userData: UnsafeMutableRawPointer?
  ) {
    let fresh = Sink(mostVerbose: mostVerbose.rawValue, callback: callback, userData: userData)
    sink.withLock { $0 = fresh }
  }

  /// Hands `message` to the host, outside the lock: the callback may call the library.
  static func send(_ level: Level, _ message: @autoclosure () -> String) {
    let sink = sink.withLock { $0 }
    guard let callback = sink.callback, level.rawValue <= sink.mostVerbose else { return }
    message().withCString { callback(level.rawValue, $0, sink.userData) }
  }
}

@_cdecl("fcn_log_set")
public func fcn_log_set(
  _ most_verbose_level: Int32, _ callback: fcn_log_callback?, _ user_data: UnsafeMutableRawPointer?
) -> fcn_status {
  attempt {
    guard let level = Log.Level(rawValue: most_verbose_level) else {
      throw FCNError(
        .invalidArgument,
        "the log level is \(most_verbose_level); it must be FCN_LOG_ERROR, _WARNING or _INFO")
    }
    Log.set(level, callback, user_data)
  }
}
