import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// How many bytes a picture's file may have, by what it begins with.
struct PictureLimitTests {
  private func limit(_ start: [UInt8]) -> Int? {
    start.withUnsafeBytes { EncodedPicture.largestByteCount(startingWith: $0) }
  }

  @Test func whatIsNoPictureIsNotReadOn() {
    #expect(limit([]) == nil)
    #expect(limit(Array("GIF89a, and so on".utf8)) == nil)
    #expect(limit([UInt8](repeating: 0, count: 4096)) == nil)
  }

  @Test func theSizeInTheHeaderDecides() throws {
    let image = try Image(width: 30, height: 20)
    let (png, jpeg) = (try image.encodedPNG(), try image.encodedJPEG())
    let besides = 1 << 26
    #expect(limit(png) == 30 * 20 * 4 * 4 + besides)
    #expect(limit(jpeg) == 30 * 20 * 3 * 4 + besides)
    // A JPEG with more than is looked at before its frame, and sizes beyond what is decoded.
    let largest = 4 * Image.largestPixelCount * 4 + besides
    #expect(limit(Array(jpeg.prefix(30))) == largest)
    var huge = png
    for i in 16..<24 { huge[i] = 0x7F }
    #expect(limit(huge) == largest)
  }

  /// Pictures may come through a pipe, in pieces, and longer than what is looked at first.
  @Test func picturesComeThroughPipes() throws {
    let folder = try TemporaryFolder()
    var image = try Image(width: 500, height: 400)
    var generator = SeededGenerator(seed: 5)
    for i in image.pixels.indices { image.pixels[i] = UInt8(generator.integer(in: 0..<256)) }
    let bytes = try image.encodedPNG()
    #expect(bytes.count > File.startLength)
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let writer = Thread {
      guard let handle = FileHandle(forWritingAtPath: pipe) else { return }
      for start in stride(from: 0, to: bytes.count, by: 10_000) {
        handle.write(Data(bytes[start..<min(bytes.count, start + 10_000)]))
      }
      try? handle.close()
    }
    writer.start()
    #expect(try Image(contentsOf: pipe) == image)
  }
}
