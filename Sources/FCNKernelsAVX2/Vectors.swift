// What the loops are made of with AVX2 and FMA: sixteen registers of eight floats.

typealias Lanes = SIMD8<Float>
typealias Panel = SIMD16<Float>
let panelBlocks = 1
let tableName = "avx2"

/// a · b + c.
@inline(__always)
func fma<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float { c.addingProduct(a, b) }
