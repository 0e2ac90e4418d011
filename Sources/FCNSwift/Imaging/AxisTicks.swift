import Glibc

/// Round numbers along an axis.
struct AxisTicks {
  /// What the axis covers.
  let range: ClosedRange<Double>
  /// The marked values, ascending, within `range`; 1, 2 or 5 times a power of ten apart.
  let values: [Double]
  private let step: Double

  /// Marks about `most` values of `range`, which is widened to whole steps where `widens`; only whole
  /// numbers are marked where `isWhole`.
  init(_ range: ClosedRange<Double>, most: Int, widens: Bool, isWhole: Bool = false) {
    // What is beyond any sensible axis would overflow the steps below.
    let bounded = range.clamped(to: -1e30...1e30)
    var (low, high) = (bounded.lowerBound, bounded.upperBound)
    let smallest = max(abs(low), abs(high), 1e-300) * 1e-9
    if high - low < smallest { (low, high) = (low - max(smallest, 1), high + max(smallest, 1)) }
    var step = AxisTicks.niceStep(atLeast: (high - low) / Double(max(most, 1)))
    if isWhole { step = max(step, 1) }
    if widens {
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
    }
    self.range = low...high
    self.step = step
    let first = (low / step - 1e-6).rounded(.up)
    let count = Int(((high / step + 1e-6).rounded(.down) - first).rounded())
    values = (0...max(0, count)).map { (first + Double($0)) * step }
      .filter { $0 >= low - step * 1e-3 && $0 <= high + step * 1e-3 }
  }

  /// `value` with as many digits as tell one tick from the next.
  func label(_ value: Double) -> String {
    let places = Int(-floor(log10(step) + 1e-9))
    if places > 6 || abs(value) >= 1e7 { return "\(Float(value))" }
    return decimal(value, places: places)
  }

  /// The least of 1, 2 and 5 times a power of ten that is not below `size`.
  private static func niceStep(atLeast size: Double) -> Double {
    let power = pow(10, floor(log10(size)))
    return [1, 2, 5].map { $0 * power }.first { $0 >= size * (1 - 1e-9) } ?? 10 * power
  }
}
