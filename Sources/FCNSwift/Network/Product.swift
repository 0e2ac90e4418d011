/// The product of two values, element by element. The second has the first's shape or, along some of
/// channels, rows and columns, one line for all: a factor a channel (N×C×1×1, squeeze-and-excite), or a
/// factor a pixel (N×1×H×W, attention).
public struct Product: PairOperation {
  public static let name = "product"

  /// Makes the operation; it has no settings.
  public init() {}

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PairReference(Multiplying.self, inputs) }
  }
}

/// The first value less the second, element by element; the second may have one line for all as in
/// `Product`.
public struct Difference: PairOperation {
  public static let name = "difference"

  /// Makes the operation; it has no settings.
  public init() {}

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PairReference(Subtracting.self, inputs) }
  }
}

/// The first value divided by the second, element by element; the second may have one line for all as in
/// `Product`.
public struct Quotient: PairOperation {
  public static let name = "quotient"

  /// Makes the operation; it has no settings.
  public init() {}

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PairReference(Dividing.self, inputs) }
  }
}

enum Multiplying: PairFunction {
  static func value(_ a: Float, _ b: Float) -> Float { a * b }
  static func derivatives(_ a: Float, _ b: Float) -> (Float, Float) { (b, a) }
}

enum Subtracting: PairFunction {
  static func value(_ a: Float, _ b: Float) -> Float { a - b }
  static func derivatives(_ a: Float, _ b: Float) -> (Float, Float) { (1, -1) }
}

enum Dividing: PairFunction {
  static func value(_ a: Float, _ b: Float) -> Float { a / b }
  static func derivatives(_ a: Float, _ b: Float) -> (Float, Float) { (1 / b, -a / b / b) }
}
