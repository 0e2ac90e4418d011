/// A picture of results to look at: rows of pictures beside what was made of them, and a legend.
///
/// Where a row has a truth, the columns are input, prediction and truth; otherwise input, overlay and
/// labels.
public struct Sheet: Sendable {
  /// One picture and its labels; they may differ in size, being brought to the sheet's.
  public struct Row: Sendable {
    /// Above the row, such as "street_0007  accuracy 0.934".
    public var caption: String
    /// The picture.
    public var input: Image
    /// What the model says.
    public var prediction: LabelMap
    /// What is so, if known.
    public var truth: LabelMap?

    /// A row of two or three pictures.
    public init(caption: String, input: Image, prediction: LabelMap, truth: LabelMap? = nil) {
      self.caption = caption
      self.input = input
      self.prediction = prediction
      self.truth = truth
    }
  }

  /// The rows, from the top.
  public var rows: [Row]
  /// A name for each label; labels beyond them are called by their number.
  public var classNames: [String]
  /// A colour for each label; labels beyond them have the VOC palette's.
  public var palette: [RGB]
  /// Whether the legend tells each class's share of the predicted pixels.
  public var showsShares: Bool
  /// The width in pixels of each picture, 64…4096.
  public var tileWidth: Int

  /// A sheet of `rows`.
  public init(
    rows: [Row], classNames: [String], palette: [RGB], showsShares: Bool = false,
    tileWidth: Int = 320
  ) {
    self.rows = rows
    self.classNames = classNames
    self.palette = palette
    self.showsShares = showsShares
    self.tileWidth = tileWidth
  }

  /// The sheet as a picture.
  ///
  /// Throws `invalidArgument` where there are no rows or `tileWidth` is beyond its range, and
  /// `outOfMemory` where it would pass the limit on pictures.
  public func image() throws -> Image {
    guard !rows.isEmpty else {
      throw FCNError(
        .invalidArgument, "a sheet of no pictures was asked for; it needs at least one")
    }
    guard (64...4096).contains(tileWidth) else {
      throw FCNError(
        .invalidArgument, "a sheet's tile width of \(tileWidth) was given; it goes from 64 to 4096")
    }
    let heights = rows.map { tileSize($0.input).height }
    let legend = SheetLegend(
      of: self, width: Self.columnCount * (tileWidth + Self.gap) - Self.gap)
    let rowsHeight = heights.reduce(0) { $0 + Self.captionHeight + $1 + Self.rowGap }
    var canvas = try Canvas(
      width: legend.width + 2 * Self.margin,
      height: Self.margin + Self.headingHeight + rowsHeight + legend.height + Self.margin)
    drawHeadings(on: &canvas)
    var y = Self.margin + Self.headingHeight
    for (row, height) in zip(rows, heights) {
      try draw(row, y: y, on: &canvas)
      y += Self.captionHeight + height + Self.rowGap
    }
    legend.draw(on: &canvas, x: Self.margin, y: y)
    return canvas.image
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

  /// The size of `picture` in a column; a tall one is narrower, to be no more than 1½ times as high
  /// as the column is wide.
  private func tileSize(_ picture: Image) -> (width: Int, height: Int) {
    let (width, height) = (Double(picture.width), Double(picture.height))
    let scale = min(Double(tileWidth) / width, 1.5 * Double(tileWidth) / height)
    return (max(1, Int((width * scale).rounded())), max(1, Int((height * scale).rounded())))
  }

  private func drawHeadings(on canvas: inout Canvas) {
    let headings =
      comparesToTruth ? ["input", "prediction", "truth"] : ["input", "overlay", "labels"]
    for (column, heading) in headings.enumerated() {
      canvas.write(
        heading, x: Float(columnX(column)), y: Float(Self.margin + 10), size: 14,
        colour: Self.faintInk)
    }
  }

  private func draw(_ row: Row, y: Int, on canvas: inout Canvas) throws {
    let room = Float(columnX(Self.columnCount) - Self.gap - Self.margin)
    canvas.write(
      StrokeFont.fitted(row.caption, width: room, size: 14), x: Float(Self.margin),
      y: Float(y + 16),
      size: 14, colour: Self.ink)
    let size = tileSize(row.input)
    let input = try row.input.resized(width: size.width, height: size.height)
    let prediction = try row.prediction.resized(width: size.width, height: size.height)
    let truth = try row.truth?.resized(width: size.width, height: size.height)
    let tiles: [Image?] =
      comparesToTruth
      ? [input, prediction.coloured(palette: palette), truth?.coloured(palette: palette)]
      : [
        input, try input.overlaying(prediction, palette: palette),
        prediction.coloured(palette: palette),
      ]
    for (column, tile) in tiles.enumerated() {
      guard let tile else { continue }
      canvas.draw(tile, x: columnX(column), y: y + Self.captionHeight)
    }
  }
}
