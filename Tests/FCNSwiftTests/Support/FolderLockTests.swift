import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

struct FolderLockTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func lock() throws -> FolderLock { try FolderLock(folder.path, use: "a test works in") }

  @Test func oneHasTheFolderAndLeavesNothing() throws {
    do {
      let first = try lock()
      #expect(first.isHeld)
      expectError(
        .invalidState, saying: "a test works in \(folder.path) already, by this process itself"
      ) {
        _ = try lock()
      }
      withExtendedLifetime(first) {}
    }
    #expect(try File.names(inFolder: folder.path).isEmpty)
    #expect(try lock().isHeld)
  }

  /// What a killed process left says a number that somebody else may have by now.
  @Test func theFileOfOneThatWasKilledKeepsNobodyOut() throws {
    _ = try folder.write(Array("1 somewhere\n".utf8), FolderLock.fileName)
    let lock = try lock()
    #expect(lock.isHeld)
    let text = String(decoding: try File.read(folder.file(FolderLock.fileName)), as: UTF8.self)
    #expect(text.hasPrefix("\(getpid()) "))
    withExtendedLifetime(lock) {}
  }

  @Test func anotherProcessIsNamed() throws {
    try #require(FileManager.default.isExecutableFile(atPath: "/usr/bin/flock"))
    let file = try folder.write([], FolderLock.fileName)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    process.arguments = [
      "--no-fork", file, "sh", "-c",
      "echo \"$$ elsewhere\" > \(file); touch \(folder.file("on")); exec sleep 30",
    ]
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let start = Date()
    while !File.exists(folder.file("on")), -start.timeIntervalSinceNow < 20 { usleep(1000) }
    expectError(.invalidState, saying: "already, by process ", "on elsewhere", "another folder") {
      _ = try lock()
    }
  }

  @Test func whereNothingCanBeMadeNobodyIsKeptOut() throws {
    let nowhere = try FolderLock(folder.file("missing"), use: "a test works in")
    #expect(!nowhere.isHeld)
  }

  @Test func whatIsBeingWrittenStaysAndWhatIsStaleGoes() throws {
    let written = try TemporaryFile(for: folder.file("a"))
    let stale = try folder.write([1], ".fcn-abc.tmp")
    let others = [".fcn-abc", "b.tmp", "fcn-x.tmp"]
    for name in others { _ = try folder.write([1], name) }
    TemporaryFile.removeStale(inFolder: folder.path)
    #expect(!File.exists(stale))
    #expect(others.allSatisfy { File.exists(folder.file($0)) })
    try written.moveIntoPlace()
    #expect(File.exists(folder.file("a")))
  }
}
