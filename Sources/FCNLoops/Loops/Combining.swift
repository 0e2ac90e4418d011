import FCNLoopTypes

/// See `LoopTable.combine`.
func combine(
  _ sources: UnsafePointer<UnsafePointer<Float>>, _ factors: UnsafePointer<Float>, _ terms: Int,
  to target: UnsafeMutablePointer<Float>, _ count: Int
) {
  let together = 4 * Lanes.scalarCount
  var i = 0
  while i + together <= count {
    var (a, b) = (Lanes(), Lanes())
    var (c, d) = (Lanes(), Lanes())
    for term in 0..<terms {
      let (source, factor) = (sources[term] + i, Lanes(repeating: factors[term]))
      a = fma(factor, load(source), a)
      b = fma(factor, load(source + Lanes.scalarCount), b)
      c = fma(factor, load(source + 2 * Lanes.scalarCount), c)
      d = fma(factor, load(source + 3 * Lanes.scalarCount), d)
    }
    store(a, to: target + i)
    store(b, to: target + i + Lanes.scalarCount)
    store(c, to: target + i + 2 * Lanes.scalarCount)
    store(d, to: target + i + 3 * Lanes.scalarCount)
    i += together
  }
  while i < count {
    var sum = Lanes()
    for term in 0..<terms { sum = fma(factors[term], load(sources[term] + i), sum) }
    store(sum, to: target + i)
    i += Lanes.scalarCount
  }
}
