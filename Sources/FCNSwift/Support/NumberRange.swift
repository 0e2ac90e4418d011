/// What a number from outside may be: in one place for those who check it and those who tell it.
public struct NumberRange<Number: Comparable & Sendable>: Sendable {
  /// The bounds themselves.
  public let bounds: ClosedRange<Number>
  private let ends: Ends

  private enum Ends { case both, upper, lower }

  /// Both bounds and what lies between.
  public init(_ bounds: ClosedRange<Number>) {
    (self.bounds, ends) = (bounds, .both)
  }

  /// Whether `number` lies within; not so NaN.
  public func contains(_ number: Number) -> Bool {
    bounds.contains(number) && (ends != .upper || number > bounds.lowerBound)
  }

  /// What lies within, in words: `1…1024`, `above 0, at most 1000`, `at least 0`.
  public var words: String {
    let (lower, upper) = (Self.plain(bounds.lowerBound), Self.plain(bounds.upperBound))
    return switch ends {
    case .both: "\(lower)…\(upper)"
    case .upper: "above \(lower), at most \(upper)"
    case .lower: "at least \(lower)"
    }
  }

  /// Throws `invalidArgument` unless `number`, which the caller calls `name`, lies within. `open` is what
  /// may stand in its place, in words.
  public func check(_ number: Number, _ name: String, or open: String? = nil) throws {
    guard contains(number) else {
      throw FCNError(
        .invalidArgument,
        "\(name) is \(number); it must be \(words)" + (open.map { ", or \($0)" } ?? ""))
    }
  }

  /// The number nearest to `number` that is within the bounds.
  func clamping(_ number: Number) -> Number {
    min(bounds.upperBound, max(bounds.lowerBound, number))
  }

  /// A whole number without `.0`.
  private static func plain(_ number: Number) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension NumberRange where Number: BinaryFloatingPoint {
  /// What is greater than `lower`, up to `upper`.
  public init(above lower: Number, atMost upper: Number) {
    (bounds, ends) = (lower...upper, .upper)
  }

  /// Every finite number from `lower`.
  public init(atLeast lower: Number) {
    (bounds, ends) = (lower...Number.greatestFiniteMagnitude, .lower)
  }
}

extension NumberRange where Number: BinaryInteger {
  /// The range without its 0, which stands for none, for those who name a number.
  public var withoutZero: NumberRange {
    NumberRange(max(1, bounds.lowerBound)...bounds.upperBound)
  }
}

extension NumberRange<Int> {
  /// Threads to work with; 0 for one on each core that the process may use.
  public static var threads: NumberRange { NumberRange(0...1024) }
}
