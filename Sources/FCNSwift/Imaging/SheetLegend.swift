/// The classes that a sheet shows, with their colours, in even columns.
struct SheetLegend {
  private static let size: Float = 14
  private static let swatch = 16
  private static let rowHeight = 26
  private static let top = 10

  private struct Entry {
    let name: String
    let share: String
    let colour: RGB
  }

  /// What it may take, and takes, in pixels.
  let width: Int
  private let entries: [Entry]
  private let columnWidth: Int
  private let shareOffset: Float

  /// The legend of what a sheet of `rows` shows, at most `width` pixels wide.
  init(
    of rows: [SheetLayout.Row], classNames: [String], palette: [RGB], showsShares: Bool, width: Int
  ) {
    var predicted = [Int](repeating: 0, count: 256)
    var isPresent = [Bool](repeating: false, count: 256)
    for row in rows {
      for (label, area) in row.predicted.enumerated() {
        predicted[label] += area
        if area > 0 { isPresent[label] = true }
      }
      for (label, area) in (row.truth ?? []).enumerated() where area > 0 {
        isPresent[label] = true
      }
    }
    let total = predicted.dropLast().reduce(0, +)
    let colours = Palette.extended(palette)
    let room = Float(width - Self.swatch - 8)
    entries = isPresent.indices.filter { isPresent[$0] }.map { label in
      let isIgnored = label == Int(LabelMap.ignore)
      let name =
        isIgnored
        ? "ignored"
        : label < classNames.count ? classNames[label] : "class \(label)"
      let share = Double(predicted[label]) / Double(max(total, 1))
      return Entry(
        name: StrokeFont.fitted(name, width: room * 0.7, size: Self.size),
        share: showsShares && !isIgnored ? decimal(share * 100, places: 1) + " %" : "",
        colour: colours[label])
    }
    func widest(_ texts: [String]) -> Float {
      texts.map { StrokeFont.width(of: $0, size: Self.size) }.max() ?? 0
    }
    let shareWidth = showsShares ? widest(entries.map(\.share)) + 14 : 0
    shareOffset = Float(Self.swatch + 8) + widest(entries.map(\.name)) + shareWidth
    columnWidth = Int(shareOffset.rounded(.up)) + 28
    self.width = width
  }

  private var columnCount: Int { max(1, (width + 28) / columnWidth) }
  private var rowCount: Int { (entries.count + columnCount - 1) / columnCount }
  var height: Int { Self.top + rowCount * Self.rowHeight - (Self.rowHeight - Self.swatch) }

  /// Draws it below a thin line, its top left corner at `x`, `y`.
  func draw(on canvas: Canvas, x: Int, y: Int) {
    canvas.fill(x: x, y: y - 6, width: width, height: 1, colour: RGB(220, 220, 220))
    for (index, entry) in entries.enumerated() {
      let left = x + index % columnCount * columnWidth
      let top = y + Self.top + index / columnCount * Self.rowHeight
      canvas.fill(
        x: left, y: top, width: Self.swatch, height: Self.swatch, colour: RGB(150, 150, 150))
      canvas.fill(
        x: left + 1, y: top + 1, width: Self.swatch - 2, height: Self.swatch - 2,
        colour: entry.colour)
      let baseline = Float(top + 13)
      canvas.write(
        entry.name, x: Float(left + Self.swatch + 8), y: baseline, size: Self.size,
        colour: SheetLayout.ink)
      canvas.write(
        entry.share, x: Float(left) + shareOffset, y: baseline, size: Self.size,
        colour: SheetLayout.faintInk, anchor: .end)
    }
  }
}
