/// The weights with which old pixels of a row or column make each new one, in fixed point.
struct TriangleFilter {
  /// Bits after the point: 255 · 2^22 still fits Int32.
  static let fraction: Int32 = 22

  /// Old pixels per new one; the weights of those beyond the triangle are 0.
  let taps: Int
  /// The first old pixel of each new one; `taps` of them from there lie within the picture.
  let firsts: [Int]
  /// `taps` weights for each new pixel, which sum to 1 but for rounding.
  let weights: [Int32]

  /// `taps` from `old` pixels to `new`.
  static func taps(from old: Int, to new: Int) -> Int {
    min(old, Int((2 * max(Double(old) / Double(new), 1)).rounded(.up)))
  }

  /// Throws `outOfMemory` where there is no room for the weights.
  init(from old: Int, to new: Int) throws {
    let scale = Double(old) / Double(new)
    let support = max(scale, 1)
    let taps = TriangleFilter.taps(from: old, to: new)
    // Those of one pixel are doubles first.
    try requireMemory(8 * (new + taps) + 4 * new * taps)
    var firsts: [Int] = []
    var weights: [Int32] = []
    firsts.reserveCapacity(new)
    weights.reserveCapacity(new * taps)
    for index in 0..<new {
      let centre = (Double(index) + 0.5) * scale
      let first = max(0, min(Int(centre - support + 0.5), old - taps))
      let heights = (0..<taps).map { tap in
        max(0, 1 - abs(Double(first + tap) + 0.5 - centre) / support)
      }
      let sum = heights.reduce(0, +)
      firsts.append(first)
      for height in heights {
        weights.append(Int32((height / sum * Double(1 << TriangleFilter.fraction)).rounded()))
      }
    }
    self.taps = taps
    self.firsts = firsts
    self.weights = weights
  }

  /// Where sums start: one half, so that cutting the fraction off rounds.
  static let zero: (Int32, Int32, Int32) = (half, half, half)
  private static let half: Int32 = 1 << (fraction - 1)

  static func byte(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: max(0, min(sum >> fraction, 255)))
  }
}
