import Glibc

extension EncodedPicture {
  /// The most bytes that a file may have that begins with `start`: what its picture takes in the worst
  /// encoding, and room for all that stands beside it. nil for what is not worth reading on: neither PNG,
  /// JPEG nor TIFF, or seen to be damaged, or a PNG of more pixels than `largest`, where that is less than
  /// any may have. `start` holds the size of every picture but TIFFs and those with very much before it,
  /// which may have what the largest one takes.
  static func largestByteCount(
    startingWith start: UnsafeRawBufferPointer, atMost largest: Int = Image.largestPixelCount
  ) -> Int? {
    let isPNG = start.starts(with: [0x89, 0x50, 0x4E, 0x47])
    let samples =
      isPNG
      ? samplesOfPNG(start)
      : start.starts(with: [0xFF, 0xD8])
        ? samplesOfJPEG(start) : beginsAsTIFF(start) ? largestSampleCount : nil
    if isPNG, let samples, largest < Image.largestPixelCount, samples / 4 > largest { return nil }
    return samples.map { min($0, largestSampleCount) * bytesPerSample + besidePixels }
  }

  /// Two of a PNG's 16 bits, or two Huffman codes of JPEG's worst, and a little.
  private static let bytesPerSample = 4
  /// Profiles, previews and texts.
  private static let besidePixels = 1 << 26
  /// Four channels of as many pixels as a picture may have.
  private static let largestSampleCount = 4 * Image.largestPixelCount

  /// Four for each of a PNG's pixels; its first chunk, after 8 bytes, is the header.
  private static func samplesOfPNG(_ start: UnsafeRawBufferPointer) -> Int? {
    guard start.count >= 24, start[12..<16].elementsEqual("IHDR".utf8) else { return nil }
    return checkedProduct(number(start[16..<20]), number(start[20..<24]), 4) ?? largestSampleCount
  }

  /// The samples that a JPEG's frame header tells of, found by going from segment to segment; as many as
  /// there can be where it comes after `start`.
  private static func samplesOfJPEG(_ start: UnsafeRawBufferPointer) -> Int? {
    var place = 2
    while place + 10 <= start.count {
      guard start[place] == 0xFF else { return nil }
      let marker = start[place + 1]
      if marker == 0xFF {
        place += 1
        continue
      }
      // Frames are C0 to CF but for three that are tables.
      if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
        return checkedProduct(
          number(start[place + 5..<place + 7]), number(start[place + 7..<place + 9]),
          Int(start[place + 9]))
      }
      place += 2 + max(2, number(start[place + 2..<place + 4]))
    }
    return largestSampleCount
  }

  private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }
}

extension File {
  /// The contents of the picture file at `path`, or only their beginning where they are no picture: see
  /// `readPicture(descriptor:named:)`.
  static func readPicture(
    _ path: String, atMost largest: Int = Image.largestPixelCount
  ) throws -> [UInt8] {
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    return try readPicture(descriptor: descriptor, named: path, atMost: largest)
  }

  /// What an open file or pipe holds until its end, if it begins as a PNG, JPEG or TIFF does; otherwise only
  /// what it takes to say what it is. Throws `unsupported` where it goes on beyond what a picture of its
  /// size can have.
  static func readPicture(
    descriptor: Int32, named name: String, atMost largest: Int = Image.largestPixelCount
  ) throws -> [UInt8] {
    try read(descriptor: descriptor, named: name) {
      EncodedPicture.largestByteCount(startingWith: $0, atMost: largest)
    }
  }
}
