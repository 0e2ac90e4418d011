/// What is right of the pixels of which the model is sure enough.
struct ConfidenceSection {
  let tally: ConfidenceTally

  /// The thresholds of the curves: closer to each other near 1, where most pixels are.
  private static let thresholds: [Double] =
    (0..<45).map { Double($0) / 50 } + (0..<18).map { 0.9 + Double($0) / 200 }
    + (0...9).map { 0.99 + Double($0) / 1000 }
  private static let listed = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
  private static let range = 0.0...1.0

  var html: String {
    let kept = Self.thresholds.map { ($0, tally.kept(atLeast: $0)) }
    let chart = ReportChart(
      title: "Pixels that are left, and right, from a confidence on",
      horizontalTitle: "confidence, at least",
      curves: [
        ReportChart.Curve(
          name: "right, of those left", points: kept.map { ($0.0, $0.1.accuracy) }, colour: 0),
        ReportChart.Curve(
          name: "left, of all", points: kept.map { ($0.0, $0.1.coverage) }, colour: 1),
      ], horizontalRange: Self.range, verticalRange: 0...1, countsWhole: false,
      overlay: "\n" + ReportChart.mark)
    let rows = Self.listed.map { threshold -> String in
      let (coverage, accuracy) = tally.kept(atLeast: threshold)
      return "<tr><th scope=\"row\">\(decimal(threshold, places: 2))</th>"
        + "<td class=\"n\">\(HTML.percent(coverage))</td>"
        + "<td class=\"n\">\(HTML.percent(accuracy))</td></tr>"
    }
    return """
      \(slider(kept))
      <div class="pair">
      \(chart.html)
      <div><h3>The same as numbers</h3>
      <table class="rows"><thead><tr><th>confidence, at least</th><th class="n">% left</th>\
      <th class="n">% of those right</th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table>
      <p class="note">Confidence is off by \(HTML.percent(tally.calibrationError)) % on the average \
      (expected calibration error, ten steps).</p></div>
      </div>
      \(ReportStyle.slider)
      """
  }

  private func slider(_ kept: [(Double, (coverage: Double, accuracy: Double))]) -> String {
    let rows = kept.map { threshold, kept -> JSON in
      let place = ReportChart.place(x: threshold, in: Self.range)
      let right =
        kept.accuracy.isNaN ? "none" : "\(HTML.percent(kept.accuracy)) % of those right"
      return [
        .number((place * 10).rounded() / 10),
        .string(
          "at least \(decimal(threshold, places: 3)): \(HTML.percent(kept.coverage)) % of the pixels "
            + "left, \(right)"),
      ]
    }
    let data = HTML.escaped(JSON.array(rows).compactText)
    let first = Self.thresholds.firstIndex { $0 >= 0.9 } ?? 0
    return "<div class=\"slider\" data-kept=\"\(data)\" hidden><input type=\"range\" min=\"0\" "
      + "max=\"\(rows.count - 1)\" value=\"\(first)\" aria-label=\"confidence\"><output></output></div>"
  }
}
