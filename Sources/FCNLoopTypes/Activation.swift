/// A function that is applied to each value by itself, as the last step of a layer.
///
/// All keep a NaN, so that trouble is not hidden. PyTorch's names and definitions.
public enum Activation: Sendable, Hashable {
  /// x.
  case identity
  /// max(x, 0).
  case relu
  /// x where x is above 0, else `slope` · x.
  case leakyReLU(slope: Float)
  /// min(max(x, 0), `limit`); ReLU6 with a limit of 6.
  case clippedReLU(limit: Float)
  /// 1 / (1 + e⁻ˣ).
  case sigmoid
  /// min(max(x / 6 + 1/2, 0), 1).
  case hardSigmoid
  /// x · hardSigmoid(x).
  case hardSwish
  /// x · sigmoid(x), also called swish.
  case silu
  /// The hyperbolic tangent.
  case tanh
  /// x where x is above 0, else `alpha` · (eˣ − 1).
  case elu(alpha: Float)
  /// ln(1 + eˣ).
  case softplus
  /// x · tanh(softplus(x)).
  case mish
  /// min(max(x, `low`), `high`).
  case clip(low: Float, high: Float)
  /// eˣ.
  case exponential
  /// x · Φ(x), Φ being the normal distribution's.
  case gelu

  /// Whether a larger x never makes less, so that the largest of several may be taken first.
  public var isMonotonic: Bool {
    switch self {
    case .identity, .relu, .clippedReLU, .sigmoid, .hardSigmoid: true
    case .tanh, .softplus, .clip, .exponential: true
    case .leakyReLU(let slope): slope >= 0
    case .elu(let alpha): alpha >= 0
    case .hardSwish, .silu, .mish, .gelu: false
    }
  }

  /// Whether its derivative follows from what it makes, so that this may stand in the place of x.
  public var derivativeFollowsFromOutput: Bool {
    switch self {
    case .identity, .relu, .clippedReLU, .sigmoid, .hardSigmoid: true
    case .tanh, .softplus, .clip, .exponential: true
    case .leakyReLU(let slope): slope > 0
    case .elu(let alpha): alpha > 0
    case .hardSwish, .silu, .mish, .gelu: false
    }
  }
}
