import FCNSwift

/// How `fcn` ends, for scripts.
enum ExitStatus {
  static let success: Int32 = 0
  static let failure: Int32 = 1
  static let usage: Int32 = 2
  static let file: Int32 = 3

  /// Every status and when it is used, as help tells it.
  static let explanations = [
    ("0", "All was done."),
    ("1", "The work failed: not enough memory, a loss that is not finite."),
    ("2", "The command line is wrong: an unknown option, a value out of range."),
    (
      "3",
      "A file or folder is missing, unreadable, damaged, of another kind, cannot be written, or holds "
        + "what must not be overwritten."
    ),
    ("130, 143", "Stopped by Ctrl-C (SIGINT) or SIGTERM, after tidying up."),
    ("141", "Whoever read standard output stopped reading."),
  ]

  /// The status that tells of `error`.
  static func of(_ error: FCNError) -> Int32 {
    switch error.kind {
    case .invalidArgument: usage
    case .notFound, .inputOutput, .unsupported, .corrupt, .shapeMismatch, .invalidState: file
    case .outOfMemory, .notFinite, .bufferTooSmall, .unavailable, .deviceFailure, .internalDefect:
      failure
    case .aborted: Interrupt.status ?? failure
    }
  }
}
