/// How gradients change parameters.
public enum Optimizer: Sendable, Hashable {
  /// Stochastic gradient descent with momentum, as PyTorch's: g ← gradient + decay · w,
  /// v ← momentum · v + g, w ← w − rate · v.
  case sgd(momentum: Float = 0.9)
  /// AdamW (Loshchilov and Hutter, 2019): w ← w − rate · decay · w, then Adam's step with bias
  /// correction and ε = 1e-8.
  case adamW(beta1: Float = 0.9, beta2: Float = 0.999)

  /// What momentum, and AdamW's first decay rate, may be.
  public static let momentumRange = NumberRange<Float>(0...0.9999)
  private static let beta2Range = NumberRange<Float>(0...0.999_999)

  func validate() throws {
    switch self {
    case .sgd(let momentum): try Self.momentumRange.check(momentum, "momentum")
    case .adamW(let beta1, let beta2):
      try Self.momentumRange.check(beta1, "beta1")
      try Self.beta2Range.check(beta2, "beta2")
    }
  }

  /// The running tensors it keeps for every parameter, by name.
  var stateNames: [String] {
    switch self {
    case .sgd: ["momentum"]
    case .adamW: ["mean", "square"]
    }
  }

  /// Changes `weight` by one iteration with `gradient`; `state` has a tensor for each of `stateNames`.
  /// `iteration` counts from 1.
  func update(
    _ weight: Tensor, gradient: Tensor, state: [Tensor], iteration: Int, rate: Float, decay: Float,
    _ workers: WorkerPool
  ) {
    let (w, g) = (weight.pointer, gradient.pointer)
    let count = weight.shape.count
    let chunk = 1 << 15
    switch self {
    case .sgd(let momentum):
      let v = state[0].pointer
      workers.run((count + chunk - 1) / chunk) { task, _ in
        for i in task * chunk..<min(count, (task + 1) * chunk) {
          v[i] = momentum * v[i] + (g[i] + decay * w[i])
          w[i] -= rate * v[i]
        }
      }
    case .adamW(let beta1, let beta2):
      let (m, s) = (state[0].pointer, state[1].pointer)
      let (correction1, correction2) = Optimizer.corrections(beta1, beta2, iteration: iteration)
      let stepRate = rate / correction1
      let keep = 1 - rate * decay
      workers.run((count + chunk - 1) / chunk) { task, _ in
        for i in task * chunk..<min(count, (task + 1) * chunk) {
          m[i] += (1 - beta1) * (g[i] - m[i])
          s[i] = beta2 * s[i] + (1 - beta2) * g[i] * g[i]
          w[i] = w[i] * keep - stepRate * m[i] / (s[i].squareRoot() / correction2 + 1e-8)
        }
      }
    }
  }

  /// Adam's bias corrections after `iteration` iterations: of the mean, and the root of that of the squares.
  static func corrections(_ beta1: Float, _ beta2: Float, iteration: Int) -> (Float, Float) {
    (
      Float(1 - power(Double(beta1), iteration)),
      Float((1 - power(Double(beta2), iteration)).squareRoot())
    )
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
