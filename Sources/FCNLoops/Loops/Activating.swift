import CIntrinsics
import FCNLoopTypes

/// A result with what `job` does to each last.
@inline(__always)
func finished(_ value: Lanes, _ job: borrowing ConvolutionJob) -> Lanes {
  if job.rectifies { return rectified(value) }
  return job.activates ? activated(value, job.activation) : value
}

/// Writes what `activation` makes of `count` values, a multiple of sixteen, of `source` to `target`, which
/// may be the same.
@inline(never)
func activate(
  _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int,
  _ activation: Activation
) {
  @inline(__always)
  func each(_ function: (Lanes) -> Lanes) {
    var i = 0
    while i < count {
      store(function(load(source + i)), to: target + i)
      i += Lanes.scalarCount
    }
  }
  switch activation {
  case .relu: each { rectified($0) }
  case .clippedReLU(let limit): each { clipped($0, 0, limit) }
  case .sigmoid: each { sigmoid($0) }
  case .hardSigmoid: each { hardSigmoid($0) }
  case .hardSwish: each { $0 * hardSigmoid($0) }
  case .silu: each { $0 * sigmoid($0) }
  case .clip(let low, let high): each { clipped($0, low, high) }
  case .gelu: each { $0 * normalDistribution($0) }
  case .identity, .leakyReLU, .tanh, .elu, .softplus, .mish, .exponential:
    each { activated($0, activation) }
  }
}

/// max(a, 0); a NaN stays one.
@inline(__always)
func rectified(_ a: Lanes) -> Lanes { bounded(a) }

// For whatever registers hold.
@inline(__always)
private func bounded(_ a: SIMD4<Float>) -> SIMD4<Float> { fcn_rectified_x4(a) }
@inline(__always)
private func bounded(_ a: SIMD8<Float>) -> SIMD8<Float> { fcn_rectified_x8(a) }
@inline(__always)
private func bounded(_ a: SIMD16<Float>) -> SIMD16<Float> { fcn_rectified_x16(a) }

/// min(max(a, low), high); a NaN stays one.
@inline(__always)
private func clipped(_ a: SIMD4<Float>, _ low: Float, _ high: Float) -> SIMD4<Float> {
  fcn_clipped_x4(a, low, high)
}
@inline(__always)
private func clipped(_ a: SIMD8<Float>, _ low: Float, _ high: Float) -> SIMD8<Float> {
  fcn_clipped_x8(a, low, high)
}
@inline(__always)
private func clipped(_ a: SIMD16<Float>, _ low: Float, _ high: Float) -> SIMD16<Float> {
  fcn_clipped_x16(a, low, high)
}

/// A call for every register, so that the loops around stay small. Where many values follow each other
/// `activate` is quicker.
@inline(never)
private func activated(_ a: Lanes, _ activation: Activation) -> Lanes {
  switch activation {
  case .identity: return a
  case .relu: return rectified(a)
  case .leakyReLU(let slope): return a.replacing(with: a * slope, where: a .< Lanes())
  case .clippedReLU(let limit): return clipped(a, 0, limit)
  case .sigmoid: return sigmoid(a)
  case .hardSigmoid: return hardSigmoid(a)
  case .hardSwish: return a * hardSigmoid(a)
  case .silu: return a * sigmoid(a)
  case .tanh: return hyperbolicTangent(a)
  case .elu(let alpha): return a.replacing(with: exponentialLessOne(a) * alpha, where: a .< Lanes())
  case .softplus: return softplus(a)
  case .mish: return mish(a)
  case .clip(let low, let high): return clipped(a, low, high)
  case .exponential:
    // Halves go to the bounds of floats and beyond.
    let root = exponential(a * 0.5)
    return root * root
  case .gelu: return a * normalDistribution(a)
  }
}

@inline(__always)
private func hardSigmoid(_ a: Lanes) -> Lanes {
  clipped(fma(1 / 6, a, Lanes(repeating: 0.5)), 0, 1)
}

@inline(__always)
private func sigmoid(_ a: Lanes) -> Lanes { 1 / (1 + exponential(-a)) }

/// 1 − 2 / (e²ᵃ + 1); near zero, where that would lose bits, the series.
@inline(__always)
private func hyperbolicTangent(_ a: Lanes) -> Lanes {
  let square = a * a
  var p = square * (-17 / 315) + (2 / 15)
  p = p * square + (-1 / 3)
  let series = p * square * a + a
  let far = 1 - 2 / (exponential(a + a) + 1)
  return far.replacing(with: series, where: square .< Lanes(repeating: 0.04))
}

/// eᵃ − 1; near zero, where that would lose bits, the series.
@inline(__always)
private func exponentialLessOne(_ a: Lanes) -> Lanes {
  var p = a * (1 / 720) + (1 / 120)
  p = p * a + (1 / 24)
  p = p * a + (1 / 6)
  p = p * a + 0.5
  let series = p * a * a + a
  return (exponential(a) - 1).replacing(with: series, where: a * a .< Lanes(repeating: 0.04))
}

/// max(a, 0) + ln(1 + z) with z = e^−|a|, the logarithm as 2 · artanh(z / (2 + z)).
@inline(__always)
private func softplus(_ a: Lanes) -> Lanes {
  let z = exponential(a.replacing(with: -a, where: a .> Lanes()))
  let s = z / (z + 2)
  let square = s * s
  var p = square * (1 / 13) + (1 / 11)
  p = p * square + (1 / 9)
  p = p * square + (1 / 7)
  p = p * square + (1 / 5)
  p = p * square + (1 / 3)
  p = p * square * s + s
  return rectified(a) + (p + p)
}

/// a · tanh(softplus(a)) = a · w / (w + 2) with w = eᵃ · (eᵃ + 2); from 20 on, a.
@inline(__always)
private func mish(_ a: Lanes) -> Lanes {
  let most = Lanes(repeating: 20)
  let e = exponential(a.replacing(with: most, where: a .> most))
  let w = e * (e + 2)
  return a * (w / (w + 2))
}

/// Φ(a), from the tail beyond |a|: half of erfc(z) = (a₁t + … + a₅t⁵) · e^−z² with z = |a| / √2 and
/// t = 1 / (1 + 0.3275911 z) (Abramowitz and Stegun, 7.1.26). Far below zero no bits are lost.
@inline(__always)
private func normalDistribution(_ a: Lanes) -> Lanes {
  let z = a.replacing(with: -a, where: a .< Lanes()) * 0.707_106_78
  let t = 1 / (z * 0.327_591_1 + 1)
  var p = t * 0.530_702_715 - 0.726_576_013_5
  p = p * t + 0.710_706_870_5
  p = p * t - 0.142_248_368
  p = p * t + 0.127_414_796
  let tail = p * t * exponential(-z * z)
  return (1 - tail).replacing(with: tail, where: a .< Lanes())
}

/// e to the power of each of `a`, and of −87 or 88 beyond these; a NaN stays one. Within two units in
/// the last place: 2ⁿ · p(a − n · ln 2), with the polynomial of Cephes (Moshier).
@inline(__always)
func exponential(_ a: Lanes) -> Lanes {
  let bounded = clipped(a, -87, 88)
  // Added to a float, it leaves the nearest whole number in the lowest bits. Products and sums apart:
  // the constants have so few bits that nothing is lost, and the compiler keeps them whole registers.
  let magic = Lanes(repeating: 12_582_912)
  let shifted = bounded * 1.442_695_04 + magic
  let n = shifted - magic
  let rest = (bounded - n * 0.693_359_375) + n * 2.121_944_4e-4
  var p = rest * 1.987_569_15e-4 + 1.398_199_95e-3
  p = p * rest + 8.333_451_9e-3
  p = p * rest + 4.166_579_6e-2
  p = p * rest + 1.666_666_55e-1
  p = p * rest + 5.000_000_1e-1
  p = p * rest * rest + rest + 1
  typealias Bits = Lanes.MaskStorage
  let power = (unsafeBitCast(shifted, to: Bits.self) &<< Bits(repeating: 23)) &+ (127 << 23)
  return p * unsafeBitCast(power, to: Lanes.self)
}
