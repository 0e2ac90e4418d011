/// A row for every class: how well it was found, and how often it is there.
struct ClassTable {
  let classNames: [String]
  let palette: [RGB]
  let confusion: ConfusionMatrix

  var html: String {
    let (truths, predictions) = (confusion.truePixels, confusion.predictedPixels)
    let all = Double(max(1, truths.reduce(0, +)))
    let ious = confusion.perClassIU
    let rows = classNames.indices.map { index -> String in
      let hits = confusion.counts[index * confusion.classCount + index]
      func part(of whole: Int) -> Double { whole == 0 ? .nan : Double(hits) / Double(whole) }
      let share = Double(truths[index]) / all
      return """
        <tr><th scope="row">\(label(index))</th>\
        <td class="wide">\(ClassTable.bar(ious[index]))</td><td class="n">\(HTML.measure(ious[index]))</td>\
        <td class="n less">\(HTML.percent(part(of: truths[index])))</td>\
        <td class="n less">\(HTML.percent(part(of: predictions[index])))</td>\
        <td class="mid less gap">\(ClassTable.bar(share, pale: true))</td>\
        <td class="n">\(HTML.percent(share))</td>\
        <td class="n less">\(HTML.percent(Double(predictions[index]) / all))</td></tr>
        """
    }
    return """
      <div class="scroll tall"><table class="rows">
      <thead><tr><th>class</th><th>IU</th><th></th>\
      <th class="n less" title="of the pixels of the class, how many were found">found</th>\
      <th class="n less" title="of the pixels predicted as the class, how many are">right</th>\
      <th class="less gap">share</th><th class="n">pixels</th>\
      <th class="n less" title="of all labelled pixels, how many were predicted as the class">predicted</th>\
      </tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      """
  }

  /// A class's colour and name.
  func label(_ index: Int) -> String {
    let name = classNames.indices.contains(index) ? classNames[index] : "\(index)"
    let colour = Palette.extended(palette)[min(index, 255)]
    return "<span class=\"class\" title=\"\(HTML.escaped(name))\"><i class=\"swatch\" "
      + "style=\"background:\(HTML.colour(colour))\"></i>\(HTML.name(name))</span>"
  }

  private static func bar(_ part: Double, pale: Bool = false) -> String {
    guard part.isFinite else { return "" }
    let width = decimal(100 * max(0, min(part, 1)), places: 1)
    return "<span class=\"bar\(pale ? " pale" : "")\"><i style=\"width:\(width)%\"></i></span>"
  }
}

extension ConfusionMatrix {
  /// Labelled pixels of each class.
  var truePixels: [Int] {
    (0..<classCount).map { counts[$0 * classCount..<($0 + 1) * classCount].reduce(0, +) }
  }

  /// Labelled pixels that were predicted as each class.
  var predictedPixels: [Int] {
    var sums = [Int](repeating: 0, count: classCount)
    for (index, count) in counts.enumerated() { sums[index % classCount] += count }
    return sums
  }
}
