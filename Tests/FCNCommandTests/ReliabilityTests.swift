import FCNTestSupport
import Foundation
import Testing

/// Programs that starve and kill the built command: quick forms of what scripts/ runs at length.
struct ReliabilityTests {
  static let isMissing: Comment = "failing files and kills: there is no python3 or no cc"
  static let hasTools = Python.canImport("json") && run(["cc", "--version"]).status == 0

  /// Runs a command of the repository; returns its exit status and all that it printed.
  private static func run(_ command: [String]) -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["FCN_COMMAND": Command.path]
    ) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    guard (try? process.run()) != nil else { return (-1, "") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  private func expectAllWell(_ script: String, _ arguments: String...) {
    let result = Self.run(["python3", "scripts/\(script)"] + arguments)
    #expect(result.status == 0 && result.output.hasSuffix("all well\n"), "\(result.output)")
  }

  @Test(.enabled(if: hasTools, isMissing))
  func whatIsKilledGoesOnToTheSameBits() { expectAllWell("test-killed", "3") }

  @Test(.enabled(if: hasTools, isMissing))
  func whatCannotBeWrittenLeavesWhatStoodThere() { expectAllWell("test-written", "--stride", "37") }
}
