import CDeviceCalls

/// The pictures of a batch as they travel to a device: what describes them, where size rules need them
/// the ticks between which scores are resized and the filters by which pictures are, then their bytes.
/// On the device, what pictures are resized to follows.
struct DeviceBatch: Hashable {
  /// What of a picture decides how it is laid out.
  struct Picture: Hashable {
    let width, height: Int
    /// At which size the network sees it.
    let networkWidth, networkHeight: Int
    /// Bytes of a pixel, and where red, green and blue stand among them.
    let pixelBytes, red, green, blue: Int
    let format: PixelView.Format

    init(_ picture: PixelView, _ size: (width: Int, height: Int)) {
      (width, height) = (picture.width, picture.height)
      (networkWidth, networkHeight) = size
      format = picture.format
      pixelBytes = picture.format.bytesPerPixel
      (red, green, blue) = picture.format.channelOffsets
    }

    var isScaled: Bool { (width, height) != (networkWidth, networkHeight) }
    var rowBytes: Int { width * pixelBytes }
    var byteCount: Int { rowBytes * height }
    var pixelCount: Int { width * height }
    /// Bytes of the ticks of its scores.
    var tickByteCount: Int { isScaled ? (width + height) * MemoryLayout<fcn_tick>.stride : 0 }
  }

  let pictures: [Picture]

  /// Throws where the size rule asks for a size that pictures cannot have.
  init(_ pictures: ArraySlice<PixelView>, _ preprocessing: Preprocessing) throws {
    self.pictures = try pictures.map {
      let picture = Picture($0, preprocessing.networkSize(width: $0.width, height: $0.height))
      try picture.checkResizing()
      return picture
    }
  }

  /// Pictures that have the network's size already.
  init(_ pictures: ArraySlice<PixelView>) {
    self.pictures = pictures.map { Picture($0, ($0.width, $0.height)) }
  }

  /// Where the ticks of picture `n` begin: of its rows, then of its columns.
  func tickOffset(_ n: Int) -> Int {
    pictures[..<n].reduce(pictures.count * MemoryLayout<fcn_picture>.stride) {
      $0 + $1.tickByteCount + $1.filterByteCount
    }
  }

  /// Where the filters of picture `n` begin: of its columns, then of its rows.
  func filterOffset(_ n: Int) -> Int { tickOffset(n) + pictures[n].tickByteCount }

  /// Where the bytes of picture `n` begin.
  func byteOffset(_ n: Int) -> Int {
    pictures[..<n].reduce(roundUp(tickOffset(pictures.count), toMultipleOf: 256)) {
      $0 + roundUp($1.byteCount, toMultipleOf: 256)
    }
  }

  /// Bytes that travel.
  var byteCount: Int { byteOffset(pictures.count) }

  /// Where the labels of picture `n` begin, one byte a pixel.
  func labelOffset(_ n: Int) -> Int { pictures[..<n].reduce(0) { $0 + $1.pixelCount } }

  /// Labels in all.
  var labelCount: Int { labelOffset(pictures.count) }

  /// Whether a picture is not of the size at which the network sees it.
  var isScaled: Bool { pictures.contains { $0.isScaled } }

  /// Whether one launch makes all labels.
  var isUniform: Bool { pictures.allSatisfy { $0 == pictures[0] } && !isScaled }

  /// Lays out descriptions, ticks and filters at `base`. Throws `outOfMemory` where filters have no
  /// room.
  func writeHeader(to base: UnsafeMutableRawPointer) throws {
    for (n, picture) in pictures.enumerated() {
      base.storeBytes(
        of: description(of: n), toByteOffset: n * MemoryLayout<fcn_picture>.stride,
        as: fcn_picture.self)
      guard picture.isScaled else { continue }
      try picture.writeFilters(to: base + filterOffset(n))
      try BilinearAxis.requireMemory(height: picture.height, width: picture.width)
      let ticks =
        BilinearAxis(from: picture.networkHeight, to: picture.height).ticks
        + BilinearAxis(from: picture.networkWidth, to: picture.width).ticks
      ticks.withUnsafeBytes {
        (base + tickOffset(n)).copyMemory(
          from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count)
      }
    }
  }

  /// Picture `n` as preprocessing finds it: where it was resized, RGB.
  private func description(of n: Int) -> fcn_picture {
    let picture = pictures[n]
    if picture.isScaled {
      return fcn_picture(
        offset: Int64(resizedOffset(n)), width: Int32(picture.networkWidth),
        height: Int32(picture.networkHeight), row_stride: Int32(3 * picture.networkWidth),
        pixel_bytes: 3, red: 0, green: 1, blue: 2, reserved: 0)
    }
    return fcn_picture(
      offset: Int64(byteOffset(n)), width: Int32(picture.width), height: Int32(picture.height),
      row_stride: Int32(picture.rowBytes), pixel_bytes: Int32(picture.pixelBytes),
      red: Int32(picture.red), green: Int32(picture.green), blue: Int32(picture.blue),
      reserved: 0)
  }

  /// Copies the bytes of `view`, which is picture `n`.
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

/// A block of pinned memory and one on the device.
final class DeviceStaging {
  let host: PinnedMemory
  let device: DeviceMemory

  /// Bytes of both, and of scratch memory that follows them on the device.
  init(_ byteCount: Int, scratch: Int = 0, _ context: DeviceContext) throws {
    host = try PinnedMemory(byteCount, in: context)
    device = try DeviceMemory(byteCount + scratch, in: context)
  }

  var byteCount: Int { device.byteCount }
}
