import Testing

@testable import FCNSwift

@Suite struct PictureDecodingTests {
  @Test func everyKindOfPictureDecodesToItsColours() throws {
    let items = try PictureFixtures.load().pictures
    #expect(items.count >= 40)
    for item in items {
      let image = try Image(decoding: item.encoded())
      #expect(image.width == item.width && image.height == item.height, "\(item)")
      #expect(
        try largestDifference(image.pixels, item.values()) <= item.tolerance ?? 0, "\(item)")
    }
  }

  @Test func everyKindOfLabelPNGDecodesToItsIndices() throws {
    let items = try PictureFixtures.load().labels
    #expect(items.count >= 12)
    for item in items {
      let map = try LabelMap(decoding: item.encoded())
      #expect(map.width == item.width && map.height == item.height, "\(item)")
      #expect(try map.labels == item.values(), "\(item)")
    }
  }

  @Test func everyShortenedPictureIsAnError() throws {
    let fixtures = try PictureFixtures.load()
    for item in fixtures.pictures {
      let bytes = try item.encoded()
      for count in stride(from: 0, to: bytes.count, by: 7) {
        let error = fcnError { _ = try Image(decoding: Array(bytes[..<count])) }
        #expect(error?.kind == .corrupt || error?.kind == .unsupported, "\(item) cut to \(count)")
      }
    }
    for item in fixtures.labels {
      let bytes = try item.encoded()
      for count in stride(from: 0, to: bytes.count, by: 7) {
        let error = fcnError { _ = try LabelMap(decoding: Array(bytes[..<count])) }
        #expect(error?.kind == .corrupt || error?.kind == .unsupported, "\(item) cut to \(count)")
      }
    }
  }

  /// The result is free; what counts is that the process lives and that a picture is whole.
  @Test func damagedBytesNeverCrash() throws {
    for item in try PictureFixtures.load().pictures {
      let bytes = try item.encoded()
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

  @Test func hugeSizesInHeadersAreRefused() throws {
    // The sides stand at bytes 16…23 of a PNG; the checksum of IHDR follows at 29.
    var png = try PictureFixtures.bytes("rgb-8.png")
    png.replaceSubrange(16..<24, with: [0x00, 0x01, 0x86, 0xA0, 0x00, 0x01, 0x86, 0xA0])
    png.replaceSubrange(29..<33, with: checksum(png[12..<29]))
    let tooMany = fcnError { _ = try Image(decoding: png) }
    #expect(tooMany?.kind == .outOfMemory)
    #expect(tooMany?.message.contains("100000×100000") == true)

    // Within the limit, yet more than the file can hold.
    png.replaceSubrange(16..<24, with: [0x00, 0x00, 0x3F, 0xFF, 0x00, 0x00, 0x3F, 0xFF])
    png.replaceSubrange(29..<33, with: checksum(png[12..<29]))
    let tooShort = fcnError { _ = try Image(decoding: png) }
    #expect(tooShort?.kind == .corrupt)
    #expect(tooShort?.message.contains("16383×16383") == true)

    var jpeg = try PictureFixtures.bytes("jpeg-444.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(fcnError { _ = try Image(decoding: jpeg) }?.kind == .outOfMemory)
  }

  @Test func aJPEGOfEndlessScansIsRefused() throws {
    let jpeg = try PictureFixtures.bytes("jpeg-progressive.jpg")
    let scan = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xDA]) })
    let tables = [UInt8]([0xFF, 0xC4])
    let end = try #require(jpeg.indices.first { $0 > scan && jpeg[$0...].starts(with: tables) })
    let repeated = (0..<100).flatMap { _ in jpeg[scan..<end] }
    let error = fcnError { _ = try Image(decoding: jpeg[..<end] + repeated + jpeg[end...]) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("scans") == true)
  }

  @Test func malformedEXIFLeavesThePictureAsItIs() throws {
    let jpeg = try PictureFixtures.bytes("jpeg-orientation-1.jpg")
    let plain = try Image(decoding: jpeg)
    let tiff = try #require(jpeg.indices.first { jpeg[$0...].starts(with: Array("II*\0".utf8)) })
    // A directory beyond the data; one at the last byte; an orientation of 9; an entry of another type.
    for (offset, value) in [(4, 0xFF), (4, 25), (18, 9), (12, 4)] as [(Int, UInt8)] {
      var damaged = jpeg
      damaged[tiff + offset] = value
      #expect(try Image(decoding: damaged) == plain)
    }
  }

  @Test func dataOfAnotherKindIsNamed() {
    func message(_ bytes: [UInt8]) -> String {
      let error = fcnError { _ = try Image(decoding: bytes) }
      return error?.kind == .unsupported ? error?.message ?? "" : ""
    }
    #expect(message([]).contains("empty"))
    #expect(message(Array("GIF89a…………".utf8)).contains("GIF"))
    #expect(message(Array("root:x:0:0".utf8)).contains("neither PNG nor JPEG"))
    #expect(
      fcnError { _ = try Image(contentsOf: "/nowhere/at all.png") }?.message
        .hasPrefix("/nowhere/at all.png: ") == true)
  }

  @Test func labelsThatAreNotIndicesAreExplained() throws {
    let jpeg = try PictureFixtures.bytes("jpeg-grey.jpg")
    #expect(fcnError { _ = try LabelMap(decoding: jpeg) }?.message.contains("JPEG") == true)
    let deep = try PictureFixtures.bytes("grey-16.png")
    #expect(fcnError { _ = try LabelMap(decoding: deep) }?.message.contains("16-bit") == true)
    var image = try Image(width: 3, height: 2, colour: RGB(128, 0, 0))
    image.pixels.replaceSubrange(12..<15, with: [1, 2, 3])
    let error = fcnError { _ = try LabelMap(decoding: image.encodedPNG()) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("(1, 2, 3) at x 1, y 1") == true)
  }

  /// CRC-32 of a PNG chunk, as four bytes.
  private func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return (0..<4).map { UInt8(truncatingIfNeeded: ~crc >> UInt32(24 - 8 * $0)) }
  }
}
