@testable import FCNSwift

extension Activation {
  /// All but those that are everywhere, the identity and the rectifier.
  static let others: [Activation] = [
    .leakyReLU(slope: 0.1), .leakyReLU(slope: -0.5), .clippedReLU(limit: 0.75), .sigmoid,
    .hardSigmoid, .hardSwish, .silu, .tanh, .elu(alpha: 0.7), .elu(alpha: -0.5), .softplus, .mish,
    .clip(low: -0.5, high: 0.75), .exponential, .gelu,
  ]

  /// The operation that does it; nil for the identity.
  var operation: (any ActivationOperation)? {
    switch self {
    case .identity: nil
    case .relu: ReLU()
    case .leakyReLU(let slope): LeakyReLU(slope: slope)
    case .clippedReLU(let limit): ClippedReLU(limit: limit)
    case .sigmoid: Sigmoid()
    case .hardSigmoid: HardSigmoid()
    case .hardSwish: HardSwish()
    case .silu: SiLU()
    case .tanh: Tanh()
    case .elu(let alpha): ELU(alpha: alpha)
    case .softplus: Softplus()
    case .mish: Mish()
    case .clip(let low, let high): Clip(low: low, high: high)
    case .exponential: Exponential()
    case .gelu: GELU()
    }
  }
}
