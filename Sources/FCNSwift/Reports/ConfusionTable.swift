/// What each class was taken for: a table of colours and numbers, and the mistakes that are made most.
struct ConfusionTable {
  let classes: ClassTable

  private var confusion: ConfusionMatrix { classes.confusion }
  private var count: Int { confusion.classCount }
  /// The classes that occur or are predicted; all others have only zeros to show.
  private let shown: [Int]

  init(classes: ClassTable) {
    self.classes = classes
    let (truths, predictions) = (classes.confusion.truePixels, classes.confusion.predictedPixels)
    shown = truths.indices.filter { truths[$0] > 0 || predictions[$0] > 0 }
  }

  /// More classes than this are a picture without numbers: a table of them would have thousands of cells.
  static let mostNumbers = 32
  /// How many mistakes are listed.
  private static let mistakeCount = 10

  var html: String {
    get throws {
      guard !shown.isEmpty else { return "<p class=\"note\">No pixel is labelled.</p>" }
      let left =
        shown.count == count
        ? ""
        : "<p class=\"note\">\(count - shown.count) of \(count) classes neither occur nor were "
          + "predicted, and are left out.</p>"
      return left + (shown.count <= Self.mostNumbers ? table : try picture) + mistakes
    }
  }

  /// The row's part that cell (`row`, `column`) has; nil for a class that never occurs.
  private func part(_ row: Int, _ column: Int, _ truths: [Int]) -> Double? {
    truths[row] == 0 ? nil : Double(confusion.counts[row * count + column]) / Double(truths[row])
  }

  private var table: String {
    let truths = confusion.truePixels
    let heads = shown.map { index -> String in
      "<th scope=\"col\" title=\"\(HTML.escaped(classes.classNames[index]))\">"
        + "\(HTML.name(classes.classNames[index]))</th>"
    }
    let rows = shown.map { row -> String in
      let cells = shown.map { column in cell(row, column, part(row, column, truths)) }
      return "<tr><th scope=\"row\">\(classes.label(row))</th>\(cells.joined())</tr>"
    }
    return """
      <div class="scroll"><table class="heat">
      <thead><tr><th></th>\(heads.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      """
  }

  private func cell(_ row: Int, _ column: Int, _ part: Double?) -> String {
    guard let part else { return "<td class=\"e\"></td>" }
    let kind = row == column ? "d" : ""
    guard part > 0 else { return "<td\(kind.isEmpty ? "" : " class=\"\(kind)\"")></td>" }
    // Few pixels are to be seen too.
    let strength = part.squareRoot()
    let isDark = strength > 0.72
    let title =
      "\(classes.classNames[row]) → \(classes.classNames[column]): \(HTML.percent(part)) %, "
      + "\(grouped(confusion.counts[row * count + column])) pixels"
    let text = part < 0.001 ? "" : HTML.percent(part)
    return
      "<td class=\"\(kind)\(isDark ? " o" : "")\" style=\"--v:\(decimal(strength, places: 2))\" "
      + "title=\"\(HTML.escaped(title))\">\(text)</td>"
  }

  /// A pixel for every cell.
  private var picture: String {
    get throws {
      let truths = confusion.truePixels
      let side = shown.count
      var image = try Image(width: side, height: side, colour: RGB(255, 255, 255))
      for (y, row) in shown.enumerated() {
        for (x, column) in shown.enumerated() {
          let strength = (part(row, column, truths) ?? 0).squareRoot()
          let full: [Double] = row == column ? [38, 101, 196] : [196, 80, 20]
          for channel in 0..<3 {
            let value = 255 + (full[channel] - 255) * strength
            image.pixels[3 * (y * side + x) + channel] = UInt8(max(0, min(value, 255)))
          }
        }
      }
      return "<img class=\"map\" alt=\"confusion matrix, \(side) × \(side) classes\" "
        + "src=\"\(HTML.address(of: try image.encodedPNG(), "png"))\">"
    }
  }

  private var mistakes: String {
    let truths = confusion.truePixels
    let found = confusion.counts.indices.filter {
      $0 / count != $0 % count && confusion.counts[$0] > 0
    }.sorted { (-confusion.counts[$0], $0) < (-confusion.counts[$1], $1) }
    guard !found.isEmpty else { return "" }
    let all = Double(max(1, truths.reduce(0, +)))
    let rows = found.prefix(Self.mistakeCount).map { index -> String in
      let (row, column) = (index / count, index % count)
      return "<tr><td>\(classes.label(row))</td><td>\(classes.label(column))</td>"
        + "<td class=\"n\">\(HTML.percent(Double(confusion.counts[index]) / all))</td>"
        + "<td class=\"n\">\(HTML.percent(part(row, column, truths) ?? .nan))</td>"
        + "<td class=\"n less\">\(grouped(confusion.counts[index]))</td></tr>"
    }
    return """
      <h3>The mistakes that are made most</h3>
      <div class="scroll"><table class="rows">
      <thead><tr><th>is</th><th>was taken for</th><th class="n">% of all</th>\
      <th class="n">% of the class</th><th class="n less">pixels</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      """
  }
}
