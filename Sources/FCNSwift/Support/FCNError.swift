/// Every error the engine throws: what kind it is, and a message that says what was found, what was
/// wanted and what to do.
public struct FCNError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, in the classes a host can act on.
  public enum Kind: String, Sendable, CaseIterable {
    /// An argument or option is outside what is documented for it.
    case invalidArgument
    /// A file, a folder, a tensor, a class or an architecture of that name does not exist.
    case notFound
    /// The system refused to read or write; the message carries its reason.
    case inputOutput
    /// The file is not of a kind that is understood, or uses a feature that is not.
    case unsupported
    /// The file claims to be of a known kind but contradicts itself or ends early.
    case corrupt
    /// Shapes that must agree do not; the message names the layer or tensor.
    case shapeMismatch
    /// The system gave no memory, or a documented limit on sizes was passed.
    case outOfMemory
    /// A callback asked to stop; the object stays usable.
    case aborted
    /// A loss, gradient or weight is NaN or infinite; the message names the layer.
    case notFinite
    /// The caller's buffer is too small.
    case bufferTooSmall
    /// The call is not legal in the object's present state.
    case invalidState
    /// What was asked for cannot be had on this machine: a device, or a library that it needs.
    case unavailable
    /// A device or one of its libraries failed; the message carries the call and what it said.
    case deviceFailure
    /// A defect in the library itself.
    case internalDefect
  }

  /// The class of the error.
  public let kind: Kind
  /// One or two sentences for the person who has to act.
  public private(set) var message: String
  /// Whether a limit was passed that does not depend on how much memory there is.
  private(set) var isLimit = false

  /// Makes an error of `kind` with a message that needs no further context to be understood.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The error of what is larger than it may ever be.
  static func beyondLimit(_ message: String) -> FCNError {
    var error = FCNError(.outOfMemory, message)
    error.isLimit = true
    return error
  }

  /// Whether there is too little memory just now, which says nothing of the file that was read then.
  var isShortage: Bool { kind == .outOfMemory && !isLimit }

  public var description: String { message }

  /// The same error with `prefix` and a colon before its message: the file or layer it is about.
  /// What begins with them already stays as it is: a file is named once, however deep the error
  /// arose.
  public func within(_ prefix: String) -> FCNError {
    var error = self
    if !message.hasPrefix("\(prefix): ") { error.message = "\(prefix): \(message)" }
    return error
  }
}

/// Runs `body`; an `FCNError` thrown from it gets `prefix` before its message.
package func naming<Result>(_ prefix: @autoclosure () -> String, _ body: () throws -> Result) throws
  -> Result
{
  do {
    return try body()
  } catch let error as FCNError {
    throw error.within(prefix())
  }
}

extension FCNError {
  /// What a reader of text says of `byte`, or of the end where that is nil, where it wanted something else.
  static func unexpected(
    _ byte: UInt8?, in format: String, at position: Int, wanted: String
  ) -> FCNError {
    let found =
      switch byte {
      case nil: "the end"
      case let byte? where byte > 0x20 && byte < 0x7F: "'\(Character(Unicode.Scalar(byte)))'"
      case let byte?: "byte 0x" + String(byte, radix: 16)
      }
    return FCNError(.corrupt, "\(format), byte \(position): wanted \(wanted), found \(found)")
  }
}
