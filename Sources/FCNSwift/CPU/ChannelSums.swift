import CIntrinsics
import FCNLoopTypes

/// Sums over the channels of a value in blocks: a few thousand pixels at a time, then those parts, in order.
struct ChannelSums {
  let shape: Shape

  /// Pixels of a part, so that there are tasks enough.
  private static let pixels = 4096
  private var parts: Int { (shape.planeCount + Self.pixels - 1) / Self.pixels }
  /// In whole blocks.
  var channels: Int { roundUp(shape.c, toMultipleOf: channelBlock) }

  /// Floats' room for the sums of all parts, [picture][part][channel].
  var partCount: Int { shape.n * parts * channels }

  /// Calls `body` for each part of `pictures`, with its pixels, its block of channels and where its sums go.
  func forEachPart(
    of pictures: Range<Int>, _ workers: Workers,
    _ body: @escaping (_ pixels: Range<Int>, _ block: Int, _ place: Int) -> Void
  ) {
    let (shape, parts, channels) = (shape, parts, channels)
    let blocks = channels / channelBlock
    workers.run(pictures.count * blocks * parts) { task, _ in
      let block = task / parts % blocks
      let picture = pictures.lowerBound + task / (parts * blocks)
      let plane = (block * shape.n + picture) * shape.planeCount
      let pixels = part(task % parts, of: shape.planeCount, size: Self.pixels)
      body(
        plane + pixels.lowerBound..<plane + pixels.upperBound, block,
        (picture * parts + task % parts) * channels + block * channelBlock)
    }
  }

  /// What `value` gives for each of `pixels`, a part, added up.
  @inline(__always)
  static func sum(_ pixels: Range<Int>, _ value: (Int) -> SIMD16<Float>) -> SIMD16<Float> {
    var total = SIMD16<Float>()
    var first = pixels.lowerBound
    while first < pixels.upperBound {
      let next = min(pixels.upperBound, first + 256)
      var few = SIMD16<Float>()
      for pixel in first..<next { few += value(pixel) }
      total += few
      first = next
    }
    return total
  }

  /// What the parts' sums of channel `channel` add up to.
  func total(_ sums: UnsafePointer<Float>, _ channel: Int) -> Double {
    var total = 0.0
    for part in 0..<shape.n * parts { total += Double(sums[part * channels + channel]) }
    return total
  }

  /// Sums the gradients of `pictures`, having set those to zero, where they lie, whose value of `rectified`
  /// is not above zero.
  func add(
    _ gradient: UnsafeMutablePointer<Float>, rectified: UnsafePointer<Float>?,
    _ pictures: Range<Int>, to sums: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    let gradients = gradient.pixels
    let values = rectified.map(\.pixels)
    forEachPart(of: pictures, workers) { pixels, _, place in
      (sums + place).pixels.pointee =
        if let values {
          Self.sum(pixels) {
            let kept = fcn_where_positive(gradients[$0], values[$0])
            gradients[$0] = kept
            return kept
          }
        } else {
          Self.sum(pixels) { gradients[$0] }
        }
    }
  }
}
