/// A label map as polygons, for programs in which people correct labels by hand.
public struct LabelPolygons: Sendable {
  /// The outline of a region.
  public struct Polygon: Sendable, Hashable {
    /// The class, or `LabelMap.ignore`.
    public var label: Int
    /// Its corners, centres of pixels counted from 0: three at least, of which some are the same where the
    /// region has only one or two pixels.
    public var points: [SIMD2<Int>]
  }

  /// The picture's columns.
  public let width: Int
  /// The picture's rows.
  public let height: Int
  /// In the order in which they are to be drawn: what lies within another comes after it.
  public let polygons: [Polygon]

  /// Polygons that, each filled with its line, in their order, draw `map` again: exactly where `tolerance`
  /// is 0, else with borders up to so many pixels away. Regions of fewer than `smallest` pixels become
  /// part of the neighbour with which they have the longest border.
  ///
  /// Polygons have no holes: what lies in a hole of a region is drawn over it. So pixels of
  /// `background`, a class that is what nobody drew, get polygons only within others.
  public init(
    _ map: LabelMap, tolerance: Double = 1, smallest: Int = 1, background: Int? = nil
  ) throws {
    (width, height) = (map.width, map.height)
    let found = try LabelRegions(try map.absorbingRegions(below: smallest))
    // A rectangle around what lies in a hole is smaller than that around the whole.
    let order = found.regions.indices.sorted {
      (-found.regions[$0].boxArea, $0) < (-found.regions[$1].boxArea, $1)
    }
    let contours = found.regions.indices.map { found.contour(of: $0) }
    var polygons: [Polygon] = []
    for index in order {
      let label = Int(found.regions[index].label)
      if label == background, !found.isEnclosed(index, contours) { continue }
      let points = ContourSimplification.simplified(contours[index], tolerance: tolerance)
      polygons.append(Polygon(label: label, points: LabelPolygons.closed(points)))
      try requireMemoryToGrow(polygons.count, bytesEach: 256)
    }
    self.polygons = polygons
  }

  /// At least three points.
  private static func closed(_ points: [PixelPlace]) -> [SIMD2<Int>] {
    let places = points.map { SIMD2($0.x, $0.y) }
    guard let first = places.first else { return [] }
    return places + [SIMD2<Int>](repeating: first, count: max(0, 3 - places.count))
  }

  /// The polygons as a file of labelme's. `name` says what it calls each label; `picture` is the picture's
  /// path as seen from the file.
  package func labelme(picture: String, name: (Int) -> String) -> JSON {
    let shapes = polygons.map { polygon -> JSON in
      [
        "label": .string(name(polygon.label)),
        "points": .array(polygon.points.map { .array([.number($0.x), .number($0.y)]) }),
        "group_id": nil, "description": "", "shape_type": "polygon", "flags": .object([]),
        "mask": nil,
      ]
    }
    return [
      "version": "5.5.0", "flags": .object([]), "shapes": .array(shapes),
      "imagePath": .string(picture), "imageData": nil, "imageHeight": .number(height),
      "imageWidth": .number(width),
    ]
  }
}

extension LabelRegions {
  /// Whether a region lies in a hole of another. `contours` are those of all regions.
  fileprivate func isEnclosed(_ index: Int, _ contours: [[PixelPlace]]) -> Bool {
    let pixel = PixelPlace(x: regions[index].first % width, y: regions[index].first / width)
    var region = index
    // What is above a region's first pixel encloses it or lies, with it, in the same hole, if in any.
    while regions[region].first >= width {
      region = Int(places[regions[region].first - width])
      if LabelRegions.encloses(contours[region], pixel) { return true }
    }
    return false
  }

  /// Whether a pixel that is not on `contour` is within.
  private static func encloses(_ contour: [PixelPlace], _ pixel: PixelPlace) -> Bool {
    var isWithin = false
    for (i, a) in contour.enumerated() {
      let b = contour[(i + 1) % contour.count]
      // Steps are of one row, so a line that passes the pixel's row does so in a point of the contour.
      guard (a.y > pixel.y) != (b.y > pixel.y) else { continue }
      if (a.y > pixel.y ? b.x : a.x) > pixel.x { isWithin.toggle() }
    }
    return isWithin
  }
}
