import CDeviceCalls

/// The pictures of a batch as they travel to a device: what describes them, where size rules need them
/// the ticks between which scores are resized, then their bytes.
struct DeviceBatch: Hashable {
  /// What of a picture decides how it is laid out.
  struct Picture: Hashable {
    let width, height: Int
    /// At which size the network sees it.
    let networkWidth, networkHeight: Int
    /// Bytes of a pixel as it travels, and where red, green and blue stand among them.
    let pixelBytes, red, green, blue: Int

    init(_ picture: PixelView, _ size: (width: Int, height: Int)) {
      (width, height) = (picture.width, picture.height)
      (networkWidth, networkHeight) = size
      // Pictures that the host scales travel as RGB.
      let format = size == (picture.width, picture.height) ? picture.format : .rgb8
      pixelBytes = format.bytesPerPixel
      (red, green, blue) = format.channelOffsets
    }

    var isScaled: Bool { (width, height) != (networkWidth, networkHeight) }
    var rowBytes: Int { networkWidth * pixelBytes }
    var byteCount: Int { rowBytes * networkHeight }
    var pixelCount: Int { width * height }
  }

  let pictures: [Picture]

  init(_ pictures: ArraySlice<PixelView>, _ preprocessing: Preprocessing) {
    self.pictures = pictures.map {
      Picture($0, preprocessing.networkSize(width: $0.width, height: $0.height))
    }
  }

  /// Pictures that have the network's size already.
  init(_ pictures: ArraySlice<PixelView>) {
    self.pictures = pictures.map { Picture($0, ($0.width, $0.height)) }
  }

  /// Where the ticks of picture `n` begin: of its rows, then of its columns.
  func tickOffset(_ n: Int) -> Int {
    let before = pictures[..<n].reduce(0) { $0 + ($1.isScaled ? $1.width + $1.height : 0) }
    return pictures.count * MemoryLayout<fcn_picture>.stride
      + before * MemoryLayout<fcn_tick>.stride
  }

  /// Where the bytes of picture `n` begin.
  func byteOffset(_ n: Int) -> Int {
    pictures[..<n].reduce(roundUp(tickOffset(pictures.count), toMultipleOf: 256)) {
      $0 + roundUp($1.byteCount, toMultipleOf: 256)
    }
  }

  /// Bytes in all.
  var byteCount: Int { byteOffset(pictures.count) }

  /// Where the labels of picture `n` begin, one byte a pixel.
  func labelOffset(_ n: Int) -> Int { pictures[..<n].reduce(0) { $0 + $1.pixelCount } }

  /// Labels in all.
  var labelCount: Int { labelOffset(pictures.count) }

  /// Whether one launch makes all labels.
  var isUniform: Bool {
    pictures.allSatisfy { $0 == pictures[0] } && !pictures.contains { $0.isScaled }
  }

  /// Lays out descriptions and ticks at `base`.
  func writeHeader(to base: UnsafeMutableRawPointer) {
    for (n, picture) in pictures.enumerated() {
      let description = fcn_picture(
        offset: Int64(byteOffset(n)), width: Int32(picture.networkWidth),
        height: Int32(picture.networkHeight), row_stride: Int32(picture.rowBytes),
        pixel_bytes: Int32(picture.pixelBytes), red: Int32(picture.red),
        green: Int32(picture.green), blue: Int32(picture.blue), reserved: 0)
      base.storeBytes(
        of: description, toByteOffset: n * MemoryLayout<fcn_picture>.stride, as: fcn_picture.self)
      guard picture.isScaled else { continue }
      let ticks =
        BilinearAxis(from: picture.networkHeight, to: picture.height).ticks
        + BilinearAxis(from: picture.networkWidth, to: picture.width).ticks
      ticks.withUnsafeBytes {
        (base + tickOffset(n)).copyMemory(
          from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count)
      }
    }
  }

  /// Copies the bytes of `view`, which is picture `n` and already has the network's size.
  func writePixels(_ view: PixelView, _ n: Int, to base: UnsafeMutableRawPointer) {
    let target = base + byteOffset(n)
    let rowBytes = pictures[n].rowBytes
    if view.rowStride == rowBytes {
      target.copyMemory(from: view.row(0), byteCount: rowBytes * view.height)
    } else {
      for y in 0..<view.height {
        (target + y * rowBytes).copyMemory(from: view.row(y), byteCount: rowBytes)
      }
    }
  }
}

/// A block of pinned memory and one on the device, of one size; grown when more is wanted.
final class DeviceStaging {
  private(set) var host: PinnedMemory
  private(set) var device: DeviceMemory

  init(_ byteCount: Int, _ context: DeviceContext) throws {
    host = try PinnedMemory(byteCount, in: context)
    device = try DeviceMemory(byteCount, in: context)
  }

  var byteCount: Int { device.byteCount }
}
