/// What a number from outside may be: in one place for those who check it and those who tell it.
public struct NumberRange<Number: Comparable & Sendable>: Sendable {
  /// The bounds themselves.
  public let bounds: ClosedRange<Number>
  /// What lies within, in words: `1…1024`, `above 0, at most 1000`, `at least 0`.
  public let words: String
  private let takesLower: Bool

  /// Both bounds and what lies between.
  public init(_ bounds: ClosedRange<Number>) {
    let words = "\(plain(bounds.lowerBound))…\(plain(bounds.upperBound))"
    (self.bounds, self.words, takesLower) = (bounds, words, true)
  }

  /// What is greater than `lower`, up to `upper`.
  public init(above lower: Number, atMost upper: Number) {
    (bounds, takesLower) = (lower...upper, false)
    words = "above \(plain(lower)), at most \(plain(upper))"
  }

  /// Whether `number` lies within; not so NaN.
  public func contains(_ number: Number) -> Bool {
    bounds.contains(number) && (takesLower || number > bounds.lowerBound)
  }

  /// Throws `invalidArgument` unless `number`, which the caller calls `name`, lies within. `open` is what
  /// may stand in its place, in words.
  public func check(_ number: Number, _ name: String, or open: String? = nil) throws {
    guard contains(number) else {
      let words = words + (open.map { ", or \($0)" } ?? "")
      throw FCNError(.invalidArgument, "\(name) is \(number); it must be \(words)")
    }
  }

  /// The number nearest to `number` that is within the bounds.
  func clamping(_ number: Number) -> Number {
    min(bounds.upperBound, max(bounds.lowerBound, number))
  }
}

extension NumberRange<Float> {
  /// Every finite number from `lower`.
  public init(atLeast lower: Float) {
    (bounds, takesLower) = (lower...Float.greatestFiniteMagnitude, true)
    words = "at least \(plain(lower))"
  }
}

extension NumberRange<Int> {
  /// Threads to work with; 0 for one on each core that the process may use.
  public static var threads: NumberRange { NumberRange(0...1024) }

  /// The range without its 0, which stands for none, for those who name a number.
  public var withoutZero: NumberRange { NumberRange(max(1, bounds.lowerBound)...bounds.upperBound) }
}

/// A whole number without `.0`.
private func plain(_ number: some Sendable) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
