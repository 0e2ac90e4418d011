extension Image {
  /// The picture at another size, smoothly: a triangle filter one pixel wide each way, widened by the
  /// factor when shrinking so that nothing is skipped. Pixel centres are at half integers.
  ///
  /// Throws as `init(width:height:)` does for sizes that a picture cannot have.
  public func resized(width newWidth: Int, height newHeight: Int) throws -> Image {
    try resized(width: newWidth, height: newHeight, pause: nil)
  }

  /// The same; `pause` is called now and then, and ends it by throwing.
  func resized(
    width newWidth: Int, height newHeight: Int, pause: (() throws -> Void)?
  ) throws -> Image {
    let count = try Image.pixelCount(width: newWidth, height: newHeight)
    // Between the passes the picture is new in one direction only.
    let countBetween = try Image.pixelCount(width: newWidth, height: height)
    try requireMemory((count + countBetween) * 3)
    var result = self
    if newWidth != width { result = try result.resizedHorizontally(to: newWidth, pause) }
    if newHeight != height { result = try result.resizedVertically(to: newHeight, pause) }
    return result
  }

  private func resizedHorizontally(
    to newWidth: Int, _ pause: (() throws -> Void)?
  ) throws -> Image {
    let filter = try TriangleFilter(from: width, to: newWidth)
    let count = newWidth * height * 3
    let result = try [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      try pixels.withUnsafeBufferPointer { pixels in
        try filter.weights.withUnsafeBufferPointer { weights in
          try filter.firsts.withUnsafeBufferPointer { firsts in
            guard let source = pixels.baseAddress, var to = output.baseAddress,
              let weights = weights.baseAddress
            else { return }
            for y in 0..<height {
              try pause?()
              let row = source + y * width * 3
              for x in 0..<newWidth {
                var (red, green, blue) = TriangleFilter.zero
                var from = row + firsts[x] * 3
                let weight = weights + x * filter.taps
                for tap in 0..<filter.taps {
                  red &+= weight[tap] &* Int32(from[0])
                  green &+= weight[tap] &* Int32(from[1])
                  blue &+= weight[tap] &* Int32(from[2])
                  from += 3
                }
                to[0] = TriangleFilter.byte(red)
                to[1] = TriangleFilter.byte(green)
                to[2] = TriangleFilter.byte(blue)
                to += 3
              }
            }
          }
        }
      }
      initialized = count
    }
    return Image(checkedWidth: newWidth, height: height, pixels: result)
  }

  private func resizedVertically(
    to newHeight: Int, _ pause: (() throws -> Void)?
  ) throws -> Image {
    let filter = try TriangleFilter(from: height, to: newHeight)
    let stride = width * 3
    let count = newHeight * stride
    let result = try [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      try withUnsafeTemporaryAllocation(of: Int32.self, capacity: stride) { sums in
        try pixels.withUnsafeBufferPointer { pixels in
          guard let source = pixels.baseAddress, let output = output.baseAddress,
            let sums = sums.baseAddress
          else { return }
          for y in 0..<newHeight {
            try pause?()
            sums.initialize(repeating: TriangleFilter.zero.0, count: stride)
            for tap in 0..<filter.taps {
              let weight = filter.weights[y * filter.taps + tap]
              let row = source + (filter.firsts[y] + tap) * stride
              for i in 0..<stride { sums[i] &+= weight &* Int32(row[i]) }
            }
            let to = output + y * stride
            for i in 0..<stride { to[i] = TriangleFilter.byte(sums[i]) }
          }
        }
      }
      initialized = count
    }
    return Image(checkedWidth: width, height: newHeight, pixels: result)
  }
}

extension LabelMap {
  /// The map at another size, each label being that of the nearest pixel: new column x takes old
  /// column ⌊(x + ½) · width / newWidth⌋. No label arises that was not there.
  ///
  /// Throws as `init(width:height:)` does for sizes that a map cannot have.
  public func resized(width newWidth: Int, height newHeight: Int) throws -> LabelMap {
    let count = try Image.pixelCount(width: newWidth, height: newHeight)
    try requireMemory(count)
    func nearest(_ index: Int, from: Int, to: Int) -> Int { (2 * index + 1) * from / (2 * to) }
    let columns = (0..<newWidth).map { nearest($0, from: width, to: newWidth) }
    let result = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      labels.withUnsafeBufferPointer { labels in
        columns.withUnsafeBufferPointer { columns in
          guard let source = labels.baseAddress, var to = output.baseAddress else { return }
          for y in 0..<newHeight {
            let row = source + nearest(y, from: height, to: newHeight) * width
            for x in 0..<newWidth { to[x] = row[columns[x]] }
            to += newWidth
          }
        }
      }
      initialized = count
    }
    return LabelMap(checkedWidth: newWidth, height: newHeight, labels: result)
  }
}
