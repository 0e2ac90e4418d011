@testable import FCNSwift

// Pictures and labels.
extension FuzzTarget {
  /// Most pixels that are decoded here.
  private static let largest = 1 << 20

  static let pictures = [picture("png"), picture("jpeg"), picture("tiff"), labels]

  private static func picture(_ name: String) -> FuzzTarget {
    FuzzTarget(name: name) { bytes in
      _ = EncodedPicture.largestByteCount(
        startingWith: UnsafeRawBufferPointer(rebasing: bytes.prefix(4096)))
      _ = Orientation(ofJPEG: bytes)
      _ = Orientation(ofPNG: bytes)
      let encoded = try EncodedPicture(bytes, rowByRow: true)
      guard encoded.width * encoded.height <= largest else { return }
      let size = Result { try Image.checkedSize(ofEncoded: bytes) }
      let decoded = Result { try Image(decoding: bytes) }
      switch (size, decoded) {
      case (.success(let size), .success(let image)):
        require(size == (image.width, image.height), "a picture of another size than it says")
        try compareRows(image, bytes)
        let again = try Image(decoding: image.encodedPNG())
        require(again.pixels == image.pixels, "a picture changes in a PNG")
      case (.failure(let one), .failure): throw one
      default: require(false, "damage is seen one way and not the other: \(size), \(decoded)")
      }
    }
  }

  /// Row by row it is the same picture.
  private static func compareRows(_ image: Image, _ bytes: UnsafeRawBufferPointer) throws {
    let path = try FuzzFiles.write(bytes, "picture")
    let rows: PictureRows
    do {
      rows = try PictureRows(contentsOf: path)
    } catch let error as FCNError where error.kind == .unsupported {
      return
    }
    var pixels = [UInt8](repeating: 0, count: image.pixels.count)
    var first = 0
    while first < image.height {
      let count = min(3, image.height - first)
      let start = first * image.width * 3
      try pixels.withUnsafeMutableBytes {
        try rows.read(
          count,
          into: UnsafeMutableRawBufferPointer(rebasing: $0[start..<start + count * image.width * 3])
        )
      }
      first += count
    }
    require(pixels == image.pixels, "a picture is another one row by row")
  }

  /// Label files: PNG, NumPy's arrays, pickled arrays.
  private static let labels = FuzzTarget(name: "labels") { bytes in
    if let encoded = try? EncodedPicture(bytes, rowByRow: true) {
      guard encoded.width * encoded.height <= largest else { return }
    }
    let array = Array(bytes)
    let map =
      PickledArray.recognizes(array)
      ? try LabelMap(PickledArray(array)) : try LabelMap(decoding: bytes)
    let again = try LabelMap(decoding: map.encodedPNG(palette: Palette.voc(count: 256)))
    require(again == map, "labels change in a PNG")
  }
}
