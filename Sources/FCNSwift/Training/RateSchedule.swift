import Glibc

/// How the learning rate changes while training goes on, as a factor on its initial value.
public enum RateSchedule: Sendable, Hashable {
  /// Always 1.
  case constant
  /// Times `factor` after every `epochs` epochs.
  case step(epochs: Int = 10, factor: Float = 0.1)
  /// (1 − iteration / iterations)^power, the segmentation papers' "poly".
  case poly(power: Float = 0.9)

  /// What the epochs of `step` may be.
  public static let epochRange = NumberRange(1...Int(Int32.max))
  /// What the factor of `step` may be.
  public static let factorRange = NumberRange<Float>(above: 0, atMost: 1)
  /// What the power of `poly` may be.
  public static let powerRange = NumberRange<Float>(above: 0, atMost: 10)

  func validate() throws {
    switch self {
    case .constant: break
    case .step(let epochs, let factor):
      try Self.epochRange.check(epochs, "the schedule's step in epochs")
      try Self.factorRange.check(factor, "the schedule's factor")
    case .poly(let power): try Self.powerRange.check(power, "the schedule's power")
    }
  }

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
