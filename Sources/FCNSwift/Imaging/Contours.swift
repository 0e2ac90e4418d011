/// A place on the pixel grid: the pixel of that column and row, or its centre.
struct PixelPlace: Hashable {
  var x: Int
  var y: Int
}

extension LabelRegions {
  /// The outer border of a region: its outermost pixels one after another, clockwise from its first one,
  /// each a neighbour of the one before by side or corner. Where the region is one pixel wide, pixels
  /// come twice, on the way there and back.
  ///
  /// The polygon through these pixels' centres, filled and its own line drawn, covers the region and what
  /// lies in its holes, and nothing else.
  func contour(of index: Int) -> [PixelPlace] {
    func holds(_ x: Int, _ y: Int) -> Bool {
      x >= 0 && y >= 0 && x < width && y < height && places[y * width + x] == Int32(index)
    }
    let first = regions[index].first
    let start = PixelPlace(x: first % width, y: first / width)
    var contour = [start]
    // Along the sides of pixels, the region on the right: first along the upper side of its first pixel.
    var (place, dx, dy) = (start, 1, 0)
    repeat {
      let (aheadX, aheadY) = (place.x + dx, place.y + dy)
      if !holds(aheadX, aheadY) {
        // The pixel's corner: on along its next side.
        (dx, dy) = (-dy, dx)
      } else if holds(aheadX + dy, aheadY - dx) {
        // An inner corner.
        place = PixelPlace(x: aheadX + dy, y: aheadY - dx)
        (dx, dy) = (dy, -dx)
        contour.append(place)
      } else {
        place = PixelPlace(x: aheadX, y: aheadY)
        contour.append(place)
      }
    } while place != start || (dx, dy) != (1, 0)
    if contour.count > 1, contour.last == start { contour.removeLast() }
    return contour
  }
}

/// A closed line through pixels, with fewer points.
struct ContourSimplification {
  /// `contour` without the points in the middle of straight lines: the same line.
  static func straightened(_ contour: [PixelPlace]) -> [PixelPlace] {
    guard contour.count > 2 else { return contour }
    let count = contour.count
    return contour.indices.compactMap { i in
      let (before, here, after) = (
        contour[(i + count - 1) % count], contour[i], contour[(i + 1) % count]
      )
      let goesOn = here.x - before.x == after.x - here.x && here.y - before.y == after.y - here.y
      return goesOn ? nil : here
    }
  }

  /// Points of `contour` such that no other is further than `tolerance` pixels from the line through them
  /// (Ramer 1972; Douglas and Peucker 1973). The first point stays, and that which is farthest from it.
  static func simplified(_ contour: [PixelPlace], tolerance: Double) -> [PixelPlace] {
    let points = straightened(contour)
    guard tolerance > 0, points.count > 3 else { return points }
    func distance(_ a: PixelPlace, _ b: PixelPlace) -> Int {
      (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)
    }
    let far = points.indices.max {
      distance(points[$0], points[0]) < distance(points[$1], points[0])
    }
    guard let far, far > 0 else { return points }
    var isKept = [Bool](repeating: false, count: points.count)
    (isKept[0], isKept[far]) = (true, true)
    // Parts of the line that are still to be looked at; the end of the last is the first point again.
    var parts = [(0, far), (far, points.count)]
    while let (from, to) = parts.popLast() {
      guard to - from > 1 else { continue }
      let (a, b) = (points[from], points[to % points.count])
      var (worst, index) = (tolerance * tolerance, -1)
      for i in from + 1..<to {
        let found = squaredDistance(points[i], a, b)
        if found > worst { (worst, index) = (found, i) }
      }
      guard index >= 0 else { continue }
      isKept[index] = true
      parts += [(from, index), (index, to)]
    }
    return points.indices.filter { isKept[$0] }.map { points[$0] }
  }

  /// The squared distance of `p` from the straight line between `a` and `b`, which ends there.
  private static func squaredDistance(_ p: PixelPlace, _ a: PixelPlace, _ b: PixelPlace) -> Double {
    let along = SIMD2(Double(b.x - a.x), Double(b.y - a.y))
    let offset = SIMD2(Double(p.x - a.x), Double(p.y - a.y))
    let length = (along * along).sum()
    let t = length > 0 ? max(0, min((offset * along).sum() / length, 1)) : 0
    let away = offset - along * t
    return (away * away).sum()
  }
}
