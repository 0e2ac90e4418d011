import FCNTestSupport
import Testing

@testable import FCNSwift

/// Every small file cut off, and changed, in every place: it is read or refused, and nothing else.
struct ForeignFuzzTests {
  private static let files = [
    "legacy.pth", "python2.pth", "checkpoint-legacy.pth", "versions.npz", "compressed.npz",
    "refused-several.pth", "zip.pth", "protocol4.pth", "repacked.pth",
  ]

  @Test(arguments: files)
  func aFileCutAnywhereIsReadOrRefused(file: String) throws {
    let whole = try ForeignFiles.bytes(file)
    for count in 0..<whole.count {
      let isRead = try isReadOrRefused(Array(whole[..<count]))
      #expect(!isRead, "cut to \(count) of \(whole.count) bytes")
    }
  }

  @Test(arguments: files)
  func aFileWithOneByteChangedIsReadOrRefused(file: String) throws {
    let whole = try ForeignFiles.bytes(file)
    var random = SeededGenerator(seed: 11)
    var refused = 0
    for position in whole.indices {
      for value in [whole[position] ^ 1, 0xFF, UInt8(random.integer(in: 0..<256))] {
        var changed = whole
        changed[position] = value
        if try !isReadOrRefused(changed) { refused += 1 }
      }
    }
    #expect(refused > 0)
  }

  @Test(arguments: files)
  func aFileWithManyBytesChangedIsReadOrRefused(file: String) throws {
    let whole = try ForeignFiles.bytes(file)
    var random = SeededGenerator(seed: 12)
    for _ in 0..<500 {
      var changed = whole
      for _ in 0..<random.integer(in: 2..<8) {
        changed[random.integer(in: 0..<whole.count)] = UInt8(random.integer(in: 0..<256))
      }
      // A piece taken out, or put in twice, moves all that comes after it.
      let start = random.integer(in: 0..<whole.count)
      let end = min(whole.count, start + random.integer(in: 0..<16))
      if random.integer(in: 0..<2) == 0 {
        changed.removeSubrange(start..<end)
      } else {
        changed.insert(contentsOf: whole[start..<end], at: start)
      }
      _ = try isReadOrRefused(changed)
    }
  }
}
