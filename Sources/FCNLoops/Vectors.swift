// What the loops are made of on any processor: NEON and SSE registers hold four floats.

typealias Lanes = SIMD4<Float>
let panelBlocks = 1
let tableName = "portable"

/// 16-bit products come in pairs, but take several instructions.
let integerSpeed = 1.0

/// Whether there is `vpdpbusd`.
let multipliesBytes = false

/// Whether there is `tdpbusd`.
let multipliesTiles = false

/// Whether there is `vdpbf16ps`.
let multipliesBFloats = false

/// a · b + c.
@inline(__always)
func fma<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float {
  #if arch(arm64)
    c.addingProduct(a, b)
  #else
    // Without an instruction for it a fused sum is a call for every element.
    a * b + c
  #endif
}
