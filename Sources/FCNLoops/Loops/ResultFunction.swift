import CIntrinsics
import FCNLoopTypes

/// What is done to a result as it is stored: functions of a few instructions. Those of more are done to many
/// results afterwards, by `activate`, and make the same bits of these too.
struct ResultFunction {
  private enum Kind {
    case none, rectifier, bounds, hardSwish
  }
  private let kind: Kind
  private let low, high: Float
  /// Whether the job's activation is still to be done then.
  let leavesActivation: Bool

  @inline(__always)
  init(_ job: borrowing ConvolutionJob) {
    switch job.activation {
    case .relu: (kind, low, high) = (.rectifier, 0, 0)
    case .clippedReLU(let limit): (kind, low, high) = (.bounds, 0, limit)
    case .clip(let low, let high): (kind, self.low, self.high) = (.bounds, low, high)
    case .hardSwish: (kind, low, high) = (.hardSwish, 0, 1)
    default: (kind, low, high) = (.none, 0, 0)
    }
    leavesActivation = job.activates ? kind == .none : false
  }

  // For whatever registers hold.
  @inline(__always)
  func callAsFunction(_ a: SIMD4<Float>) -> SIMD4<Float> {
    made(a, rectified: { fcn_rectified_x4($0) }, clipped: { fcn_clipped_x4($0, $1, $2) })
  }
  @inline(__always)
  func callAsFunction(_ a: SIMD8<Float>) -> SIMD8<Float> {
    made(a, rectified: { fcn_rectified_x8($0) }, clipped: { fcn_clipped_x8($0, $1, $2) })
  }
  @inline(__always)
  func callAsFunction(_ a: SIMD16<Float>) -> SIMD16<Float> {
    made(a, rectified: { fcn_rectified_x16($0) }, clipped: { fcn_clipped_x16($0, $1, $2) })
  }

  @inline(__always)
  private func made<V: SIMD>(_ a: V, rectified: (V) -> V, clipped: (V, Float, Float) -> V) -> V
  where V.Scalar == Float {
    switch kind {
    case .none: return a
    case .rectifier: return rectified(a)
    case .bounds: return clipped(a, low, high)
    case .hardSwish:
      return a * clipped(fma(V(repeating: 1 / 6), a, V(repeating: 0.5)), low, high)
    }
  }
}
