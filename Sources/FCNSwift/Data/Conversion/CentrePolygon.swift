/// Polygons as pycocotools fills them: pixels whose centres lie inside, by the even-odd rule, of an
/// outline whose corners, and places between them, are rounded to fifths of a pixel.
enum CentrePolygon {
  /// Parts of a pixel.
  private static let parts = 5
  /// In fifths, what lies before a pixel's centre.
  private static let half = 2

  static func mask(
    of points: [PlanePoint], in size: PictureExamination.Size
  ) throws -> RegionMask {
    let corners = points.map { (u: fifths($0.x), v: fifths($0.y)) }
    guard let first = corners.first else {
      return try RegionMask(columns: 0...0, rows: -1...(-1), in: size)
    }
    var (us, vs) = (first.u...first.u, first.v...first.v)
    for corner in corners {
      us = min(us.lowerBound, corner.u)...max(us.upperBound, corner.u)
      vs = min(vs.lowerBound, corner.v)...max(vs.upperBound, corner.v)
    }
    var mask = try RegionMask(
      columns: pixel(us.lowerBound)...pixel(us.upperBound),
      rows: pixel(vs.lowerBound)...pixel(vs.upperBound), in: size)
    // A pixel is 1 where, going down its column, an outline is crossed before it.
    for (index, a) in corners.enumerated() {
      cross(&mask, a, corners[index + 1 < corners.count ? index + 1 : 0])
    }
    let width = mask.columns.count
    for index in mask.pixels.indices.dropFirst(width) {
      mask.pixels[index] ^= mask.pixels[index - width]
    }
    return mask
  }

  /// A coordinate in fifths of a pixel.
  private static func fifths(_ coordinate: Double) -> Int {
    let bounded = max(-PlanePoint.largest, min(PlanePoint.largest, coordinate))
    return Int((Double(parts) * bounded + 0.5).rounded(.towardZero))
  }

  /// The first pixel whose centre does not lie before `fifths`.
  private static func pixel(_ fifths: Int) -> Int {
    let (quotient, rest) = (fifths - half).quotientAndRemainder(dividingBy: parts)
    return quotient + (rest > 0 ? 1 : 0)
  }

  /// Notes where the side from `a` to `b` crosses the middles of columns.
  private static func cross(
    _ mask: inout RegionMask, _ a: (u: Int, v: Int), _ b: (u: Int, v: Int)
  ) {
    let (width, height) = (abs(b.u - a.u), abs(b.v - a.v))
    guard width > 0 else { return }
    let isFlat = width >= height
    let (from, to) = (isFlat ? a.u > b.u : a.v > b.v) ? (b, a) : (a, b)
    let slope =
      isFlat ? Double(to.v - from.v) / Double(width) : Double(to.u - from.u) / Double(height)
    let (least, most) = (min(a.u, b.u), max(a.u, b.u))
    let first = max(mask.columns.lowerBound, pixel(least))
    let end = min(mask.columns.upperBound, pixel(most))
    guard first < end else { return }
    for x in first..<end {
      // The fifth before the middle, and the one behind it.
      let before = parts * x + half
      let v: Int
      if isFlat {
        func level(_ u: Int) -> Int { rounded(Double(from.v) + slope * Double(u - from.u)) }
        v = min(level(before), level(before + 1))
      } else {
        v = from.v + steps(from.u, slope, to: before, of: height) - 1
      }
      toggle(&mask, x, from: max(0, pixel(v)))
    }
  }

  /// Of a side that goes down from `start` by `slope` a step: after how many steps it has passed from
  /// `before` to the fifth behind it, or back.
  private static func steps(
    _ start: Int, _ slope: Double, to before: Int, of count: Int
  ) -> Int {
    func hasPassed(_ step: Int) -> Bool {
      let u = rounded(Double(start) + slope * Double(step))
      return slope > 0 ? u > before : u <= before
    }
    let guess = (Double(before) + 0.5 - Double(start)) / slope
    var step = Int(max(1, min(Double(count), guess)))
    while step > 1, hasPassed(step - 1) { step -= 1 }
    while step < count, !hasPassed(step) { step += 1 }
    return step
  }

  private static func rounded(_ value: Double) -> Int { Int((value + 0.5).rounded(.towardZero)) }

  private static func toggle(_ mask: inout RegionMask, _ x: Int, from y: Int) {
    guard y < mask.rows.upperBound else { return }
    let row = max(y, mask.rows.lowerBound) - mask.rows.lowerBound
    mask.pixels[row * mask.columns.count + x - mask.columns.lowerBound] ^= 1
  }
}
