import FCNLoopTypes

/// e to the power of each of `a`, none of which is above zero; 0 where that is no ordinary number.
@inline(__always)
private func power(_ a: Lanes) -> Lanes {
  exponential(a).replacing(with: Lanes(), where: a .< Lanes(repeating: -87))
}

/// See `LoopTable.exponentiate`.
func exponentiate(
  _ values: UnsafeMutablePointer<Float>, _ count: Int, _ factor: Float
) -> (largest: Float, total: Float) {
  let lanes = Lanes.scalarCount
  let whole = count / lanes * lanes
  // Rows of scores are of any length, so they begin anywhere.
  func scaled(_ i: Int) -> Lanes {
    UnsafeRawPointer(values + i).loadUnaligned(as: Lanes.self) * factor
  }
  /// Those that fill no vector; `filling` stands in the others' places.
  func rest(_ filling: Float) -> Lanes {
    var last = Lanes(repeating: filling)
    for i in whole..<count { last[i - whole] = values[i] }
    return last * factor
  }
  var most = whole < count ? rest(values[count - 1]) : scaled(0)
  var i = 0
  while i < whole {
    let own = scaled(i)
    most.replace(with: own, where: own .> most)
    i += lanes
  }
  var largest = most[0]
  for lane in 1..<lanes where most[lane] > largest { largest = most[lane] }
  let base = Lanes(repeating: largest)
  // Sums of single precision over some hundred values, of double precision over those.
  var sum = 0.0
  i = 0
  while i < whole {
    var total = Lanes()
    let end = min(whole, i + 128 * lanes)
    while i < end {
      let made = power(scaled(i) - base)
      UnsafeMutableRawPointer(values + i).storeBytes(of: made, as: Lanes.self)
      total += made
      i += lanes
    }
    for lane in 0..<lanes { sum += Double(total[lane]) }
  }
  guard whole < count else { return (largest, Float(sum)) }
  let made = power(rest(0) - base)
  for i in whole..<count {
    values[i] = made[i - whole]
    sum += Double(values[i])
  }
  return (largest, Float(sum))
}

/// See `LoopTable.softmax`.
func softmax(
  _ scores: UnsafePointer<Float>, to probabilities: UnsafeMutablePointer<Float>, count: Int,
  channels: Int, stride: Int
) {
  let lanes = Lanes.scalarCount
  var x = 0
  while x < count {
    let width = min(lanes, count - x)
    let (source, target) = (scores + x, probabilities + x)
    func value(_ c: Int) -> Lanes {
      if width == lanes {
        return UnsafeRawPointer(source + c * stride).loadUnaligned(as: Lanes.self)
      }
      var some = Lanes()
      for lane in 0..<width { some[lane] = source[c * stride + lane] }
      return some
    }
    func put(_ value: Lanes, _ c: Int) {
      if width == lanes {
        UnsafeMutableRawPointer(target + c * stride).storeBytes(of: value, as: Lanes.self)
      } else {
        for lane in 0..<width { target[c * stride + lane] = value[lane] }
      }
    }
    var largest = value(0)
    for c in 1..<max(channels, 1) {
      let own = value(c)
      largest.replace(with: own, where: own .> largest)
    }
    var total = Lanes()
    for c in 0..<channels {
      let made = power(value(c) - largest)
      put(made, c)
      total += made
    }
    let scale = 1 / total
    for c in 0..<channels {
      // What was put there.
      let place = UnsafePointer(target) + c * stride
      if width == lanes {
        put(UnsafeRawPointer(place).loadUnaligned(as: Lanes.self) * scale, c)
      } else {
        for lane in 0..<width { target[c * stride + lane] *= scale[lane] }
      }
    }
    x += lanes
  }
}
