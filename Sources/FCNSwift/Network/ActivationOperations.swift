/// The rectifier: max(x, 0).
public struct ReLU: ActivationOperation {
  public static let name = "relu"
  public var activation: Activation { .relu }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// The leaky rectifier: x where x is above 0, else a part of it (Maas et al., 2013).
public struct LeakyReLU: ActivationOperation {
  public static let name = "leaky_relu"
  /// What negative values are multiplied by.
  public let slope: Float
  public var activation: Activation { .leakyReLU(slope: slope) }

  /// Makes the operation of its slope.
  public init(slope: Float = 0.01) { self.slope = slope }
}

/// The clipped rectifier: min(max(x, 0), limit). ReLU6 by default.
public struct ClippedReLU: ActivationOperation {
  public static let name = "clipped_relu"
  /// The largest value; above 0.
  public let limit: Float
  public var activation: Activation { .clippedReLU(limit: limit) }

  /// Makes the operation of its limit.
  public init(limit: Float = 6) { self.limit = limit }
}

/// The logistic function: 1 / (1 + e⁻ˣ).
public struct Sigmoid: ActivationOperation {
  public static let name = "sigmoid"
  public var activation: Activation { .sigmoid }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// min(max(x / 6 + 1/2, 0), 1) (Howard et al., 2019).
public struct HardSigmoid: ActivationOperation {
  public static let name = "hard_sigmoid"
  public var activation: Activation { .hardSigmoid }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// x times the hard sigmoid of x (Howard et al., 2019).
public struct HardSwish: ActivationOperation {
  public static let name = "hard_swish"
  public var activation: Activation { .hardSwish }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// x times the sigmoid of x, also called swish (Ramachandran et al., 2017).
public struct SiLU: ActivationOperation {
  public static let name = "silu"
  public var activation: Activation { .silu }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// The hyperbolic tangent.
public struct Tanh: ActivationOperation {
  public static let name = "tanh"
  public var activation: Activation { .tanh }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// x where x is above 0, else alpha · (eˣ − 1) (Clevert et al., 2016).
public struct ELU: ActivationOperation {
  public static let name = "elu"
  /// What negative values come near to, negated.
  public let alpha: Float
  public var activation: Activation { .elu(alpha: alpha) }

  /// Makes the operation.
  public init(alpha: Float = 1) { self.alpha = alpha }
}

/// ln(1 + eˣ).
public struct Softplus: ActivationOperation {
  public static let name = "softplus"
  public var activation: Activation { .softplus }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// x times the hyperbolic tangent of its softplus (Misra, 2020).
public struct Mish: ActivationOperation {
  public static let name = "mish"
  public var activation: Activation { .mish }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// min(max(x, low), high). The gradient is that of PyTorch's `hardtanh`: 0 at the bounds.
public struct Clip: ActivationOperation {
  public static let name = "clip"
  /// The smallest and the largest value; the first is not above the second.
  public let low, high: Float
  public var activation: Activation { .clip(low: low, high: high) }

  /// Makes the operation of its bounds.
  public init(low: Float, high: Float) { (self.low, self.high) = (low, high) }
}

/// eˣ.
public struct Exponential: ActivationOperation {
  public static let name = "exponential"
  public var activation: Activation { .exponential }

  /// Makes the operation; it has no settings.
  public init() {}
}

/// x · Φ(x), Φ being the normal distribution's (Hendrycks and Gimpel, 2016), without approximation.
public struct GELU: ActivationOperation {
  public static let name = "gelu"
  public var activation: Activation { .gelu }

  /// Makes the operation; it has no settings.
  public init() {}
}
