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
    expectError(.inputOutput, saying: "f is there and is not a folder", "name another place") {
      try File.makeFolder(folder.file("f/x"))
    }
  }

  @Test func writersOfOnePathDoNotMeet() async throws {
    let path = folder.file("shared")
    let contents = (0..<4).map { [UInt8](repeating: UInt8($0), count: 10_000 + $0) }
    try File.write(contents[0], to: path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for bytes in contents {
        group.addTask { for _ in 0..<40 { try File.write(bytes, to: path) } }
      }
      group.addTask {
        for _ in 0..<80 {
          let read = try File.read(path)
          #expect(contents.contains(read))
        }
      }
      try await group.waitForAll()
    }
    #expect(try File.names(inFolder: folder.path) == ["shared"])
  }

  @Test func theLongestNamesCanBeWritten() throws {
    let name = String(repeating: "n", count: 255)
    try File.write([7], to: folder.file(name))
    #expect(try File.read(folder.file(name)) == [7])
    expectError(.inputOutput, saying: "name too long") {
      try File.write([7], to: folder.file(name + "n"))
    }
    #expect(try File.names(inFolder: folder.path) == [name])
  }

  @Test func linksStayAndTheirTargetsAreReplaced() throws {
    try File.makeFolder(folder.file("deep"))
    try File.write([1], to: folder.file("deep/target"))
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: "deep/target")
    try manager.createSymbolicLink(atPath: folder.file("second"), withDestinationPath: "link")
    try manager.createSymbolicLink(
      atPath: folder.file("dangling"), withDestinationPath: folder.file("deep/fresh"))
    try manager.createSymbolicLink(atPath: folder.file("loop"), withDestinationPath: "loop")
    try File.write([2], to: folder.file("second"))
    try File.write([3], to: folder.file("dangling"))
    #expect(try File.read(folder.file("deep/target")) == [2])
    #expect(try File.read(folder.file("deep/fresh")) == [3])
    for (link, target) in [("link", "deep/target"), ("second", "link")] {
      #expect(try manager.destinationOfSymbolicLink(atPath: folder.file(link)) == target)
    }
    expectError(.inputOutput, saying: "loop: cannot be written") {
      try File.write([4], to: folder.file("loop"))
    }
    #expect(try File.names(inFolder: folder.file("deep")) == ["fresh", "target"])
  }

  @Test func theModeOfAFileIsKeptAndANewOneFollowsTheMask() throws {
    func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    let (old, new) = (folder.file("old"), folder.file("new"))
    try File.write([1], to: old)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: old)
    try File.write([2], to: old)
    #expect(try mode(old) == 0o640)
    try File.write([1], to: new)
    #expect(FileManager.default.createFile(atPath: folder.file("like"), contents: Data()))
    #expect(try mode(new) == mode(folder.file("like")))
  }

  @Test func nothingIsLeftOfAFileThatFails() throws {
    struct Stop: Error {}
    try File.write([1], to: folder.file("f"))
    #expect(throws: Stop.self) {
      try File.write(to: folder.file("f")) { append in
        try [UInt8(2)].withUnsafeBytes { try append($0) }
        #expect(try File.names(inFolder: folder.path).count == 2)
        throw Stop()
      }
    }
    #expect(try File.read(folder.file("f")) == [1])
    #expect(try File.names(inFolder: folder.path) == ["f"])
  }

  @Test func devicesWithoutAnEndAreReadNoFurtherThanTheirKindAllows() throws {
    expectError(.unsupported, saying: "/dev/zero", "goes on after") {
      _ = try File.read("/dev/zero", atMost: 1 << 20)
    }
    expectError(.unsupported, saying: "/dev/zero", "zeros", "PNG") {
      _ = try Image(contentsOf: "/dev/zero")
    }
    expectError(.unsupported, saying: "/dev/zero") { _ = try LabelMap(contentsOf: "/dev/zero") }
    expectError(.unsupported, saying: "regular file") { _ = try Model(contentsOf: "/dev/zero") }
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    expectError(.unsupported, saying: "regular file") { _ = try Model(contentsOf: pipe) }
    expectError(.unsupported, saying: "regular file") {
      _ = try ForeignWeights(contentsOf: pipe)
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
