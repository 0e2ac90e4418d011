// What the loops are made of with AVX2 and FMA: sixteen registers of eight floats.

typealias Lanes = SIMD8<Float>
let panelBlocks = 1
let tableName = "avx2"

/// How much faster 16-bit products are: `vpmaddwd` makes twice as many at a time as an FMA does, but is
/// followed by an addition. Measured on Zen 3: 1.3 to 1.6.
let integerSpeed = 1.4

/// Whether there is `vpdpbusd`.
let multipliesBytes = false

/// Whether there is `tdpbusd`.
let multipliesTiles = false

/// Whether there is `vdpbf16ps`.
let multipliesBFloats = false

/// a · b + c.
@inline(__always)
func fma<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float { c.addingProduct(a, b) }
