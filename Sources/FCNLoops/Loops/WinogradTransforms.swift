import FCNLoopTypes

// One-dimensional transforms of Winograd's minimal filtering (Lavin and Gray, 2016), from `source`,
// whose values lie `from` floats apart, to `target`, `to` apart. Points 0, ±1, ±2 and ∞ for six
// values; ±1/2 besides for eight.

/// Bᵀ of F(4, 3).
@inline(__always)
func transformSix(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (x0, x1, x2) = (load(source), load(source + from), load(source + 2 * from))
  let (x3, x4, x5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let even = fma(-4, x2, x4)
  let odd = fma(-4, x1, x3)
  let evenHalf = x4 - x2
  let oddHalf = x3 - x1
  store(fma(4, x0, fma(-5, x2, x4)), to: target)
  store(even + odd, to: target + to)
  store(even - odd, to: target + 2 * to)
  store(fma(2, oddHalf, evenHalf), to: target + 3 * to)
  store(fma(-2, oddHalf, evenHalf), to: target + 4 * to)
  store(fma(4, x1, fma(-5, x3, x5)), to: target + 5 * to)
}

/// Bᵀ of F(6, 3) and F(2, 7).
@inline(__always)
func transformEight(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (x0, x1, x2) = (load(source), load(source + from), load(source + 2 * from))
  let (x3, x4, x5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (x6, x7) = (load(source + 6 * from), load(source + 7 * from))
  store(fma(5.25, x4 - x2, x0 - x6), to: target)
  store(fma(5.25, x3 - x5, x7 - x1), to: target + 7 * to)
  let even1 = fma(-4.25, x4, x2 + x6)
  let odd1 = fma(-4.25, x3, x1 + x5)
  store(even1 + odd1, to: target + to)
  store(even1 - odd1, to: target + 2 * to)
  let even2 = fma(0.25, x2, fma(-1.25, x4, x6))
  let odd2 = fma(0.5, x1, fma(-2.5, x3, x5 + x5))
  store(even2 + odd2, to: target + 3 * to)
  store(even2 - odd2, to: target + 4 * to)
  let even3 = fma(4, x2, fma(-5, x4, x6))
  let odd3 = fma(0.5, x5, fma(-2.5, x3, x1 + x1))
  store(even3 + odd3, to: target + 5 * to)
  store(even3 - odd3, to: target + 6 * to)
}

/// Aᵀ of F(4, 3).
@inline(__always)
func transformSixToFour(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (m0, m1, m2) = (load(source), load(source + from), load(source + 2 * from))
  let (m3, m4, m5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (sum1, difference1) = (m1 + m2, m1 - m2)
  let (sum2, difference2) = (m3 + m4, m3 - m4)
  store(m0 + sum1 + sum2, to: target)
  store(fma(2, difference2, difference1), to: target + to)
  store(fma(4, sum2, sum1), to: target + 2 * to)
  store(fma(8, difference2, difference1) + m5, to: target + 3 * to)
}

/// Aᵀ of F(6, 3).
@inline(__always)
func transformEightToSix(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (m0, m1, m2) = (load(source), load(source + from), load(source + 2 * from))
  let (m3, m4, m5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (m6, m7) = (load(source + 6 * from), load(source + 7 * from))
  let (sum1, difference1) = (m1 + m2, m1 - m2)
  let (sum2, difference2) = (m3 + m4, m3 - m4)
  let (sum3, difference3) = (m5 + m6, m5 - m6)
  store(m0 + sum1 + (sum2 + sum3), to: target)
  store(fma(0.5, difference3, fma(2, difference2, difference1)), to: target + to)
  store(fma(0.25, sum3, fma(4, sum2, sum1)), to: target + 2 * to)
  store(fma(0.125, difference3, fma(8, difference2, difference1)), to: target + 3 * to)
  store(fma(0.0625, sum3, fma(16, sum2, sum1)), to: target + 4 * to)
  store(fma(0.03125, difference3, fma(32, difference2, difference1)) + m7, to: target + 5 * to)
}

/// Aᵀ of F(2, 7).
@inline(__always)
func transformEightToTwo(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (m0, m1, m2) = (load(source), load(source + from), load(source + 2 * from))
  let (m3, m4, m5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (m6, m7) = (load(source + 6 * from), load(source + 7 * from))
  store(m0 + (m1 + m2) + ((m3 + m4) + (m5 + m6)), to: target)
  store(fma(0.5, m5 - m6, fma(2, m3 - m4, m1 - m2)) + m7, to: target + to)
}

// Of kernels: row i of G is a factor times (1, a, a², …) for the i-th point a; the last row, for ∞, is
// (0, …, 0, 1).

/// G of F(4, 3); factors 1/4, −1/6 for ±1, 1/24 for ±2.
@inline(__always)
func transformThreeToSix(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (g0, g1, g2) = (load(source), load(source + from), load(source + 2 * from))
  let even1 = Lanes(repeating: -1 / 6) * (g0 + g2)
  let even2 = Lanes(repeating: 1 / 24) * fma(4, g2, g0)
  store(Lanes(repeating: 1 / 4) * g0, to: target)
  store(fma(-1 / 6, g1, even1), to: target + to)
  store(fma(1 / 6, g1, even1), to: target + 2 * to)
  store(fma(1 / 12, g1, even2), to: target + 3 * to)
  store(fma(-1 / 12, g1, even2), to: target + 4 * to)
  store(g2, to: target + 5 * to)
}

/// G of F(6, 3); factors 1, −2/9 for ±1, 1/90 for ±2, 32/45 for ±1/2.
@inline(__always)
func transformThreeToEight(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (g0, g1, g2) = (load(source), load(source + from), load(source + 2 * from))
  let even1 = Lanes(repeating: -2 / 9) * (g0 + g2)
  let even2 = Lanes(repeating: 1 / 90) * fma(4, g2, g0)
  let even3 = Lanes(repeating: 32 / 45) * fma(0.25, g2, g0)
  store(g0, to: target)
  store(fma(-2 / 9, g1, even1), to: target + to)
  store(fma(2 / 9, g1, even1), to: target + 2 * to)
  store(fma(1 / 45, g1, even2), to: target + 3 * to)
  store(fma(-1 / 45, g1, even2), to: target + 4 * to)
  store(fma(16 / 45, g1, even3), to: target + 5 * to)
  store(fma(-16 / 45, g1, even3), to: target + 6 * to)
  store(g2, to: target + 7 * to)
}

/// G of F(2, 7), with the factors of F(6, 3).
@inline(__always)
func transformSevenToEight(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (g0, g1, g2) = (load(source), load(source + from), load(source + 2 * from))
  let (g3, g4, g5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let g6 = load(source + 6 * from)
  let even1 = Lanes(repeating: -2 / 9) * (g0 + g2 + (g4 + g6))
  let odd1 = Lanes(repeating: -2 / 9) * (g1 + g3 + g5)
  let even2 = Lanes(repeating: 1 / 90) * fma(4, fma(4, fma(4, g6, g4), g2), g0)
  let odd2 = Lanes(repeating: 1 / 45) * fma(4, fma(4, g5, g3), g1)
  let even3 = Lanes(repeating: 32 / 45) * fma(0.25, fma(0.25, fma(0.25, g6, g4), g2), g0)
  let odd3 = Lanes(repeating: 16 / 45) * fma(0.25, fma(0.25, g5, g3), g1)
  store(g0, to: target)
  store(even1 + odd1, to: target + to)
  store(even1 - odd1, to: target + 2 * to)
  store(even2 + odd2, to: target + 3 * to)
  store(even2 - odd2, to: target + 4 * to)
  store(even3 + odd3, to: target + 5 * to)
  store(even3 - odd3, to: target + 6 * to)
  store(g6, to: target + 7 * to)
}
