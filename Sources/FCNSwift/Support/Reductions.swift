/// Values that a task takes of a sum of many: nobody is asked within a task, and so many take a millisecond.
let valuesOfPiece = 1 << 20

/// Σ term(i) for i in 0..<count, where `term` gives sixteen terms from i on and `single` gives one.
///
/// Sixteen running sums, gathered in double every few thousand terms: fast, and as good for a large
/// plane as for a small one.
@inline(__always)
private func accumulate(
  _ count: Int, _ terms: (Int) -> SIMD16<Float>, _ single: (Int) -> Float
) -> Double {
  var total = 0.0
  var i = 0
  while i + 16 <= count {
    var lanes = SIMD16<Float>(repeating: 0)
    let end = min(i + 4096, count - 15)
    while i < end {
      lanes += terms(i)
      i += 16
    }
    total += Double(lanes.sum())
  }
  while i < count {
    total += Double(single(i))
    i += 1
  }
  return total
}

@inline(__always)
private func sixteen(_ start: UnsafePointer<Float>, _ i: Int) -> SIMD16<Float> {
  UnsafeRawPointer(start + i).loadUnaligned(as: SIMD16<Float>.self)
}

/// The sum of `count` floats.
func sum(_ start: UnsafePointer<Float>, _ count: Int) -> Double {
  accumulate(count, { sixteen(start, $0) }, { start[$0] })
}

/// The sum of `count` products a[i] · b[i].
func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Double {
  accumulate(count, { sixteen(a, $0) * sixteen(b, $0) }, { a[$0] * b[$0] })
}

/// The sum of those of `count` products a[i] · b[i] whose b[i] is below 0.
func dotWithNegatives(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int
) -> Double {
  accumulate(
    count,
    {
      let factors = sixteen(b, $0)
      return SIMD16(repeating: 0).replacing(with: sixteen(a, $0) * factors, where: factors .< 0)
    }, { b[$0] < 0 ? a[$0] * b[$0] : 0 })
}

/// The sum of `count` squares (a[i] − centre)².
func sumOfSquaredDeviations(
  _ a: UnsafePointer<Float>, _ count: Int, from centre: Float
) -> Double {
  accumulate(
    count,
    {
      let deviation = sixteen(a, $0) - centre
      return deviation * deviation
    }, { (a[$0] - centre) * (a[$0] - centre) })
}
