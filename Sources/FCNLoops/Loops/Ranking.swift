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
