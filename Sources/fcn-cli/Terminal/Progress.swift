import FCNSwift

/// How far the work is, on standard error: a bar with rate and time left on a terminal, a line now
/// and then elsewhere.
final class Progress {
  private let label: String
  private let unit: String
  private let isQuiet: Bool
  private let alreadyDone: Int
  private let start = monotonicSeconds()
  private var lastShown: Double
  private var isDrawn = false

  /// Seconds between two lines where nobody watches.
  private static let lineInterval = 30.0

  /// `label` begins the lines; `unit` is what is counted, in the plural; `alreadyDone` of them took
  /// no time of this process.
  init(_ label: String, unit: String, isQuiet: Bool, alreadyDone: Int = 0) {
    self.alreadyDone = alreadyDone
    self.label = label
    self.unit = unit
    self.isQuiet = isQuiet
    lastShown = Terminal.isInteractive ? 0 : start
  }

  /// Shows that `done` of `total` units are done; cheap enough to be called for each.
  func update(_ done: Int, of total: Int, note: String = "") {
    let now = monotonicSeconds()
    guard !isQuiet, now - lastShown >= (Terminal.isInteractive ? 0.1 : Self.lineInterval) else {
      return
    }
    lastShown = now
    let status = status(done, total, elapsed: now - start, note)
    if Terminal.isInteractive {
      let filled = total > 0 ? 16 * done / total : 0
      let bar =
        String(repeating: "█", count: filled) + String(repeating: "░", count: 16 - filled)
      draw("\(bar) \(status)")
    } else {
      Terminal.log("\(label): \(status)")
    }
  }

  /// Takes the bar away; what is logged next starts on a clean line.
  func finish() {
    if isDrawn { Terminal.rawLog("\r\u{1B}[K") }
    isDrawn = false
  }

  private func draw(_ line: String) {
    Terminal.rawLog("\r\(printableName(line).prefix(Terminal.width - 1))\u{1B}[K")
    isDrawn = true
  }

  private func status(_ done: Int, _ total: Int, elapsed: Double, _ note: String) -> String {
    var parts = ["\(done)/\(total)"]
    if done > alreadyDone, elapsed > 0 {
      let rate = Double(done - alreadyDone) / elapsed
      parts.append("\(rate.rounded(toPlaces: rate < 10 ? 1 : 0)) \(unit)/s")
      parts.append("\(duration(Double(total - done) / rate)) left")
    }
    if !note.isEmpty { parts.append(note) }
    return parts.joined(separator: ", ")
  }
}

extension Double {
  /// As text with `places` digits after the point; "-" for what is no number.
  func rounded(toPlaces places: Int) -> String {
    guard isFinite, abs(self) < 1e15 else { return isNaN ? "-" : "\(self)" }
    let factor = (0..<places).reduce(1) { product, _ in product * 10 }
    let scaled = (abs(self) * Double(factor)).rounded()
    let sign = self < 0 && scaled > 0 ? "-" : ""
    let digits = String(Int(scaled))
    guard places > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
  }
}
