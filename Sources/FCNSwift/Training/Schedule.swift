import Glibc

/// How the learning rate changes while training goes on, as a factor on its initial value.
public enum Schedule: Sendable, Hashable {
  /// Always 1.
  case constant
  /// Times `factor` after every `epochs` epochs.
  case step(epochs: Int, factor: Float)
  /// (1 − iteration / iterations)^power, the segmentation papers' "poly".
  case poly(power: Float)

  /// The factor at `iteration` of `iterations` in all, with `epochIterations` in an epoch. In the
  /// first `warmup` iterations it also rises linearly from nearly 0.
  func factor(
    iteration: Int, of iterations: Int, epochIterations: Int, warmup: Int
  ) -> Float {
    let rise = iteration < warmup ? Float(iteration + 1) / Float(warmup) : 1
    switch self {
    case .constant: return rise
    case .step(let epochs, let factor):
      return rise * powf(factor, Float(iteration / max(1, epochs * epochIterations)))
    case .poly(let power):
      return rise * powf(max(0, 1 - Float(iteration) / Float(max(1, iterations))), power)
    }
  }
}
