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
    let layout = SheetLayout(
      rows.map { row in
        SheetLayout.Row(
          size: (row.input.width, row.input.height), predicted: row.prediction.histogram(),
          truth: row.truth?.histogram())
      }, classNames: classNames, palette: palette, showsShares: showsShares, tileWidth: tileWidth)
    return try layout.draw { index, draw in
      let row = rows[index]
      try row.input.withPixelView { input in
        try row.prediction.withLabelView { prediction in
          func drawBeside(_ truth: LabelView?) throws {
            try draw(
              SheetPictures(
                caption: row.caption, input: input, prediction: prediction, truth: truth))
          }
          guard let truth = row.truth else { return try drawBeside(nil) }
          try truth.withLabelView { try drawBeside($0) }
        }
      }
    }.image()
  }
}
