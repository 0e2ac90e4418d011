/// A reproducible source of random numbers: the same seed gives the same sequence on every machine.
///
/// xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64 as its authors advise. Its
/// whole state can be stored in a checkpoint and restored.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable {
  /// The four words of state, enough to continue the sequence where it stands.
  public var state: (UInt64, UInt64, UInt64, UInt64) {
    (s0, s1, s2, s3)
  }
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// Starts the sequence that belongs to `seed`.
  public init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    (s0, s1, s2, s3) = (next(), next(), next(), next())
  }

  /// Starts a sequence of its own for `stream` under `seed`, so that picture 17 of epoch 3 gets the
  /// same numbers whichever thread prepares it.
  public init(seed: UInt64, stream: UInt64) {
    var first = SeededGenerator(seed: seed)
    self.init(seed: first.next() ^ (stream &* 0xD6E8_FEB8_6659_FD93))
  }

  /// Continues a sequence from a stored `state`.
  public init(state: (UInt64, UInt64, UInt64, UInt64)) {
    (s0, s1, s2, s3) = state
  }

  public mutating func next() -> UInt64 {
    let result = rotateLeft(s1 &* 5, by: 7) &* 9
    let t = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = rotateLeft(s3, by: 45)
    return result
  }

  private func rotateLeft(_ value: UInt64, by count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
  }

  /// A uniform number in [0, 1), with 24 random bits.
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// A uniform number in [`range.lowerBound`, `range.upperBound`).
  public mutating func uniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A uniform integer in `range`; every value is possible, with a bias below 2⁻³² for our sizes.
  public mutating func integer(in range: Range<Int>) -> Int {
    guard !range.isEmpty else { return range.lowerBound }
    let scaled = UInt64(range.count).multipliedFullWidth(by: next())
    return range.lowerBound + Int(scaled.high)
  }

  /// A number from the normal distribution of mean 0 and deviation 1.
  ///
  /// The sum of twelve uniforms less six: no logarithm or cosine, whose last bits differ from one C
  /// library to the next, so initial weights are the same everywhere. It never passes ±6.
  public mutating func normal() -> Float {
    var sum: Float = 0
    for _ in 0..<12 { sum += uniform() }
    return sum - 6
  }

  /// Puts `array` in a random order (Fisher and Yates).
  public mutating func shuffle<Element>(_ array: inout [Element]) {
    for last in stride(from: array.count - 1, to: 0, by: -1) {
      array.swapAt(last, integer(in: 0..<(last + 1)))
    }
  }
}

extension SeededGenerator {
  public static func == (a: SeededGenerator, b: SeededGenerator) -> Bool {
    a.state == b.state
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(s0)
    hasher.combine(s1)
    hasher.combine(s2)
    hasher.combine(s3)
  }
}
