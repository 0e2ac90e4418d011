/// Curves over one axis, drawn as SVG in the colours of the page.
struct ReportChart {
  typealias Point = (x: Double, y: Double)

  /// One curve.
  struct Curve {
    var name: String
    var points: [Point]
    /// Which of the page's three colours it has.
    var colour: Int
  }

  /// Above the chart.
  var title: String
  /// Below its horizontal axis.
  var horizontalTitle: String
  var curves: [Curve]
  /// What the horizontal axis covers; nil for what the points do.
  var horizontalRange: ClosedRange<Double>?
  /// What the vertical axis covers; nil for 0 to the largest value.
  var verticalRange: ClosedRange<Double>?
  /// Whether only whole numbers are marked on the horizontal axis.
  var countsWhole = true
  /// What else is drawn, over the curves.
  var overlay = ""

  /// More points than this are thinned out: the chart is not wide enough to tell them apart.
  private static let mostPoints = 600
  private static let (width, height) = (560.0, 270.0)
  private static let (left, right, top, bottom) = (52.0, 12.0, 10.0, 40.0)

  /// The chart with its title and legend; nothing where no curve has a point.
  var html: String {
    let drawn = curves.map { curve -> Curve in
      var curve = curve
      curve.points = ReportChart.thinned(curve.points.filter { $0.x.isFinite && $0.y.isFinite })
      return curve
    }
    guard let axes = axes(drawn.flatMap(\.points)) else { return "" }
    let legend = drawn.filter { !$0.points.isEmpty }.map {
      "<span class=\"k\($0.colour)\"><i></i><b>\(HTML.escaped($0.name))</b></span>"
    }.joined()
    return """
      <div class="chart">
      <h3>\(HTML.escaped(title))</h3>
      <div class="legend">\(legend)</div>
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="\(HTML.escaped(title))">
      \(grid(axes))
      \(drawn.map { ReportChart.drawing($0, axes) }.joined(separator: "\n"))\(overlay)
      </svg>
      </div>
      """
  }

  /// Where a value of the horizontal axis lies, where that covers `range`.
  static func place(x: Double, in range: ClosedRange<Double>) -> Double {
    let part = (x - range.lowerBound) / (range.upperBound - range.lowerBound)
    return left + part * (width - left - right)
  }

  /// The dashed line of a chart with a slider, not drawn until somebody moves it.
  static let mark =
    "<line class=\"mark\" display=\"none\" x1=\"0\" x2=\"0\" y1=\"\(Int(top))\" "
    + "y2=\"\(Int(height - bottom))\"/>"

  private struct Axes {
    let x: AxisTicks
    let y: AxisTicks

    func place(_ point: Point) -> (x: Double, y: Double) {
      let part =
        (point.y - y.range.lowerBound) / (y.range.upperBound - y.range.lowerBound)
      return (
        ReportChart.place(x: point.x, in: x.range),
        ReportChart.height - ReportChart.bottom
          - max(0, min(part, 1)) * (ReportChart.height - ReportChart.top - ReportChart.bottom)
      )
    }
  }

  private func axes(_ points: [Point]) -> Axes? {
    guard let first = points.first else { return nil }
    let (low, high) = points.reduce((first.x, first.x)) { (min($0.0, $1.x), max($0.1, $1.x)) }
    let largest = points.map(\.y).max() ?? 1
    let lowest = min(0, points.map(\.y).min() ?? 0)
    return Axes(
      x: AxisTicks(horizontalRange ?? low...high, most: 8, widens: false, isWhole: countsWhole),
      y: AxisTicks(
        verticalRange ?? lowest...max(largest, lowest), most: 5, widens: verticalRange == nil))
  }

  private func grid(_ axes: Axes) -> String {
    let (width, base) = (Int(Self.width - Self.right), Int(Self.height - Self.bottom))
    let rows = axes.y.values.map { value -> String in
      let y = decimal(axes.place((axes.x.range.lowerBound, value)).y, places: 1)
      return
        "<line class=\"grid\" x1=\"\(Int(Self.left))\" x2=\"\(width)\" y1=\"\(y)\" y2=\"\(y)\"/>"
        + "<text x=\"\(Int(Self.left) - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">"
        + "\(axes.y.label(value))</text>"
    }
    let columns = axes.x.values.map { value -> String in
      let x = decimal(axes.place((value, 0)).x, places: 1)
      return
        "<text x=\"\(x)\" y=\"\(base + 17)\" text-anchor=\"middle\">\(axes.x.label(value))</text>"
    }
    let title =
      "<text x=\"\((Int(Self.left) + width) / 2)\" y=\"\(Int(Self.height) - 4)\" "
      + "text-anchor=\"middle\">\(HTML.escaped(horizontalTitle))</text>"
    let axis =
      "<line class=\"axis\" x1=\"\(Int(Self.left))\" x2=\"\(width)\" y1=\"\(base)\" y2=\"\(base)\"/>"
    return (rows + columns + [axis, title]).joined(separator: "\n")
  }

  /// A curve, and what a pointer over one of its points is told.
  private static func drawing(_ curve: Curve, _ axes: Axes) -> String {
    let places = curve.points.map { point -> String in
      let place = axes.place(point)
      return "\(decimal(place.x, places: 1)),\(decimal(place.y, places: 1))"
    }
    guard !places.isEmpty else { return "" }
    let line =
      places.count == 1
      ? ""
      : "<polyline class=\"curve k\(curve.colour)\" points=\"\(places.joined(separator: " "))\"/>"
    let radius = places.count == 1 ? 4 : 5
    let hits = zip(curve.points, places).map { point, place -> String in
      let parts = place.split(separator: ",")
      let fill = places.count == 1 ? " style=\"fill:currentColor\"" : ""
      return "<circle class=\"hit k\(curve.colour)\"\(fill) cx=\"\(parts[0])\" cy=\"\(parts[1])\" "
        + "r=\"\(radius)\"><title>\(HTML.escaped(curve.name)) \(text(point.y)), "
        + "\(axes.x.label(point.x))</title></circle>"
    }
    // Beyond that many a pointer cannot tell them apart.
    return ([line] + (hits.count <= 200 ? hits : [])).joined(separator: "\n")
  }

  private static func text(_ value: Double) -> String {
    abs(value) >= 0.01 || value == 0 ? decimal(value, places: 4) : "\(Float(value))"
  }

  private static func thinned(_ points: [Point]) -> [Point] {
    guard points.count > mostPoints, let last = points.last else { return points }
    let step = (points.count + mostPoints - 1) / mostPoints
    return stride(from: 0, to: points.count - 1, by: step).map { points[$0] } + [last]
  }
}
