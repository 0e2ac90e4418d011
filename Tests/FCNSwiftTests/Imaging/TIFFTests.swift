import FCNTestSupport
import Foundation
import Glibc
import Testing

@testable import FCNSwift

private enum TIFFLibrary {
  static let isThere = dlopen("libtiff.so.6", RTLD_NOW | RTLD_LOCAL) != nil
}

/// TIFFs, which libtiff reads where it is installed: those that Goldens/Tiffs/make_tiffs.py made.
@Suite(.enabled(if: TIFFLibrary.isThere, "needs libtiff 4.5 or later (libtiff6)"))
struct TIFFTests {
  private struct Listing: Decodable {
    struct Picture: Decodable {
      let file, expected: String
      let width, height, tolerance: Int
      let rows: Bool
    }
    struct Refusal: Decodable {
      let file, words: String
    }
    let pictures: [Picture]
    let refused: [Refusal]
  }

  private static let folder = PictureFixtures.folder.deletingLastPathComponent()
    .appendingPathComponent("Tiffs")

  private static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private static func listing() throws -> Listing {
    try JSONDecoder().decode(Listing.self, from: Data(try File.read(path("tiffs.json"))))
  }

  @Test func everyKindDecodesToItsColours() throws {
    for item in try Self.listing().pictures {
      let wanted = try File.read(Self.path(item.expected))
      let image = try Image(contentsOf: Self.path(item.file))
      #expect(image.width == item.width && image.height == item.height, "\(item.file)")
      #expect(largestDifference(image.pixels, wanted) <= item.tolerance, "\(item.file)")
      let size = try File.read(Self.path(item.file)).withUnsafeBytes {
        try Image.checkedSize(ofEncoded: $0)
      }
      #expect(size.width == item.width && size.height == item.height, "\(item.file)")
    }
  }

  @Test func rowsAreThoseOfTheWhole() throws {
    for item in try Self.listing().pictures {
      let path = Self.path(item.file)
      guard item.rows else {
        let error = fcnError { _ = try PictureRows(contentsOf: path) }
        #expect(error?.message.contains("orientation says that it is to be turned") == true)
        continue
      }
      let rows = try PictureRows(contentsOf: path)
      var pixels = [UInt8](repeating: 0, count: rows.width * rows.height * 3)
      try pixels.withUnsafeMutableBytes { pixels in
        for start in stride(from: 0, to: rows.height, by: 5) {
          let count = min(5, rows.height - start)
          let rest = UnsafeMutableRawBufferPointer(rebasing: pixels[(start * rows.width * 3)...])
          try rows.read(count, into: rest)
        }
      }
      #expect(try pixels == Image(contentsOf: path).pixels, "\(item.file)")
    }
    // Tiles side by side and one tile; a row.
    #expect(
      try PictureRows(contentsOf: Self.path("tiles.tif")).memory == 3 * (16 * 40 + 16 * 16))
    #expect(try PictureRows(contentsOf: Self.path("strips.tif")).memory == 3 * 21)
  }

  @Test func whatIsNotReadIsNamed() throws {
    for item in try Self.listing().refused {
      let error = fcnError { _ = try Image(contentsOf: Self.path(item.file)) }
      #expect(error?.kind == .unsupported, "\(item.file)")
      #expect(error?.message.contains(item.words) == true, "\(error?.message ?? "no error")")
    }
    let labels = fcnError { _ = try LabelMap(contentsOf: Self.path("grey-deflate.tif")) }
    #expect(labels?.message.contains("given as a TIFF") == true)
  }

  /// libtiff calls a tile well whose JPEG data are narrower than it.
  @Test func whatIsMissingOfATileIsBlack() throws {
    var bytes = try File.read(Self.path("tiles-jpeg.tif"))
    let whole = try Image(decoding: bytes)
    let entry = try #require(
      bytes.indices.first { bytes[$0...].starts(with: [0x42, 1, 4, 0, 1, 0, 0, 0, 16, 0]) })
    // Tiles of 16 columns, said to have 1024.
    bytes.replaceSubrange(entry + 8..<entry + 10, with: [0, 4])
    // What the memory for a tile is likely to hold.
    let count = 1024 * 16 * 3
    let used = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
    used.initializeMemory(as: UInt8.self, repeating: 0xA5, count: count)
    used.deallocate()
    let image = try Image(decoding: bytes)
    #expect((image.width, image.height) == (40, 37))
    for y in 0..<16 {
      let row = image.pixels[y * 120..<(y + 1) * 120]
      #expect(row.prefix(48).elementsEqual(whole.pixels[y * 120..<y * 120 + 48]))
      #expect(row.dropFirst(48).allSatisfy { $0 == 0 })
    }
  }

  /// What is left may be whole where the end is not needed; what counts is that nothing else happens.
  @Test func shortenedAndDamagedFilesAreRefused() throws {
    for item in try Self.listing().pictures {
      let bytes = try File.read(Self.path(item.file))
      for count in stride(from: 0, to: bytes.count - 1, by: 29) {
        let error = fcnError { _ = try Image(decoding: Array(bytes[..<count])) }
        #expect(error?.kind == .corrupt || error?.kind == .unsupported, "\(item.file) to \(count)")
      }
      var random = SeededGenerator(seed: UInt64(bytes.count))
      for _ in 0..<40 {
        var damaged = bytes
        for _ in 0..<3 {
          damaged[random.integer(in: 0..<bytes.count)] = UInt8(random.integer(in: 0..<256))
        }
        guard let image = try? Image(decoding: damaged) else { continue }
        #expect(image.pixels.count == image.width * image.height * 3)
      }
    }
  }

  /// A little-endian TIFF of these tags, whose values are LONGs, and of `count` bytes of pixels.
  private static func tiff(_ tags: [(UInt16, UInt32)], pixels count: Int = 4096) -> [UInt8] {
    func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    var file = Array("II*\0".utf8) + bytes(UInt32(8)) + bytes(UInt16(tags.count))
    for (tag, value) in tags.sorted(by: { $0.0 < $1.0 }) {
      file += bytes(tag) + bytes(UInt16(4)) + bytes(UInt32(1)) + bytes(value)
    }
    return file + bytes(UInt32(0)) + [UInt8](repeating: 7, count: count)
  }

  private static let tags: [(UInt16, UInt32)] = [
    (256, 16), (257, 16), (258, 8), (259, 1), (262, 1), (277, 1),
  ]

  private static func changed(_ changes: (UInt16, UInt32)...) -> [(UInt16, UInt32)] {
    tags.filter { tag in !changes.contains { $0.0 == tag.0 } } + changes
  }

  @Test func absurdSizesAreRefusedBeforeMemoryIsTaken() throws {
    let strip: [(UInt16, UInt32)] = [(273, 200), (278, 16), (279, 256)]
    func tile(_ width: UInt32, _ height: UInt32) -> [(UInt16, UInt32)] {
      [(322, width), (323, height), (324, 200), (325, 256)]
    }
    let whole = try Image(decoding: Self.tiff(Self.tags + strip))
    #expect(whole.pixels.allSatisfy { $0 == 7 } && whole.width == 16)
    let tiled = try Image(decoding: Self.tiff(Self.tags + tile(16, 16)))
    #expect(tiled == whole)
    let largest = UInt32.max
    // The headers alone: nothing has been decoded yet.
    let cases: [(String, [(UInt16, UInt32)], String)] = [
      ("no columns", Self.changed((256, 0)) + strip, ""),
      ("no rows", Self.changed((257, 0)) + strip, ""),
      ("the widest", Self.changed((256, largest)) + strip, ""),
      ("the largest", Self.changed((256, largest), (257, largest)) + strip, ""),
      ("wide", Self.changed((256, 1 << 30)) + strip, "more pixels than its bytes can hold"),
      ("wide in LZW", Self.changed((256, 1 << 27), (259, 5)) + strip, "more pixels"),
      ("many samples", Self.changed((277, 17)) + strip, "17 samples"),
      ("no samples", Self.changed((277, 0)) + strip, ""),
      ("one bit", Self.changed((258, 1)) + strip, "1 bits"),
      ("tiles of nothing", Self.tags + tile(0, 16), ""),
      ("flat tiles", Self.tags + tile(16, 0), ""),
      ("large tiles", Self.tags + tile(1 << 31, 16), ""),
      ("huge tiles", Self.tags + tile(1 << 31, 1 << 31), ""),
      ("tiles of 16384", Self.tags + tile(16384, 16384), "64 MiB"),
      ("RGB of one sample", Self.changed((262, 2)) + strip, "too few"),
      ("old JPEG", Self.changed((259, 6), (262, 6)) + strip, ""),
    ]
    for (name, tags, words) in cases {
      let file = Self.tiff(tags)
      for isByRows in [false, true] {
        let error = fcnError {
          try file.withUnsafeBytes { _ = try EncodedPicture($0, rowByRow: isByRows) }
        }
        #expect(error?.kind == .corrupt || error?.kind == .unsupported, "\(name)")
        #expect(error?.message.contains(words) == true || words.isEmpty, "\(name): \(error as Any)")
      }
    }
  }

  @Test func threadsHaveTheirOwnMessages() throws {
    let (good, bad) = (
      try File.read(Self.path("tiles-lzw.tif")), try File.read(Self.path("strips.tif"))
    )
    DispatchQueue.concurrentPerform(iterations: 64) { index in
      let error = fcnError {
        _ = try Image(decoding: index.isMultiple(of: 2) ? good : Array(bad.prefix(700)))
      }
      #expect((error == nil) == index.isMultiple(of: 2))
    }
  }
}
