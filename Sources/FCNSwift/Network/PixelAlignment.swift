/// Where a layer's pixels lie on the network's input along each axis: the centre of row (or column) i
/// is at scale · i + offset of the input.
///
/// Caffe's `coord_map` keeps the same book to find out how scores of differently padded layers are
/// to be cropped.
struct PixelAlignment: Sendable {
  /// Input pixels from one pixel's centre to the next.
  var scale = (h: 1.0, w: 1.0)
  /// Where the first pixel's centre lies, in input pixels.
  var offset = (h: 0.0, w: 0.0)

  /// The network's input itself.
  static let input = PixelAlignment()

  /// After a window has slid over it, each result standing at the window's centre.
  func slid(_ window: Window) -> PixelAlignment {
    PixelAlignment(
      scale: (scale.h * Double(window.stride.h), scale.w * Double(window.stride.w)),
      offset: (
        offset.h + scale.h * (Double(window.span.h - 1) / 2 - Double(window.padding.h)),
        offset.w + scale.w * (Double(window.span.w - 1) / 2 - Double(window.padding.w))
      ))
  }

  /// After the transpose of that.
  func unslid(_ window: Window) -> PixelAlignment {
    let finer = PixelAlignment(
      scale: (scale.h / Double(window.stride.h), scale.w / Double(window.stride.w)),
      offset: offset)
    return PixelAlignment(
      scale: finer.scale,
      offset: (
        offset.h - finer.scale.h * (Double(window.span.h - 1) / 2 - Double(window.padding.h)),
        offset.w - finer.scale.w * (Double(window.span.w - 1) / 2 - Double(window.padding.w))
      ))
  }

  /// After `rows.h` rows and `rows.w` columns at the beginning are cut off.
  func cropped(_ rows: Extent) -> PixelAlignment {
    PixelAlignment(
      scale: scale,
      offset: (offset.h + scale.h * Double(rows.h), offset.w + scale.w * Double(rows.w)))
  }

  /// The rows and columns to cut off so that what is left begins where `other` begins; nil where no
  /// whole number of them does that.
  func crop(to other: PixelAlignment) -> Extent? {
    guard scale == other.scale else { return nil }
    let rows = (other.offset.h - offset.h) / scale.h
    let columns = (other.offset.w - offset.w) / scale.w
    guard let h = Int(exactly: rows), let w = Int(exactly: columns), h >= 0, w >= 0 else {
      return nil
    }
    return Extent(h, w)
  }
}

/// An operation whose output pixels do not lie where its first input's do.
protocol MovesPixels {
  /// Where the output's pixels lie if the first input's lie so.
  func alignment(of input: PixelAlignment) -> PixelAlignment
}

extension Convolution: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.slid(window) }
}

extension MaxPool: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.slid(window) }
}

extension MaxPoolIndices: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.slid(window) }
}

extension MaxUnpool: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.unslid(window) }
}

extension TransposedConvolution: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.unslid(window) }
}

extension Crop: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.cropped(offset) }
}

extension AveragePool: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.slid(window) }
}

extension Pad: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.cropped(Extent(-top, -left)) }
}

extension DepthToSpace: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.unslid(.squares(of: block)) }
}

extension SpaceToDepth: MovesPixels {
  func alignment(of input: PixelAlignment) -> PixelAlignment { input.slid(.squares(of: block)) }
}

extension Window {
  /// Squares side by side.
  fileprivate static func squares(of side: Int) -> Window {
    let extent = Extent(side, side)
    return Window(kernel: extent, stride: extent, padding: 0, dilation: 1)
  }
}
