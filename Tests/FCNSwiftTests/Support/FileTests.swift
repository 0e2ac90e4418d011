import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

struct FileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func whatIsWrittenIsReadAndNothingElseIsLeft() throws {
    let path = folder.file("a")
    try File.write([1, 2], to: path)
    try File.write([3], to: path)
    #expect(try File.read(path) == [3])
    #expect(try File.names(inFolder: folder.path) == ["a"])
  }

  @Test func devicesAreWrittenToAndNotReplaced() throws {
    try File.write([1], to: "/dev/null")
    let attributes = try FileManager.default.attributesOfItem(atPath: "/dev/null")
    #expect(attributes[.type] as? FileAttributeType == .typeCharacterSpecial)
    expectError(.inputOutput, saying: "/dev/full", "No space left") {
      try File.write([1], to: "/dev/full")
    }
  }

  @Test func aFileThatCannotBeWrittenLeavesWhatStoodThere() throws {
    try File.makeFolder(folder.file("a/b"))
    expectError(.inputOutput, saying: "a: cannot be written") {
      try File.write([1], to: folder.file("a"))
    }
    #expect(File.isFolder(folder.file("a/b")))
    #expect(try File.names(inFolder: folder.path) == ["a"])
    try File.write([1], to: folder.file("f"))
    expectError(.inputOutput, saying: "f/x") { try File.write([1], to: folder.file("f/x")) }
    expectError(.inputOutput, saying: "f: the folder cannot be made") {
      try File.makeFolder(folder.file("f/x"))
    }
  }

  @Test func whatIsNotThereIsNotFound() {
    expectError(.notFound, saying: "nowhere") { _ = try File.read(folder.file("nowhere")) }
    expectError(.notFound, saying: "nowhere") {
      _ = try File.names(inFolder: folder.file("nowhere"))
    }
    expectError(.inputOutput, saying: folder.path) { _ = try File.read(folder.path) }
  }
}
