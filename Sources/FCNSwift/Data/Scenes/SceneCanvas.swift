/// What a scene is painted on: a colour and a class for each sample, four samples to a pixel.
///
/// Painting is in the painter's order, far things first.
final class SceneCanvas {
  /// Samples in a row, and rows of them.
  let width: Int
  let height: Int
  let colours: UnsafeMutablePointer<Paint>
  let classes: UnsafeMutablePointer<UInt8>

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    colours = .allocate(capacity: width * height)
    colours.initialize(repeating: Paint(grey: 0), count: width * height)
    classes = .allocate(capacity: width * height)
    classes.initialize(repeating: SceneClass.sky.rawValue, count: width * height)
  }

  deinit {
    colours.deallocate()
    classes.deallocate()
  }

  /// The first sample whose centre is not left of (or above) `edge`, within 0…`limit`.
  @inline(__always)
  func firstSample(from edge: Float, limit: Int) -> Int {
    Int(max(0, min(Float(limit), (edge - 0.5).rounded(.up))))
  }

  /// Calls `body` with each row of samples inside `polygon` (even-odd rule): row, first, past last.
  @inline(__always)
  func forEachSpan(of polygon: [CanvasPoint], _ body: (Int, Int, Int) -> Void) {
    guard polygon.count > 2 else { return }
    var low = Float.infinity
    var high = -Float.infinity
    for point in polygon {
      low = min(low, point.y)
      high = max(high, point.y)
    }
    var crossings: [Float] = []
    polygon.withUnsafeBufferPointer { points in
      for row in firstSample(from: low, limit: height)..<firstSample(from: high, limit: height) {
        let y = Float(row) + 0.5
        crossings.removeAll(keepingCapacity: true)
        var a = points[points.count - 1]
        for b in points {
          if (a.y <= y) != (b.y <= y) {
            crossings.append(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
          }
          a = b
        }
        crossings.sort()
        for pair in 0..<crossings.count / 2 {
          let first = firstSample(from: crossings[2 * pair], limit: width)
          let end = firstSample(from: crossings[2 * pair + 1], limit: width)
          if first < end { body(row, first, end) }
        }
      }
    }
  }

  /// Paints `polygon` with what `shade` says of each sample's centre (x, y).
  @inline(__always)
  func fill(
    _ polygon: [CanvasPoint], _ kind: SceneClass, shade: (Float, Float) -> Paint
  ) {
    forEachSpan(of: polygon) { row, first, end in
      for column in first..<end {
        let index = row * width + column
        colours[index] = shade(Float(column) + 0.5, Float(row) + 0.5)
        classes[index] = kind.rawValue
      }
    }
  }

  /// Paints `polygon` in one colour.
  func fill(_ polygon: [CanvasPoint], _ kind: SceneClass, _ paint: Paint) {
    fill(polygon, kind) { _, _ in paint }
  }

  /// Paints `polygon` from `top` to `bottom` colour, along its height.
  func fill(_ polygon: [CanvasPoint], _ kind: SceneClass, top: Paint, bottom: Paint) {
    var low = Float.infinity
    var high = -Float.infinity
    for point in polygon {
      low = min(low, point.y)
      high = max(high, point.y)
    }
    let scale = 1 / max(1e-3, high - low)
    fill(polygon, kind) { _, y in top.mixed(with: bottom, (y - low) * scale) }
  }

  /// Calls `body` with index, and place within the ellipse (−1…1 each way), of each sample in it.
  @inline(__always)
  func forEachSample(
    inEllipseAt centre: CanvasPoint, _ radiusX: Float, _ radiusY: Float,
    _ body: (Int, Float, Float) -> Void
  ) {
    guard radiusX > 0, radiusY > 0 else { return }
    let firstRow = firstSample(from: centre.y - radiusY, limit: height)
    let endRow = firstSample(from: centre.y + radiusY, limit: height)
    let firstColumn = firstSample(from: centre.x - radiusX, limit: width)
    let endColumn = firstSample(from: centre.x + radiusX, limit: width)
    guard firstRow < endRow, firstColumn < endColumn else { return }
    for row in firstRow..<endRow {
      let v = (Float(row) + 0.5 - centre.y) / radiusY
      for column in firstColumn..<endColumn {
        let u = (Float(column) + 0.5 - centre.x) / radiusX
        if u * u + v * v < 1 { body(row * width + column, u, v) }
      }
    }
  }

  /// Paints an ellipse, its left `left` and its right `right`.
  func fillEllipse(
    at centre: CanvasPoint, _ radiusX: Float, _ radiusY: Float, _ kind: SceneClass,
    left: Paint, right: Paint
  ) {
    forEachSample(inEllipseAt: centre, radiusX, radiusY) { index, u, _ in
      colours[index] = left.mixed(with: right, 0.5 + 0.5 * u)
      classes[index] = kind.rawValue
    }
  }

  /// Paints a limb: a line from `a` to `b` as thick as the radii say, with round ends; its left side
  /// `left`, its right side `right`.
  func fillLimb(
    from a: CanvasPoint, _ radiusA: Float, to b: CanvasPoint, _ radiusB: Float,
    _ kind: SceneClass, left: Paint, right: Paint
  ) {
    let reach = max(radiusA, radiusB)
    let firstRow = firstSample(from: min(a.y, b.y) - reach, limit: height)
    let endRow = firstSample(from: max(a.y, b.y) + reach, limit: height)
    let firstColumn = firstSample(from: min(a.x, b.x) - reach, limit: width)
    let endColumn = firstSample(from: max(a.x, b.x) + reach, limit: width)
    guard firstRow < endRow, firstColumn < endColumn else { return }
    let dx = b.x - a.x
    let dy = b.y - a.y
    let scale = 1 / max(1e-6, dx * dx + dy * dy)
    for row in firstRow..<endRow {
      let py = Float(row) + 0.5 - a.y
      for column in firstColumn..<endColumn {
        let px = Float(column) + 0.5 - a.x
        let t = unitClamped((px * dx + py * dy) * scale)
        let radius = radiusA + (radiusB - radiusA) * t
        let ex = px - t * dx
        let ey = py - t * dy
        guard ex * ex + ey * ey < radius * radius else { continue }
        let index = row * width + column
        colours[index] = left.mixed(with: right, 0.5 + 0.5 * ex / radius)
        classes[index] = kind.rawValue
      }
    }
  }

  /// Darkens the ground, and nothing else, within an ellipse: `depth` (0…1) of its light is lost in
  /// the middle, none at the rim. The class stays what it was.
  func castShadow(at centre: CanvasPoint, _ radiusX: Float, _ radiusY: Float, depth: Float) {
    forEachSample(inEllipseAt: centre, radiusX, radiusY) { index, u, v in
      let kind = classes[index]
      guard kind == SceneClass.road.rawValue || kind == SceneClass.pavement.rawValue else { return }
      let edge = smoothStep(1, 0.45, (u * u + v * v).squareRoot())
      colours[index] = colours[index] * (1 - depth * edge)
    }
  }
}
