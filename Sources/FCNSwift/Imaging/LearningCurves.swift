/// Charts of how training goes: panels side by side, in each some curves over the epochs.
public struct LearningCurves: Sendable {
  /// One curve.
  public struct Series: Sendable {
    /// What the legend calls it.
    public var name: String
    /// Its points in the order of x; where y is not finite the curve is broken.
    public var points: [(x: Double, y: Double)]

    /// A curve through `points`.
    public init(name: String, points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
  }

  /// One chart.
  public struct Panel: Sendable {
    /// Above the chart: what is measured.
    public var title: String
    /// Its curves; curves of the same place in two panels have the same colour.
    public var series: [Series]
    /// What the vertical axis covers, such as 0…1 for accuracies; nil: from 0 to the largest value.
    public var range: ClosedRange<Double>?

    /// A chart of `series`.
    public init(title: String, series: [Series], range: ClosedRange<Double>? = nil) {
      self.title = title
      self.series = series
      self.range = range
    }
  }

  /// The charts, from left to right.
  public var panels: [Panel]
  /// What is counted along the horizontal axes.
  public var horizontalTitle: String

  /// Charts over `horizontalTitle`.
  public init(panels: [Panel], horizontalTitle: String = "epoch") {
    self.panels = panels
    self.horizontalTitle = horizontalTitle
  }

  /// The charts as a picture, about 1,100×420 pixels for two panels, times `scale`.
  ///
  /// Throws `invalidArgument` where there are no panels or the scale is not positive, and
  /// `outOfMemory` for a scale that passes the limit on pictures.
  public func image(scale: Int = 2) throws -> Image {
    try drawing().image(scale: scale)
  }

  /// The charts as an SVG document, laid out as `image(scale:)` is.
  public func svg() -> String {
    drawing().svg()
  }

  private func drawing() -> Drawing {
    let legends = panels.map {
      LearningCurvesLegend($0.series, width: LearningCurvesLayout.plotWidth)
    }
    let legendRows = legends.map(\.rowCount).max() ?? 0
    let layout = LearningCurvesLayout(panelCount: panels.count, legendRows: legendRows)
    var drawing = Drawing(width: layout.width, height: layout.height)
    for (index, panel) in panels.enumerated() {
      let place = layout.plot(index)
      drawing.marks += LearningCurvesPanel(
        panel: panel, legend: legends[index], place: place, legendHeight: layout.legendHeight,
        horizontalTitle: horizontalTitle
      ).marks()
    }
    return drawing
  }
}

/// Where things stand in the whole drawing, in pixels.
private struct LearningCurvesLayout {
  static let plotWidth = 450
  static let plotHeight = 280
  private static let (left, right, top, bottom) = (64, 24, 46, 58)

  let panelCount: Int
  let legendRows: Int

  private var panelWidth: Int { Self.left + Self.plotWidth + Self.right }
  private var plotTop: Int { Self.top + legendHeight }
  var legendHeight: Int { legendRows * LearningCurvesLegend.rowHeight }
  var width: Int { panelCount * panelWidth }
  var height: Int { plotTop + Self.plotHeight + Self.bottom }

  /// The area of panel `index` within its axes.
  func plot(_ index: Int) -> LearningCurvesPanel.Place {
    (index * panelWidth + Self.left, plotTop, Self.plotWidth, Self.plotHeight)
  }
}
