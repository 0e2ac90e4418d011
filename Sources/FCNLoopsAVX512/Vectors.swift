// What the loops are made of with AVX-512: thirty-two registers of sixteen floats.

typealias Lanes = SIMD16<Float>
let panelBlocks = 4
let tableName = "avx512"

/// How much faster 16-bit products are: twice as many at a time, in two instructions instead of one.
/// Measured: 1.4 on Zen 4, 1.06 on a Xeon (family 6, model 207).
let integerSpeed = 1.0

/// Whether there is `vpdpbusd`.
let multipliesBytes = false

/// Whether there is `tdpbusd`.
let multipliesTiles = false

/// Whether there is `vdpbf16ps`.
let multipliesBFloats = false

/// a · b + c.
@inline(__always)
func fma<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float { c.addingProduct(a, b) }
