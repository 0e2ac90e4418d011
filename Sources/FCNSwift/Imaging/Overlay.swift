extension Image {
  /// The picture with every labelled pixel mixed with its class's colour; `ignore` pixels stay.
  ///
  /// `opacity` is the colour's part, 0 (the picture alone) to 1 (the colours alone). Labels beyond
  /// `palette` get the VOC palette's colours. Throws `shapeMismatch` where the sizes differ and
  /// `invalidArgument` for another opacity.
  public func overlaying(_ labels: LabelMap, palette: [RGB], opacity: Float = 0.5) throws -> Image {
    try LabelView.checkSize(labels.width, labels.height, over: (width, height))
    let colours = try OverlayColours(palette, opacity: opacity)
    try requireMemory(pixels.count)
    var result = self
    result.pixels.withUnsafeMutableBufferPointer { pixels in
      labels.labels.withUnsafeBufferPointer { labels in
        guard let pixels = pixels.baseAddress else { return }
        for (i, label) in labels.enumerated() { colours.mix(label, into: pixels + 3 * i) }
      }
    }
    return result
  }
}

/// What labels are mixed with pixels by.
struct OverlayColours {
  private let colours: [RGB]
  /// The colours' part, of 256.
  private let part: Int

  /// Throws `invalidArgument` for an opacity that is none.
  init(_ palette: [RGB], opacity: Float = 0.5) throws {
    guard opacity >= 0, opacity <= 1 else {
      throw FCNError(
        .invalidArgument, "an overlay opacity of \(opacity) was given; it goes from 0 to 1")
    }
    colours = Palette.extended(palette)
    part = Int((opacity * 256).rounded())
  }

  /// Mixes the colour of `label` into the pixel of three bytes at `pixel`, unless it is `ignore`.
  @inline(__always)
  func mix(_ label: UInt8, into pixel: UnsafeMutablePointer<UInt8>) {
    guard label != LabelMap.ignore else { return }
    func mixed(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8(truncatingIfNeeded: (Int(below) * (256 - part) + Int(above) * part + 128) >> 8)
    }
    let colour = colours[Int(label)]
    pixel[0] = mixed(pixel[0], colour.red)
    pixel[1] = mixed(pixel[1], colour.green)
    pixel[2] = mixed(pixel[2], colour.blue)
  }

  /// Puts the colour of `label` to the pixel of three bytes at `pixel`; that of `ignore` is VOC's border's.
  func put(_ label: UInt8, into pixel: UnsafeMutablePointer<UInt8>) {
    let colour = colours[Int(label)]
    (pixel[0], pixel[1], pixel[2]) = (colour.red, colour.green, colour.blue)
  }
}

extension LabelMap {
  /// The map as a picture: each label in its colour of `palette`, labels beyond it in the VOC
  /// palette's, `ignore` in VOC's border colour.
  public func coloured(palette: [RGB]) -> Image {
    let colours = Palette.extended(palette)
    let count = labels.count
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { output, initialized in
      labels.withUnsafeBufferPointer { labels in
        colours.withUnsafeBufferPointer { colours in
          for (i, label) in labels.enumerated() {
            let colour = colours[Int(label)]
            output[3 * i] = colour.red
            output[3 * i + 1] = colour.green
            output[3 * i + 2] = colour.blue
          }
        }
      }
      initialized = count * 3
    }
    return Image(checkedWidth: width, height: height, pixels: pixels)
  }
}
