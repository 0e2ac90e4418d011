/// A place in the plane of a picture, in pixels from its top left corner.
struct PlanePoint: Sendable, Hashable {
  var x: Double
  var y: Double

  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  /// The largest coordinate, of either sign, that is drawn.
  static let largest = Double(1 << 24)
}

/// Where a region is.
enum RegionShape: Sendable {
  /// An outline that covers, by the even-odd rule, the pixels it touches: see `ClosedPolygon`.
  case closedPolygon([PlanePoint])
  /// An outline that covers the pixels whose centres are in it: see `CentrePolygon`.
  case centrePolygon([PlanePoint])
  /// Two opposite corners, both covered.
  case rectangle(PlanePoint, PlanePoint)
  /// A disc by its centre and a point of its edge.
  case circle(PlanePoint, PlanePoint)
  /// A picture, not black where it covers, whose upper left pixel and lower right one lie at the points.
  case bitmap([UInt8], PlanePoint, PlanePoint)
  /// Runs of pixels, column by column, of a picture of `height` rows.
  case runs(RunLengths)
  /// Runs of pixels, row by row, within a box.
  case boxRuns(BoxRuns)
  /// The pixels whose centres an ellipse encloses: its middle, its half axes, and by how many degrees these
  /// are turned clockwise.
  case ellipse(PlanePoint, radii: PlanePoint, rotation: Double)

  /// The pixels that it covers of a picture of `size`. Throws `corrupt` where its own size is another.
  func mask(in size: PictureExamination.Size) throws -> RegionMask {
    switch self {
    case .closedPolygon(let points): try ClosedPolygon.mask(of: points, in: size)
    case .centrePolygon(let points): try CentrePolygon.mask(of: points, in: size)
    case .rectangle(let a, let b): try RegionMask(rectangle: a, b, in: size)
    case .circle(let centre, let edge): try RegionMask(circle: centre, edge, in: size)
    case .bitmap(let bytes, let a, let b): try RegionMask(bitmap: bytes, a, b, in: size)
    case .runs(let runs): try runs.mask(in: size)
    case .boxRuns(let runs): try runs.mask(in: size)
    case .ellipse(let centre, let radii, let rotation):
      try RegionMask(ellipse: centre, radii: radii, rotation: rotation, in: size)
    }
  }
}

/// Pixels of a part of a picture that are covered or not.
struct RegionMask: Sendable {
  /// Columns and rows of the picture that the part has.
  let columns: Range<Int>
  let rows: Range<Int>
  /// Row by row, 1 where covered.
  var pixels: [UInt8]

  /// Nothing covered. `columns` and `rows` are cut to the picture of `size`.
  init(columns: ClosedRange<Int>, rows: ClosedRange<Int>, in size: PictureExamination.Size) throws {
    func cut(_ range: ClosedRange<Int>, _ count: Int) -> Range<Int> {
      let start = min(max(0, range.lowerBound), count)
      return start..<max(start, min(range.upperBound + 1, count))
    }
    self.columns = cut(columns, size.width)
    self.rows = cut(rows, size.height)
    try requireMemory(self.columns.count * self.rows.count)
    pixels = [UInt8](repeating: 0, count: self.columns.count * self.rows.count)
  }

  /// Covered pixels.
  var area: Int { pixels.reduce(0) { $0 + Int($1) } }

  /// Covers `range` of the row `y`, as far as they are in this part.
  mutating func cover(_ range: ClosedRange<Int>, row y: Int) {
    guard rows.contains(y) else { return }
    let start = max(range.lowerBound, columns.lowerBound)
    let end = min(range.upperBound, columns.upperBound - 1)
    guard start <= end else { return }
    let line = (y - rows.lowerBound) * columns.count - columns.lowerBound
    for x in start...end { pixels[line + x] = 1 }
  }

  /// A rectangle, corners included, of whole pixels.
  init(rectangle a: PlanePoint, _ b: PlanePoint, in size: PictureExamination.Size) throws {
    let (x0, x1) = (wholePixel(min(a.x, b.x)), wholePixel(max(a.x, b.x)))
    let (y0, y1) = (wholePixel(min(a.y, b.y)), wholePixel(max(a.y, b.y)))
    try self.init(columns: x0...x1, rows: y0...y1, in: size)
    for index in pixels.indices { pixels[index] = 1 }
  }

  /// A disc within a square of whole pixels. Its edge is rounded to pixels along rows and along columns,
  /// and what either covers is covered, as `PIL.ImageDraw.ellipse` draws it.
  init(circle centre: PlanePoint, _ edge: PlanePoint, in size: PictureExamination.Size) throws {
    let (dx, dy) = (edge.x - centre.x, edge.y - centre.y)
    let radius = (dx * dx + dy * dy).squareRoot()
    let (x0, x1) = (wholePixel(centre.x - radius), wholePixel(centre.x + radius))
    let (y0, y1) = (wholePixel(centre.y - radius), wholePixel(centre.y + radius))
    try self.init(columns: x0...x1, rows: y0...y1, in: size)
    for y in rows {
      if let range = RegionMask.chord(across: (x0, x1), at: y, of: (y0, y1)) {
        cover(range, row: y)
      }
    }
    for x in columns {
      guard let range = RegionMask.chord(across: (y0, y1), at: x, of: (x0, x1)) else { continue }
      for y in rows where range.contains(y) { cover(x...x, row: y) }
    }
  }

  /// The pixels between `sides` that an ellipse covers in the line `place` between `ends`.
  private static func chord(
    across sides: (Int, Int), at place: Int, of ends: (Int, Int)
  ) -> ClosedRange<Int>? {
    let (middle, level) = (Double(sides.0 + sides.1) / 2, Double(ends.0 + ends.1) / 2)
    let half = Double(ends.1 - ends.0) / 2
    let height = half > 0 ? (Double(place) - level) / half : 0
    let reach = Double(sides.1 - sides.0) / 2 * max(0, 1 - height * height).squareRoot()
    let start = Int((middle - reach).rounded(.toNearestOrAwayFromZero))
    let end = Int(roundedTowardsZero(middle + reach))
    return start <= end ? start...end : nil
  }

  /// A picture of its own between two pixels.
  init(
    bitmap bytes: [UInt8], _ a: PlanePoint, _ b: PlanePoint, in size: PictureExamination.Size
  ) throws {
    let (x0, y0, x1, y1) = (wholePixel(a.x), wholePixel(a.y), wholePixel(b.x), wholePixel(b.y))
    let image = try bytes.withUnsafeBytes { bytes in
      let encoded = try EncodedPicture(bytes)
      return (encoded.width, encoded.height, try encoded.decodeRGB())
    }
    guard x1 >= x0, y1 >= y0, image.0 == x1 - x0 + 1, image.1 == y1 - y0 + 1 else {
      throw FCNError(
        .corrupt,
        "a mask of \(image.0)×\(image.1) pixels is to lie between (\(x0), \(y0)) and (\(x1), \(y1)), "
          + "which is another size")
    }
    try self.init(columns: x0...x1, rows: y0...y1, in: size)
    for y in rows {
      for x in columns {
        let source = 3 * ((y - y0) * image.0 + x - x0)
        let isCovered = image.2[source] | image.2[source + 1] | image.2[source + 2] != 0
        pixels[(y - rows.lowerBound) * columns.count + x - columns.lowerBound] = isCovered ? 1 : 0
      }
    }
  }
}

/// The pixel that a coordinate is in, as Pillow cuts it: towards zero.
func wholePixel(_ coordinate: Double) -> Int {
  Int(max(-PlanePoint.largest, min(PlanePoint.largest, coordinate)).rounded(.towardZero))
}

/// `value` to the nearest whole number, and halves towards zero.
func roundedTowardsZero<Value: BinaryFloatingPoint>(_ value: Value) -> Value {
  let whole = value.rounded(.towardZero)
  return abs(value - whole) == 0.5 ? whole : value.rounded(.toNearestOrAwayFromZero)
}
