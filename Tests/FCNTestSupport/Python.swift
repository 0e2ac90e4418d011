import Foundation

/// Runs programs that judge our files from outside.
public enum Python {
  /// Whether `python3` is there and can import `modules`.
  public static func canImport(_ modules: String...) -> Bool {
    let imports = modules.map { "import \($0)" }.joined(separator: "\n")
    return (try? run(imports))?.status == 0
  }

  /// Runs `script` with `arguments`; returns its exit status and all that it printed.
  public static func run(
    _ script: String, _ arguments: String...
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
