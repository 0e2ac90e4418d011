import CDeviceCalls

// How pictures are resized on a device: as `Image.resized` does it, columns first, with its filters and
// to its bytes.

extension DeviceBatch.Picture {
  /// Throws where it is to become, or to be between the passes, what a picture cannot be.
  func checkResizing() throws {
    guard isScaled else { return }
    _ = try Image.pixelCount(width: networkWidth, height: networkHeight)
    _ = try Image.pixelCount(width: networkWidth, height: height)
  }

  /// Of columns and rows, as far as there are to be more or fewer.
  private var axes: [(old: Int, new: Int)] {
    [(width, networkWidth), (height, networkHeight)].filter { $0 != $1 }
  }

  /// Bytes of its filters: `firsts`, then `weights` of each, 32-bit integers.
  var filterByteCount: Int {
    axes.reduce(0) { $0 + 4 * $1.new * (1 + TriangleFilter.taps(from: $1.old, to: $1.new)) }
  }

  /// Lays out its filters.
  func writeFilters(to base: UnsafeMutableRawPointer) throws {
    var target = base.assumingMemoryBound(to: Int32.self)
    for axis in axes {
      let filter = try TriangleFilter(from: axis.old, to: axis.new)
      for values in [filter.firsts.map { Int32($0) }, filter.weights] {
        target.update(from: values, count: values.count)
        target += values.count
      }
    }
  }

  /// Bytes of what it becomes, RGB; 0 where it stays.
  fileprivate var resizedByteCount: Int { isScaled ? networkWidth * networkHeight * 3 : 0 }

  /// Bytes of what it is between the passes; 0 where there is one at most.
  fileprivate var betweenByteCount: Int { axes.count > 1 ? networkWidth * height * 3 : 0 }
}

extension DeviceBatch {
  /// Where, on the device, the bytes of what picture `n` becomes begin.
  func resizedOffset(_ n: Int) -> Int {
    pictures[..<n].reduce(byteCount) { $0 + roundUp($1.resizedByteCount, toMultipleOf: 256) }
  }

  /// Where each picture in its turn is new in one direction.
  fileprivate var betweenOffset: Int { resizedOffset(pictures.count) }

  /// Bytes on the device.
  var deviceByteCount: Int {
    betweenOffset + (pictures.map(\.betweenByteCount).max() ?? 0)
  }
}

extension DeviceStream {
  /// Hands over the resizing of the pictures of `batch`, which lies at `base`.
  func enqueueResizing(_ batch: DeviceBatch, _ base: CUDADriver.Address) throws {
    let function = try context.functions.function("resize", of: .resizing, [], context)
    for (n, picture) in batch.pictures.enumerated() {
      var call = fcn_resize_call(
        source: base + UInt64(batch.byteOffset(n)), target: 0,
        firsts: base + UInt64(batch.filterOffset(n)), weights: 0,
        row_stride: Int32(picture.rowBytes), pixel_bytes: Int32(picture.pixelBytes),
        red: Int32(picture.red), green: Int32(picture.green), blue: Int32(picture.blue),
        width: Int32(picture.width), height: Int32(picture.height), taps: 0,
        fraction: TriangleFilter.fraction, vertical: 0)
      func enqueue(from old: Int, to new: Int, isLast: Bool) throws {
        let taps = TriangleFilter.taps(from: old, to: new)
        call.target = base + UInt64(isLast ? batch.resizedOffset(n) : batch.betweenOffset)
        call.weights = call.firsts + UInt64(4 * new)
        call.taps = Int32(taps)
        try launch(function, over: Int(call.width) * Int(call.height), call)
        call.firsts = call.weights + UInt64(4 * new * taps)
        call.source = call.target
        (call.row_stride, call.pixel_bytes) = (3 * call.width, 3)
        (call.red, call.green, call.blue) = (0, 1, 2)
      }
      let staysHigh = picture.height == picture.networkHeight
      if picture.width != picture.networkWidth {
        call.width = Int32(picture.networkWidth)
        try enqueue(from: picture.width, to: picture.networkWidth, isLast: staysHigh)
      }
      if !staysHigh {
        (call.height, call.vertical) = (Int32(picture.networkHeight), 1)
        try enqueue(from: picture.height, to: picture.networkHeight, isLast: true)
      }
    }
  }
}
