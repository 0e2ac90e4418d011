extension Image {
  /// The picture with every labelled pixel mixed with its class's colour; `ignore` pixels stay.
  ///
  /// `opacity` is the colour's part, 0 (the picture alone) to 1 (the colours alone). Labels beyond
  /// `palette` get the VOC palette's colours. Throws `shapeMismatch` where the sizes differ and
  /// `invalidArgument` for another opacity.
  public func overlaying(_ labels: LabelMap, palette: [RGB], opacity: Float = 0.5) throws -> Image {
    guard labels.width == width, labels.height == height else {
      throw FCNError(
        .shapeMismatch,
        "a label map of \(labels.width)×\(labels.height) was to be laid over a picture of "
          + "\(width)×\(height); resize one of them")
    }
    guard opacity >= 0, opacity <= 1 else {
      throw FCNError(
        .invalidArgument, "an overlay opacity of \(opacity) was given; it goes from 0 to 1")
    }
    let colours = Palette.extended(palette)
    let part = Int((opacity * 256).rounded())
    func mixed(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8(truncatingIfNeeded: (Int(below) * (256 - part) + Int(above) * part + 128) >> 8)
    }
    try requireMemory(pixels.count)
    var result = self
    result.pixels.withUnsafeMutableBufferPointer { pixels in
      labels.labels.withUnsafeBufferPointer { labels in
        colours.withUnsafeBufferPointer { colours in
          for (i, label) in labels.enumerated() where label != LabelMap.ignore {
            let colour = colours[Int(label)]
            pixels[3 * i] = mixed(pixels[3 * i], colour.red)
            pixels[3 * i + 1] = mixed(pixels[3 * i + 1], colour.green)
            pixels[3 * i + 2] = mixed(pixels[3 * i + 2], colour.blue)
          }
        }
      }
    }
    return result
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
