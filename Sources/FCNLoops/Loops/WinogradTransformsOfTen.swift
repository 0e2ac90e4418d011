import FCNLoopTypes

// The one-dimensional transforms of F(8, 3), over the points 0, ±1/2, ±3/4, ±4/3, ±5/2 and ∞: of all
// choices of four pairs of small fractions tried, the one of least error. For a pair ±a, and with
// Q(x²) the product of x² − b² over the other pairs, Bᵀ's rows are the coefficients of (x² ± a·x)·Q(x²),
// Aᵀ's columns the powers of ±a, and G's rows the first three of these divided by 2·a²·Q(a²).

/// Bᵀ of F(8, 3).
@inline(__always)
func transformTen(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  @inline(__always) func x(_ i: Int) -> Lanes { load(source + i * from) }
  @inline(__always)
  func pair(_ place: Int, _ a: Float, _ q0: Float, _ q1: Float, _ q2: Float) {
    let even = fma(q0, x(2), fma(q1, x(4), fma(q2, x(6), x(8))))
    let odd = fma(q0, x(1), fma(q1, x(3), fma(q2, x(5), x(7))))
    store(fma(a, odd, even), to: target + place * to)
    store(fma(-a, odd, even), to: target + (place + 1) * to)
  }
  // The product over all pairs.
  let (r0, r1): (Float, Float) = (1.5625, -10.156684)
  let (r2, r3): (Float, Float) = (17.774305, -8.840278)
  store(fma(r0, x(0), fma(r1, x(2), fma(r2, x(4), fma(r3, x(6), x(8))))), to: target)
  pair(1, 1 / 2, -6.25, 15.626736, -8.590278)
  pair(3, 3 / 4, -2.7777777, 13.118055, -8.277778)
  pair(5, 4 / 3, -0.87890625, 5.21875, -7.0625)
  pair(7, 5 / 2, -0.25, 1.5850694, -2.5902777)
  store(fma(r0, x(1), fma(r1, x(3), fma(r2, x(5), fma(r3, x(7), x(9))))), to: target + 9 * to)
}

/// Aᵀ of F(8, 3).
@inline(__always)
func transformTenToEight(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  @inline(__always) func m(_ i: Int) -> Lanes { load(source + i * from) }
  let (sum1, difference1) = (m(1) + m(2), m(1) - m(2))
  let (sum2, difference2) = (m(3) + m(4), m(3) - m(4))
  let (sum3, difference3) = (m(5) + m(6), m(5) - m(6))
  let (sum4, difference4) = (m(7) + m(8), m(7) - m(8))
  @inline(__always)
  func even(_ a: Float, _ b: Float, _ c: Float, _ d: Float) -> Lanes {
    fma(d, sum4, fma(c, sum3, fma(b, sum2, Lanes(repeating: a) * sum1)))
  }
  @inline(__always)
  func odd(_ a: Float, _ b: Float, _ c: Float, _ d: Float) -> Lanes {
    fma(d, difference4, fma(c, difference3, fma(b, difference2, Lanes(repeating: a) * difference1)))
  }
  store(m(0) + (sum1 + sum2) + (sum3 + sum4), to: target)
  store(odd(0.5, 0.75, 1.3333334, 2.5), to: target + to)
  store(even(0.25, 0.5625, 1.7777778, 6.25), to: target + 2 * to)
  store(odd(0.125, 0.421875, 2.3703704, 15.625), to: target + 3 * to)
  store(even(0.0625, 0.31640625, 3.1604939, 39.0625), to: target + 4 * to)
  store(odd(0.03125, 0.23730469, 4.2139916, 97.65625), to: target + 5 * to)
  store(even(0.015625, 0.17797852, 5.6186557, 244.14062), to: target + 6 * to)
  store(odd(0.0078125, 0.13348389, 7.491541, 610.35156) + m(9), to: target + 7 * to)
}

/// G of F(8, 3).
@inline(__always)
func transformThreeToTen(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (g0, g1, g2) = (load(source), load(source + from), load(source + 2 * from))
  @inline(__always)
  func pair(_ place: Int, _ first: Float, _ second: Float, _ third: Float) {
    let even = fma(third, g2, Lanes(repeating: first) * g0)
    store(fma(second, g1, even), to: target + place * to)
    store(fma(-second, g1, even), to: target + (place + 1) * to)
  }
  store(Lanes(repeating: 0.64) * g0, to: target)
  pair(1, -0.6981818, -0.3490909, -0.17454545)
  pair(3, 0.41152903, 0.30864677, 0.23148508)
  pair(5, -0.03387142, -0.045161895, -0.060215857)
  pair(7, 0.0005241963, 0.0013104908, 0.0032762268)
  store(g2, to: target + 9 * to)
}
