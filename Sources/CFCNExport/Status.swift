public import CFCN
import FCNSwift
import Glibc

/// Runs the body of an exported function: what it throws becomes a status and the thread's message.
func attempt(_ body: () throws -> Void) -> fcn_status {
  do {
    try requireMemory(0)
    try body()
    return fcn_status(FCN_OK)
  } catch let error as FCNError {
    LastError.set(error.naming(processor: "FCN_BACKEND_CPU").message)
    return error.kind.status
  } catch {
    LastError.set("an error of an unexpected kind: \(error)")
    return fcn_status(FCN_E_INTERNAL)
  }
}

extension FCNError.Kind {
  var status: fcn_status {
    switch self {
    case .invalidArgument: fcn_status(FCN_E_INVALID_ARGUMENT)
    case .notFound: fcn_status(FCN_E_NOT_FOUND)
    case .inputOutput: fcn_status(FCN_E_INPUT_OUTPUT)
    case .unsupported: fcn_status(FCN_E_UNSUPPORTED)
    case .corrupt: fcn_status(FCN_E_CORRUPT)
    case .shapeMismatch: fcn_status(FCN_E_SHAPE_MISMATCH)
    case .outOfMemory: fcn_status(FCN_E_OUT_OF_MEMORY)
    case .aborted: fcn_status(FCN_E_ABORTED)
    case .notFinite: fcn_status(FCN_E_NOT_FINITE)
    case .bufferTooSmall: fcn_status(FCN_E_BUFFER_TOO_SMALL)
    case .invalidState: fcn_status(FCN_E_INVALID_STATE)
    case .unavailable: fcn_status(FCN_E_UNAVAILABLE)
    case .deviceFailure: fcn_status(FCN_E_DEVICE)
    case .internalDefect: fcn_status(FCN_E_INTERNAL)
    }
  }
}

private func describe(_ status: fcn_status) -> StaticString {
  switch Int(status) {
  case FCN_OK: "success"
  case FCN_E_INVALID_ARGUMENT: "invalid argument"
  case FCN_E_NOT_FOUND: "not found"
  case FCN_E_INPUT_OUTPUT: "input or output failed"
  case FCN_E_UNSUPPORTED: "not supported"
  case FCN_E_CORRUPT: "corrupt data"
  case FCN_E_SHAPE_MISMATCH: "sizes do not agree"
  case FCN_E_OUT_OF_MEMORY: "out of memory"
  case FCN_E_ABORTED: "stopped by a callback"
  case FCN_E_NOT_FINITE: "not a finite number"
  case FCN_E_BUFFER_TOO_SMALL: "buffer too small"
  case FCN_E_INVALID_STATE: "not possible in this state"
  case FCN_E_INTERNAL: "internal defect"
  case FCN_E_UNAVAILABLE: "not available on this machine"
  case FCN_E_DEVICE: "a device failed"
  default: "unknown status"
  }
}

@_cdecl("fcn_status_string")
public func fcn_status_string(_ status: fcn_status) -> UnsafePointer<CChar>? {
  permanentCString(describe(status))
}

@_cdecl("fcn_last_error_message")
public func fcn_last_error_message() -> UnsafePointer<CChar>? {
  LastError.message
}

/// The message of the last failure on each thread: a C string of the thread's own.
private enum LastError {
  /// Frees a thread's message when the thread ends.
  private static let key: pthread_key_t? = {
    var key = pthread_key_t()
    return pthread_key_create(&key, { free($0) }) == 0 ? key : nil
  }()

  static func set(_ message: String) {
    guard let key, let copy = strdup(message) else { return }
    free(pthread_getspecific(key))
    if pthread_setspecific(key, copy) != 0 { free(copy) }
  }

  static var message: UnsafePointer<CChar> {
    guard let key, let message = pthread_getspecific(key) else { return permanentCString("") }
    return UnsafePointer(message.assumingMemoryBound(to: CChar.self))
  }
}
