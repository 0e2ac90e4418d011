/// Polygons as `PIL.ImageDraw.polygon` fills them, which labelme's own export does.
///
/// Corners are cut to whole pixels. In each row the outline's crossings, taken two by two from the left,
/// bound what is covered, both ends rounded to pixels that count as covered. So an outline is a part of
/// what it encloses, and an area is half a pixel wider on every side than its corners say.
enum ClosedPolygon {
  /// A side that is not level: the rows it crosses, and where.
  private struct Side {
    let rows: ClosedRange<Int>
    let x: Float
    let y: Int
    let slope: Float
  }

  static func mask(
    of points: [PlanePoint], in size: PictureExamination.Size
  ) throws -> RegionMask {
    let corners = points.map { (x: wholePixel($0.x), y: wholePixel($0.y)) }
    guard let first = corners.first else {
      return try RegionMask(columns: 0...0, rows: -1...(-1), in: size)
    }
    var (columns, rows) = (first.x...first.x, first.y...first.y)
    for corner in corners {
      columns = min(columns.lowerBound, corner.x)...max(columns.upperBound, corner.x)
      rows = min(rows.lowerBound, corner.y)...max(rows.upperBound, corner.y)
    }
    var mask = try RegionMask(columns: columns, rows: rows, in: size)
    var sides: [Side] = []
    for (index, a) in corners.enumerated() {
      let b = corners[index + 1 < corners.count ? index + 1 : 0]
      if a.y == b.y {
        mask.cover(min(a.x, b.x)...max(a.x, b.x), row: a.y)
      } else {
        sides.append(
          Side(
            rows: min(a.y, b.y)...max(a.y, b.y), x: Float(a.x), y: a.y,
            slope: Float(b.x - a.x) / Float(b.y - a.y)))
      }
    }
    fill(&mask, sides.sorted { $0.rows.lowerBound < $1.rows.lowerBound }, last: rows.upperBound)
    return mask
  }

  /// Covers what lies between `sides`, which are in the order of their first rows.
  private static func fill(_ mask: inout RegionMask, _ sides: [Side], last: Int) {
    var active: [Side] = []
    var next = 0
    var crossings: [Float] = []
    for y in mask.rows {
      active.removeAll { $0.rows.upperBound < y }
      while next < sides.count, sides[next].rows.lowerBound <= y {
        if sides[next].rows.upperBound >= y { active.append(sides[next]) }
        next += 1
      }
      crossings.removeAll(keepingCapacity: true)
      for side in active {
        let x = Float(y - side.y) * side.slope + side.x
        crossings.append(x)
        // A side that ends here bounds nothing more, but its end is covered.
        if y == side.rows.upperBound, y < last { crossings.append(x) }
      }
      crossings.sort()
      for pair in stride(from: 1, to: crossings.count, by: 2) {
        let start = Int(crossings[pair - 1].rounded(.toNearestOrAwayFromZero))
        let end = Int(roundedTowardsZero(crossings[pair]))
        if start <= end { mask.cover(start...end, row: y) }
      }
    }
  }
}
