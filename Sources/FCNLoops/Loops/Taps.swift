import FCNLoopTypes

/// A vector that need not lie on a boundary of its size.
@inline(__always)
private func loadAnywhere(_ pointer: UnsafePointer<Float>) -> Lanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}

/// See `LoopTable.sumTaps`.
func sumTaps(_ job: UnsafePointer<TapJob>, _ weights: UnsafePointer<Float>, from start: Float) {
  let job = job.pointee
  let width = Lanes.scalarCount
  let first = Lanes(repeating: start)
  for row in 0..<job.rows {
    let source = job.source + row * job.sourceStep
    let target = job.plane + row * job.rowStep
    var x = 0
    while x + 4 * width <= job.columns {
      var (s0, s1, s2, s3) = (first, first, first, first)
      for tap in 0..<job.count {
        let weight = Lanes(repeating: weights[tap])
        let from = source + job.offsets[tap] + x
        s0 = fma(weight, loadAnywhere(from), s0)
        s1 = fma(weight, loadAnywhere(from + width), s1)
        s2 = fma(weight, loadAnywhere(from + 2 * width), s2)
        s3 = fma(weight, loadAnywhere(from + 3 * width), s3)
      }
      put(s0, to: target + x * job.columnStep, width, job.columnStep)
      put(s1, to: target + (x + width) * job.columnStep, width, job.columnStep)
      put(s2, to: target + (x + 2 * width) * job.columnStep, width, job.columnStep)
      put(s3, to: target + (x + 3 * width) * job.columnStep, width, job.columnStep)
      x += 4 * width
    }
    while x < job.columns {
      var sum = first
      for tap in 0..<job.count {
        sum = fma(weights[tap], loadAnywhere(source + job.offsets[tap] + x), sum)
      }
      put(sum, to: target + x * job.columnStep, min(width, job.columns - x), job.columnStep)
      x += width
    }
  }
}

/// Stores the first `count` of a vector, `step` floats apart.
@inline(__always)
private func put(
  _ lanes: Lanes, to target: UnsafeMutablePointer<Float>, _ count: Int, _ step: Int
) {
  if count == Lanes.scalarCount, step == 1 {
    store(lanes, to: target)
  } else {
    for i in 0..<count { target[i * step] = lanes[i] }
  }
}

/// See `LoopTable.multiplyTaps`.
func multiplyTaps(_ job: UnsafePointer<TapJob>, into sums: UnsafeMutablePointer<Double>) {
  // So few terms that float32 sums of them are good.
  let rowsAtATime = max(1, 4096 / max(job.pointee.columns, 1))
  let (rows, count) = (job.pointee.rows, job.pointee.count)
  for first in stride(from: 0, to: rows, by: rowsAtATime) {
    let part = first..<min(first + rowsAtATime, rows)
    var tap = 0
    while tap + 3 <= count {
      multiplyThree(job, part, tap, into: sums)
      tap += 3
    }
    while tap < count {
      multiplyOne(job, part, tap, into: sums)
      tap += 1
    }
  }
}

/// The products with three taps at a time, so that the plane is read but once for them.
private func multiplyThree(
  _ job: UnsafePointer<TapJob>, _ rows: Range<Int>, _ tap: Int,
  into sums: UnsafeMutablePointer<Double>
) {
  let job = job.pointee
  let width = Lanes.scalarCount
  var (a0, a1, a2) = (Lanes(), Lanes(), Lanes())
  var (b0, b1, b2) = (Lanes(), Lanes(), Lanes())
  for row in rows {
    let plane = job.plane + row * job.rowStep
    let source = job.source + row * job.sourceStep
    let (first, second) = (source + job.offsets[tap], source + job.offsets[tap + 1])
    let third = source + job.offsets[tap + 2]
    var x = 0
    while x + width < job.columns {
      let (g, h) = (loadAnywhere(plane + x), loadAnywhere(plane + x + width))
      a0 = fma(g, loadAnywhere(first + x), a0)
      a1 = fma(g, loadAnywhere(second + x), a1)
      a2 = fma(g, loadAnywhere(third + x), a2)
      b0 = fma(h, loadAnywhere(first + x + width), b0)
      b1 = fma(h, loadAnywhere(second + x + width), b1)
      b2 = fma(h, loadAnywhere(third + x + width), b2)
      x += 2 * width
    }
    if x < job.columns {
      let g = loadAnywhere(plane + x)
      a0 = fma(g, loadAnywhere(first + x), a0)
      a1 = fma(g, loadAnywhere(second + x), a1)
      a2 = fma(g, loadAnywhere(third + x), a2)
    }
  }
  sums[tap] += total(a0 + b0)
  sums[tap + 1] += total(a1 + b1)
  sums[tap + 2] += total(a2 + b2)
}

private func multiplyOne(
  _ job: UnsafePointer<TapJob>, _ rows: Range<Int>, _ tap: Int,
  into sums: UnsafeMutablePointer<Double>
) {
  let job = job.pointee
  let width = Lanes.scalarCount
  var (a, b) = (Lanes(), Lanes())
  for row in rows {
    let plane = job.plane + row * job.rowStep
    let source = job.source + row * job.sourceStep + job.offsets[tap]
    var x = 0
    while x + width < job.columns {
      a = fma(loadAnywhere(plane + x), loadAnywhere(source + x), a)
      b = fma(loadAnywhere(plane + x + width), loadAnywhere(source + x + width), b)
      x += 2 * width
    }
    if x < job.columns { a = fma(loadAnywhere(plane + x), loadAnywhere(source + x), a) }
  }
  sums[tap] += total(a + b)
}

@inline(__always)
private func total(_ lanes: Lanes) -> Double {
  var sum = 0.0
  for i in 0..<Lanes.scalarCount { sum += Double(lanes[i]) }
  return sum
}
