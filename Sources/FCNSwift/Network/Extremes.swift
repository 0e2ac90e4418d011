/// The larger of two values, element by element; the second may have one line for all as in `Product`. NaN
/// where either is. Of equal ones each gets half of the gradient, as in PyTorch.
public struct Maximum: PairOperation {
  public static let name = "maximum"

  /// Makes the operation; it has no settings.
  public init() {}

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PairReference(TakingLarger.self, inputs) }
  }
}

/// The smaller of two values, element by element; the second may have one line for all as in `Product`. NaN
/// where either is. Of equal ones each gets half of the gradient, as in PyTorch.
public struct Minimum: PairOperation {
  public static let name = "minimum"

  /// Makes the operation; it has no settings.
  public init() {}

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PairReference(TakingSmaller.self, inputs) }
  }
}

enum TakingLarger: PairFunction {
  static func value(_ a: Float, _ b: Float) -> Float { a > b || a.isNaN ? a : b }
  static func derivatives(_ a: Float, _ b: Float) -> (Float, Float) {
    a > b ? (1, 0) : a < b ? (0, 1) : (0.5, 0.5)
  }
}

enum TakingSmaller: PairFunction {
  static func value(_ a: Float, _ b: Float) -> Float { a < b || a.isNaN ? a : b }
  static func derivatives(_ a: Float, _ b: Float) -> (Float, Float) {
    a < b ? (1, 0) : a > b ? (0, 1) : (0.5, 0.5)
  }
}
