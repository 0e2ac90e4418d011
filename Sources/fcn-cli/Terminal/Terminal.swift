import FCNSwift
import Glibc

/// Standard output and standard error.
enum Terminal {
  /// Writes `text`, made `printable`, to standard output. Throws `BrokenPipe` where nobody reads it
  /// any more.
  static func print(_ text: String, terminator: String = "\n") throws {
    try write(Array((printable(text) + terminator).utf8))
  }

  /// Writes `bytes` to standard output. Throws `BrokenPipe` where nobody reads it any more.
  static func write(_ bytes: [UInt8]) throws {
    do {
      try bytes.withUnsafeBytes {
        try File.write($0, descriptor: STDOUT_FILENO, named: "standard output")
      }
    } catch let error as FCNError {
      throw errno == EPIPE ? BrokenPipe() : error
    }
  }

  /// Writes `text`, made `printable`, to standard error; that it cannot be written is nobody's
  /// concern. Lines after the first are indented: what is in a name cannot pass for a line of the
  /// program's own.
  static func log(_ text: String) {
    rawLog(
      printable(text).split(separator: "\n", omittingEmptySubsequences: false).joined(
        separator: "\n  ") + "\n")
  }

  /// Writes `text` to standard error in lines that fit the terminal, those after the first indented.
  static func note(_ text: String, indent: Int = 2) {
    let space = String(repeating: " ", count: indent)
    let first = Help.wrapped(text, width: width, rest: width - indent)
    // Spaces that must not be broken at are plain ones in the end.
    rawLog(
      printable(String(first.joined(separator: "\n" + space).map { $0 == "\u{A0}" ? " " : $0 }))
        + "\n")
  }

  /// Writes `text` as it is, with what moves the cursor, to standard error.
  static func rawLog(_ text: String) {
    try? Array(text.utf8).withUnsafeBytes {
      try File.write($0, descriptor: STDERR_FILENO, named: "standard error")
    }
  }

  /// Whether a person looks at standard error.
  static let isInteractive: Bool = {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
  }()

  /// Columns of the terminal behind standard error.
  static var width: Int {
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? Int(size.ws_col) : 80
  }
}

/// Standard output was closed by its reader.
struct BrokenPipe: Error {}
