import FCNTestSupport
import Testing

@testable import FCNSwift

/// Zip archives that are true, and those that are not.
struct ZipArchiveTests {
  private func open(_ builder: ZipBuilder) throws -> ZipArchive {
    try ZipArchive(builder.bytes.withUnsafeBytes { try ByteStorage(copying: $0) })
  }

  private func content(_ archive: ZipArchive, _ name: String, budget: Int = 1 << 20) throws
    -> [UInt8]
  {
    let entry = try #require(archive.entry(named: name))
    let contents = try archive.contents(of: entry, budget: CopyBudget(bytes: budget))
    return contents.withUnsafeBytes { Array($0) }
  }

  private func lying(_ lie: (inout ZipBuilder) -> Void) -> ZipBuilder {
    var builder = ZipBuilder([
      .init("first", [1, 2, 3]), .init("second", deflating: [UInt8](repeating: 7, count: 100)),
    ])
    lie(&builder)
    return builder
  }

  @Test(arguments: [false, true])
  func storedAndDeflatedEntriesAreRead(isWide: Bool) throws {
    var builder = lying { _ in }
    builder.entries.append(.init("folder/none", []))
    builder.entries.append(.init("folder/nothing", deflating: []))
    builder.isWide = isWide
    for index in builder.entries.indices { builder.entries[index].isWide = isWide }
    builder.comment = Array("PK\u{5}\u{6} and a remark".utf8)
    let archive = try open(builder)
    #expect(archive.entries.map(\.name) == ["first", "second", "folder/none", "folder/nothing"])
    #expect(try content(archive, "first") == [1, 2, 3])
    #expect(try content(archive, "second") == [UInt8](repeating: 7, count: 100))
    #expect(try content(archive, "folder/none") == [])
    #expect(try content(archive, "folder/nothing") == [])
    #expect(archive.entry(named: "third") == nil)
    #expect(try open(ZipBuilder([])).entries.isEmpty)
  }

  @Test func whatIsUnpackedCountsAgainstTheBudget() throws {
    let archive = try open(lying { _ in })
    _ = try content(archive, "second", budget: 100)
    expectError(.outOfMemory, saying: "\"second\"", "100 bytes", "leaves 99") {
      _ = try content(archive, "second", budget: 99)
    }
    _ = try content(archive, "first", budget: 0)
  }

  @Test func aDirectoryThatLiesIsCorrupt() {
    let lies: [(String, (inout ZipBuilder) -> Void)] = [
      ("is there twice", { $0.entries.append($0.entries[0]) }),
      ("another name", { $0.entries[0].localName = "First" }),
      ("another name", { $0.entries[0].localName = "firs" }),
      ("no entry's header at byte 1", { $0.entries[0].shift = 1 }),
      ("byte 1000", { $0.entries[0].shift = 1000 }),
      ("byte 4294967295", { $0.entries[0].shift = 0xFFFF_FFFF }),
      ("gives 3 bytes, 4 unpacked", { $0.entries[0].localSize = 4 }),
      (
        "stored, and has 3 bytes for a size of 4",
        { ($0.entries[0].size, $0.entries[0].localSize) = (4, 4) }
      ),
      ("bytes are wanted and", { $0.entries[0].resize(4000) }),
      ("3 entries cannot stand", { $0.count = 3 }),
      ("follow its 1 entries", { $0.count = 1 }),
      ("65535 entries", { $0.count = 65535 }),
      ("go beyond", { $0.directorySize = 1000 }),
      ("go beyond", { $0.directoryShift = 1000 }),
      ("no entry at byte", { $0.directoryShift = -1 }),
    ]
    for (reason, lie) in lies {
      expectError(.corrupt, saying: reason) { _ = try open(lying(lie)) }
    }
  }

  @Test func aDirectoryThatEndsWithinAnEntryIsCorrupt() throws {
    let size = 46 + 46 + "first".utf8.count + "second".utf8.count
    for cut in 1...11 {
      expectError(.corrupt, saying: "zip directory") {
        _ = try open(lying { $0.directorySize = size - cut })
      }
    }
    _ = try open(lying { $0.directorySize = size })
  }

  @Test func entriesThatOverlapAreCorrupt() throws {
    // The second header lies in the data of the first.
    let inner = ZipBuilder([.init("inner", [9])])
    let innerHeader = Array(inner.bytes[..<(30 + 5 + 1)])
    var builder = ZipBuilder([.init("outer", innerHeader), .init("inner", [9])])
    builder.entries[1].shift = -innerHeader.count
    expectError(.corrupt, saying: "\"inner\": it overlaps") { _ = try open(builder) }
  }

  @Test func sizesInZip64FieldsMayNotLieEither() throws {
    for size in [Int.max, Int.min, -1, 1 << 40] {
      var builder = lying { $0.isWide = true }
      builder.entries[0].isWide = true
      (builder.entries[0].size, builder.entries[0].packedSize) = (size, size)
      builder.entries[0].localSize = size
      #expect(throws: FCNError.self) { _ = try open(builder) }
      for shift in [size, size &- 1] {
        var builder = lying { $0.isWide = true }
        builder.directoryShift = shift > 1 << 50 ? shift - 1000 : shift
        #expect(throws: FCNError.self) { _ = try open(builder) }
      }
      var counted = lying { $0.isWide = true }
      counted.count = size
      #expect(throws: FCNError.self) { _ = try open(counted) }
      counted.count = nil
      counted.directorySize = size
      #expect(throws: FCNError.self) { _ = try open(counted) }
    }
  }

  @Test func deflatedDataMustFillItsSizeExactly() throws {
    let lies: [(String, (inout ZipBuilder.Entry) -> Void)] = [
      ("holds 100 bytes; its size is given as 101", { $0.size = 101 }),
      ("does not end after the 99 bytes", { $0.size = 99 }),
      ("does not end after the 0 bytes", { $0.size = 0 }),
      ("cannot hold", { $0.size = 1 << 20 }),
      ("cannot hold", { $0.size = 0xFFFF_FFFE }),
      ("checksum", { $0.checksum ^= 1 }),
      ("does not end after the 100 bytes", { $0.data.removeLast() }),
      ("ends after 0 of", { $0.data.removeLast($0.data.count - 1) }),
      ("damaged", { $0.data[0] = 0xFF }),
    ]
    for (reason, lie) in lies {
      let builder = lying {
        lie(&$0.entries[1])
        $0.entries[1].packedSize = $0.entries[1].data.count
        $0.entries[1].localSize = $0.entries[1].size
      }
      let archive = try open(builder)
      expectError(.corrupt, saying: "\"second\"", reason) {
        _ = try content(archive, "second", budget: 1 << 30)
      }
    }
  }

  @Test func aBombIsRefusedBeforeItIsUnpacked() throws {
    // As much as deflate can make of few bytes, beyond what the budget allows.
    let content = [UInt8](repeating: 0, count: 4 << 20)
    let entry = ZipBuilder.Entry("bomb", deflating: content)
    #expect(entry.data.count < 5000)
    let archive = try open(ZipBuilder([entry]))
    expectError(.outOfMemory, saying: "\"bomb\"", "\(content.count) bytes") {
      _ = try self.content(archive, "bomb", budget: content.count - 1)
    }
  }

  @Test func whatIsNotReadIsUnsupported() throws {
    let encrypted = try open(lying { $0.entries[0].flags = 1 })
    expectError(.unsupported, saying: "\"first\"", "encrypted") {
      _ = try content(encrypted, "first")
    }
    let packed = try open(lying { $0.entries[0].method = 14 })
    expectError(.unsupported, saying: "\"first\"", "method 14", "8 (deflated)") {
      _ = try content(packed, "first")
    }
    expectError(.unsupported, saying: "one part of several") {
      _ = try open(lying { $0.disk = 1 })
    }
  }

  @Test func whatIsWrittenAsItComesHasItsSizesInTheDirectory() throws {
    let archive = try open(
      lying {
        $0.entries[1].flags = 8
        $0.entries[1].localSize = 0
      })
    #expect(try content(archive, "second").count == 100)
  }
}
