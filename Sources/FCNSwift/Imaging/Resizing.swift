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
    return try made(width: newWidth, height: height) {
      try filter.makeRows($1, of: $0, width: width, height: height, pause)
    }
  }

  private func resizedVertically(
    to newHeight: Int, _ pause: (() throws -> Void)?
  ) throws -> Image {
    let filter = try TriangleFilter(from: height, to: newHeight)
    return try made(width: width, height: newHeight) {
      try filter.makeColumns($1, of: $0, rowSize: width * 3, pause)
    }
  }

  /// The picture that `make` makes of this one's pixels.
  private func made(
    width: Int, height: Int,
    _ make: (UnsafePointer<UInt8>, _ made: UnsafeMutablePointer<UInt8>) throws -> Void
  ) throws -> Image {
    let count = width * height * 3
    let result = try [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      try pixels.withUnsafeBufferPointer { pixels in
        guard let source = pixels.baseAddress, let output = output.baseAddress else { return }
        try make(source, output)
      }
      initialized = count
    }
    return Image(checkedWidth: width, height: height, pixels: result)
  }
}

extension PixelView {
  /// The picture at another size, as `Image.resized` makes it, in memory that can be refused.
  func resized(width newWidth: Int, height newHeight: Int) throws -> HeldPicture {
    guard format == .rgb8, rowStride == width * 3, (newWidth, newHeight) != (width, height) else {
      let copy = try HeldPicture(copying: self)
      return (newWidth, newHeight) == (width, height)
        ? copy : try copy.view().resized(width: newWidth, height: newHeight)
    }
    // Between the passes the picture is new in one direction only.
    var between: HeldPicture?
    if newWidth != width {
      let made = try HeldPicture(width: newWidth, height: height)
      try TriangleFilter(from: width, to: newWidth)
        .makeRows(made.pixels, of: row(0), width: width, height: height, nil)
      if newHeight == height { return made }
      between = made
    }
    let result = try HeldPicture(width: newWidth, height: newHeight)
    let source = between.map { UnsafePointer($0.pixels) } ?? row(0)
    try withExtendedLifetime(between) {
      try TriangleFilter(from: height, to: newHeight)
        .makeColumns(result.pixels, of: source, rowSize: newWidth * 3, nil)
    }
    return result
  }
}

extension TriangleFilter {
  /// Makes the pixels of all rows of `source`, of `width` pixels, anew.
  fileprivate func makeRows(
    _ output: UnsafeMutablePointer<UInt8>, of source: UnsafePointer<UInt8>, width: Int, height: Int,
    _ pause: (() throws -> Void)?
  ) throws {
    try weights.withUnsafeBufferPointer { weights in
      try firsts.withUnsafeBufferPointer { firsts in
        guard let weights = weights.baseAddress else { return }
        var to = output
        for y in 0..<height {
          try pause?()
          let row = source + y * width * 3
          for x in firsts.indices {
            var (red, green, blue) = TriangleFilter.zero
            var from = row + firsts[x] * 3
            let weight = weights + x * taps
            for tap in 0..<taps {
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

  /// Makes new rows of those of `source`, of `rowSize` bytes each.
  fileprivate func makeColumns(
    _ output: UnsafeMutablePointer<UInt8>, of source: UnsafePointer<UInt8>, rowSize: Int,
    _ pause: (() throws -> Void)?
  ) throws {
    try withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowSize) { sums in
      guard let sums = sums.baseAddress else { return }
      for y in firsts.indices {
        try pause?()
        sums.initialize(repeating: TriangleFilter.zero.0, count: rowSize)
        for tap in 0..<taps {
          let weight = weights[y * taps + tap]
          let row = source + (firsts[y] + tap) * rowSize
          for i in 0..<rowSize { sums[i] &+= weight &* Int32(row[i]) }
        }
        let to = output + y * rowSize
        for i in 0..<rowSize { to[i] = TriangleFilter.byte(sums[i]) }
      }
    }
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
    let columns = (0..<newWidth).map { LabelView.nearest($0, from: width, to: newWidth) }
    let result = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      labels.withUnsafeBufferPointer { labels in
        columns.withUnsafeBufferPointer { columns in
          guard let source = labels.baseAddress, var to = output.baseAddress else { return }
          for y in 0..<newHeight {
            let row = source + LabelView.nearest(y, from: height, to: newHeight) * width
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
