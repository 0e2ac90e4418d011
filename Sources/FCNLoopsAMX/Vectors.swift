// What the loops are made of with AVX-512, VNNI and AMX: besides thirty-two registers of sixteen floats,
// eight tiles of sixteen rows of 64 bytes.

typealias Lanes = SIMD16<Float>
let panelBlocks = 4
let tableName = "amx"

/// How much faster 16-bit products are: `vpdpwssd` makes and adds twice as many at a time as an FMA.
/// Measured: 1.9 on Zen 4, 2.0 on a Xeon (family 6, model 207).
let integerSpeed = 1.8

/// Whether there is `vpdpbusd`.
let multipliesBytes = true

/// Whether there is `tdpbusd`.
let multipliesTiles = true

/// Whether there is `vdpbf16ps`.
let multipliesBFloats = true

/// a · b + c.
@inline(__always)
func fma<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float { c.addingProduct(a, b) }
