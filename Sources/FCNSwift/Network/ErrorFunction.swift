import Glibc

/// The error function of each value, which GELU and others are put together of.
public struct ErrorFunction: Operation {
  public static let name = "error_function"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public var reference: ReferenceForm {
    ReferenceForm { _, _ in
      ValueReference({ erff($0) }, derivative: { x, _ in 2 / Float.pi.squareRoot() * expf(-x * x) })
    }
  }
}

/// Each value to the power of `exponent`: ½ for square roots, −1 for reciprocals. As C's `powf`: NaN for
/// values below zero, where the exponent is no whole number.
public struct Power: Operation {
  public static let name = "power"
  /// What values are raised to.
  public let exponent: Float

  /// Makes the operation of its exponent.
  public init(_ exponent: Float) { self.exponent = exponent }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public var reference: ReferenceForm {
    ReferenceForm { [self, exponent] _, _ in
      ValueReference(function) { x, _ in exponent * powf(x, exponent - 1) }
    }
  }

  private var function: @Sendable (Float) -> Float {
    switch exponent {
    case 0.5: { $0.squareRoot() }
    case -0.5: { 1 / $0.squareRoot() }
    case -1: { 1 / $0 }
    case 2: { $0 * $0 }
    case 3: { $0 * $0 * $0 }
    default: { [exponent] in powf($0, exponent) }
    }
  }
}

/// A function of single values.
final class ValueReference: PreparedTrainingForm {
  private let function: @Sendable (Float) -> Float
  /// At x, where the function makes y.
  private let derivative: @Sendable (_ x: Float, _ y: Float) -> Float

  init(
    _ function: @escaping @Sendable (Float) -> Float,
    derivative: @escaping @Sendable (_ x: Float, _ y: Float) -> Float
  ) {
    (self.function, self.derivative) = (function, derivative)
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachChunk(of: call.output.shape.count, call.workers) { [function] range in
      for i in range { target[i] = function(source[i]) }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (source, upstream) = (call.input.pointer, call.outputGradient.pointer)
    forEachChunk(of: call.input.shape.count, call.workers) { [function, derivative] range in
      for i in range {
        gradient[i] = upstream[i] * derivative(source[i], function(source[i]))
      }
    }
  }
}
