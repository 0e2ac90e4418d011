/// What a row of a sheet shows, wherever it lies.
package struct SheetPictures {
  let caption: String
  let input: PixelView
  let prediction: LabelView
  let truth: LabelView?

  package init(caption: String, input: PixelView, prediction: LabelView, truth: LabelView?) {
    (self.caption, self.input) = (caption, input)
    (self.prediction, self.truth) = (prediction, truth)
  }

  /// A sheet of these pictures alone, as `Sheet` makes it, with the classes' shares.
  package func sheet(classNames: [String], palette: [RGB]) throws -> HeldPicture {
    let row = SheetLayout.Row(
      size: (input.width, input.height), predicted: prediction.histogram(),
      truth: truth?.histogram())
    return try SheetLayout([row], classNames: classNames, palette: palette, showsShares: true)
      .draw { try $1(self) }
  }
}

/// Where everything of a sheet stands, and how it is drawn.
struct SheetLayout {
  /// What the layout depends on: a picture's size, and how many pixels there are of each label.
  struct Row {
    let size: (width: Int, height: Int)
    let predicted: [Int]
    let truth: [Int]?
  }

  private let rows: [Row]
  private let palette: [RGB]
  private let tileWidth: Int
  private let legend: SheetLegend

  init(
    _ rows: [Row], classNames: [String], palette: [RGB], showsShares: Bool, tileWidth: Int = 320
  ) {
    (self.rows, self.palette, self.tileWidth) = (rows, palette, tileWidth)
    legend = SheetLegend(
      of: rows, classNames: classNames, palette: palette, showsShares: showsShares,
      width: Self.columnCount * (tileWidth + Self.gap) - Self.gap)
  }

  static let ink = RGB(34, 34, 34)
  static let faintInk = RGB(110, 110, 110)
  private static let margin = 24
  private static let gap = 12
  private static let headingHeight = 24
  private static let captionHeight = 26
  private static let rowGap = 18
  private static let columnCount = 3

  private var comparesToTruth: Bool { rows.contains { $0.truth != nil } }

  private func columnX(_ column: Int) -> Int { Self.margin + column * (tileWidth + Self.gap) }

  /// Draws the sheet: `each` calls what it is given with the pictures of a row.
  func draw(
    _ each: (_ row: Int, _ draw: (SheetPictures) throws -> Void) throws -> Void
  ) throws -> HeldPicture {
    let sizes = rows.map(tileSize)
    let rowsHeight = sizes.reduce(0) { $0 + Self.captionHeight + $1.height + Self.rowGap }
    let canvas = try Canvas(
      width: legend.width + 2 * Self.margin,
      height: Self.margin + Self.headingHeight + rowsHeight + legend.height + Self.margin)
    drawHeadings(on: canvas)
    var y = Self.margin + Self.headingHeight
    for (index, size) in sizes.enumerated() {
      try each(index) { try draw($0, size, y: y, on: canvas) }
      y += Self.captionHeight + size.height + Self.rowGap
    }
    legend.draw(on: canvas, x: Self.margin, y: y)
    return canvas.picture
  }

  /// The size of a row's picture in a column; a tall one is narrower, to be no more than 1½ times as high
  /// as the column is wide.
  private func tileSize(_ row: Row) -> (width: Int, height: Int) {
    let (width, height) = (Double(row.size.width), Double(row.size.height))
    let scale = min(Double(tileWidth) / width, 1.5 * Double(tileWidth) / height)
    return (max(1, Int((width * scale).rounded())), max(1, Int((height * scale).rounded())))
  }

  private func drawHeadings(on canvas: Canvas) {
    let headings =
      comparesToTruth ? ["input", "prediction", "truth"] : ["input", "overlay", "labels"]
    for (column, heading) in headings.enumerated() {
      canvas.write(
        heading, x: Float(columnX(column)), y: Float(Self.margin + 10), size: 14,
        colour: Self.faintInk)
    }
  }

  private func draw(
    _ row: SheetPictures, _ size: (width: Int, height: Int), y: Int, on canvas: Canvas
  ) throws {
    let room = Float(columnX(Self.columnCount) - Self.gap - Self.margin)
    canvas.write(
      StrokeFont.fitted(row.caption, width: room, size: 14), x: Float(Self.margin),
      y: Float(y + 16), size: 14, colour: Self.ink)
    let top = y + Self.captionHeight
    func paint(
      _ labels: LabelView, _ column: Int, _ paint: (UInt8, UnsafeMutablePointer<UInt8>) -> Void
    ) {
      canvas.paint(
        labels, x: columnX(column), y: top, width: size.width, height: size.height, paint)
    }
    let colours = try OverlayColours(palette)
    let isOfSize = size == (row.input.width, row.input.height)
    let resized = isOfSize ? nil : try row.input.resized(width: size.width, height: size.height)
    try withExtendedLifetime(resized) {
      let input = try resized?.view() ?? row.input
      canvas.draw(input, x: columnX(0), y: top)
      guard !comparesToTruth else { return }
      canvas.draw(input, x: columnX(1), y: top)
      paint(row.prediction, 1, colours.mix)
    }
    paint(row.prediction, comparesToTruth ? 1 : 2, colours.put)
    if let truth = row.truth { paint(truth, 2, colours.put) }
  }
}
