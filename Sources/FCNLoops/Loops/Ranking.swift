import FCNLoopTypes

/// See `LoopTable.rank`.
func rank(
  _ above: UnsafePointer<Float>, _ below: UnsafePointer<Float>, lineStride: Int, classes: Int,
  _ down: Float, count: Int, _ labels: UnsafeMutablePointer<UInt8>
) {
  typealias Classes = Lanes.MaskStorage
  var x = 0
  while x < count {
    var best = Lanes()
    var label = Classes()
    for c in 0..<classes {
      let top = load(above + c * lineStride + x)
      // Products and sums apart, as everywhere that resizes.
      let value = top + (load(below + c * lineStride + x) - top) * down
      if c == 0 {
        best = value
      } else {
        let isBetter = value .> best
        best.replace(with: value, where: isBetter)
        label.replace(
          with: Classes(repeating: Classes.Scalar(truncatingIfNeeded: c)), where: isBetter)
      }
    }
    for lane in 0..<Lanes.scalarCount { labels[x + lane] = UInt8(truncatingIfNeeded: label[lane]) }
    x += Lanes.scalarCount
  }
}

/// See `LoopTable.rankProducts`.
func rankProducts(
  _ products: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int, _ bias: Float,
  _ label: Int32, _ best: UnsafeMutablePointer<Float>, _ labels: UnsafeMutablePointer<Int32>,
  bestStride: Int
) {
  typealias Classes = Lanes.MaskStorage
  let bias = Lanes(repeating: bias)
  let own = Classes(repeating: label)
  for row in 0..<rows {
    var x = 0
    while x < columns {
      let value = load(products + row * stride + x) + bias
      let place = best + row * bestStride + x
      let classes = UnsafeMutableRawPointer(labels + row * bestStride + x)
      if label == 0 {
        store(value, to: place)
        classes.storeBytes(of: own, as: Classes.self)
      } else {
        let known = load(place)
        let isBetter = value .> known
        store(known.replacing(with: value, where: isBetter), to: place)
        let made = classes.load(as: Classes.self).replacing(with: own, where: isBetter)
        classes.storeBytes(of: made, as: Classes.self)
      }
      x += Lanes.scalarCount
    }
  }
}
