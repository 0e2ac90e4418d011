/// One panel's marks, within the place that the layout gives it.
struct LearningCurvesPanel {
  typealias Place = (x: Int, y: Int, width: Int, height: Int)

  let panel: LearningCurves.Panel
  let legend: LearningCurvesLegend
  /// The area within the axes.
  let place: Place
  /// What the layout leaves above that for the legend, the same in all panels.
  let legendHeight: Int
  let horizontalTitle: String

  private static let ink = RGB(34, 34, 34)
  private static let faintInk = RGB(102, 102, 102)
  private static let grid = RGB(228, 228, 228)
  private static let axis = RGB(120, 120, 120)

  /// Title, legend, grid, axes and curves, in the order of drawing.
  func marks() -> [Drawing.Mark] {
    let points = panel.series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let horizontal = AxisTicks(
      (points.map(\.x).min() ?? 0)...(points.map(\.x).max() ?? 1), most: 8, widens: false,
      isWhole: true)
    let (low, high) = (points.map(\.y).min() ?? 0, points.map(\.y).max() ?? 1)
    let vertical = AxisTicks(
      panel.range ?? min(0, low)...max(0, high), most: 6, widens: panel.range == nil)
    let frame = Frame(place: place, horizontal: horizontal.range, vertical: vertical.range)
    return title() + legend.marks(x: place.x, y: place.y - legendHeight - 4)
      + gridAndLabels(frame, horizontal: horizontal, vertical: vertical)
      + panel.series.enumerated().flatMap {
        curve($1, colour: LearningCurvesLegend.colour($0), frame)
      }
  }

  private func title() -> [Drawing.Mark] {
    let baseline = place.y - legendHeight - 16
    let size: Float = 16
    let text = StrokeFont.fitted(panel.title, width: Float(place.width), size: size)
    return [
      .text(
        text, at: [Float(place.x), Float(baseline)], size: size, colour: Self.ink, anchor: .start)
    ]
  }

  private func gridAndLabels(
    _ frame: Frame, horizontal: AxisTicks, vertical: AxisTicks
  ) -> [Drawing.Mark] {
    var marks: [Drawing.Mark] = []
    let size: Float = 12
    let (left, bottom) = (Float(place.x), Float(place.y + place.height))
    for value in vertical.values {
      let y = frame.y(value)
      marks.append(
        .rectangle(
          x: place.x, y: Int(y.rounded()), width: place.width, height: 1, colour: Self.grid))
      marks.append(
        .text(
          vertical.label(value), at: [left - 8, y + 4], size: size, colour: Self.faintInk,
          anchor: .end))
    }
    for value in horizontal.values {
      let x = frame.x(value)
      marks.append(
        .rectangle(
          x: Int(x.rounded()), y: place.y, width: 1, height: place.height, colour: Self.grid))
      marks.append(
        .text(
          horizontal.label(value), at: [x, bottom + 18], size: size, colour: Self.faintInk,
          anchor: .middle))
    }
    marks.append(
      .rectangle(
        x: place.x, y: place.y + place.height, width: place.width + 1, height: 1, colour: Self.axis)
    )
    marks.append(
      .rectangle(x: place.x, y: place.y, width: 1, height: place.height, colour: Self.axis))
    marks.append(
      .text(
        horizontalTitle, at: [left + Float(place.width) / 2, bottom + 40], size: 13,
        colour: Self.ink, anchor: .middle))
    return marks
  }

  /// A series as lines, broken where a value is not finite; values beyond the axes stay at their edge.
  private func curve(
    _ series: LearningCurves.Series, colour: RGB, _ frame: Frame
  ) -> [Drawing.Mark] {
    let runs = series.points.split { !$0.x.isFinite || !$0.y.isFinite }
    return runs.map { run in
      let points = run.map { Drawing.Point(frame.x($0.x), frame.y($0.y)) }
      return .line(points, width: points.count == 1 ? 5 : 2, colour: colour)
    }
  }
}

/// How values become places in a panel.
private struct Frame {
  let place: LearningCurvesPanel.Place
  let horizontal: ClosedRange<Double>
  let vertical: ClosedRange<Double>

  func x(_ value: Double) -> Float {
    Float(place.x) + Float(place.width) * part(value, of: horizontal)
  }

  func y(_ value: Double) -> Float {
    Float(place.y) + Float(place.height) * (1 - part(value, of: vertical))
  }

  private func part(_ value: Double, of range: ClosedRange<Double>) -> Float {
    let part = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return Float(max(0, min(part, 1)))
  }
}

/// Colours, names and last values of a panel's curves, in as many rows as they take.
struct LearningCurvesLegend {
  private static let size: Float = 13
  static let rowHeight = 22
  private static let sample: Float = 22

  private let entries: [(text: String, x: Float, row: Int, colour: RGB)]

  /// The legend of `series`, broken to rows of at most `width` pixels.
  init(_ series: [LearningCurves.Series], width: Int) {
    var entries: [(text: String, x: Float, row: Int, colour: RGB)] = []
    var (x, row): (Float, Int) = (0, 0)
    for (index, one) in series.enumerated() {
      let last = one.points.last { $0.y.isFinite }.map { "  " + decimal($0.y, places: 3) } ?? ""
      let room = Float(width) - Self.sample - 8
      let text = StrokeFont.fitted(one.name + last, width: room, size: Self.size)
      let taken = Self.sample + 8 + StrokeFont.width(of: text, size: Self.size)
      if x > 0, x + taken > Float(width) { (x, row) = (0, row + 1) }
      entries.append((text, x, row, Self.colour(index)))
      x += taken + 22
    }
    self.entries = entries
  }

  var rowCount: Int { (entries.last?.row ?? -1) + 1 }

  /// The marks with the legend's top left corner at `x`, `y`.
  func marks(x: Int, y: Int) -> [Drawing.Mark] {
    entries.flatMap { entry -> [Drawing.Mark] in
      let left = Float(x) + entry.x
      let baseline = Float(y + entry.row * Self.rowHeight + 12)
      return [
        .line(
          [[left + 1, baseline - 4.5], [left + Self.sample - 1, baseline - 4.5]], width: 3,
          colour: entry.colour),
        .text(
          entry.text, at: [left + Self.sample + 8, baseline], size: Self.size,
          colour: RGB(34, 34, 34), anchor: .start),
      ]
    }
  }

  /// The colour of a panel's curve `index`: eight that the colour-blind can tell apart (Okabe and
  /// Ito, 2008), over and over.
  static func colour(_ index: Int) -> RGB {
    let colours = [
      RGB(0, 114, 178), RGB(213, 94, 0), RGB(0, 158, 115), RGB(204, 121, 167), RGB(230, 159, 0),
      RGB(86, 180, 233), RGB(0, 0, 0), RGB(190, 175, 40),
    ]
    return colours[index % colours.count]
  }
}
