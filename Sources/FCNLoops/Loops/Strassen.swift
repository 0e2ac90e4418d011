import CIntrinsics
import FCNLoopTypes

/// Rows that are asked for before they are summed.
private let rowsAhead = 12

/// See `LoopTable.prepareStrassen`.
func prepareStrassen(
  _ source: UnsafePointer<Float>, blockStride: Int, blocks: Int, rows: Int,
  _ factors: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
) {
  let (upper, left) = ((rows + 1) / 2, (blocks + 1) / 2)
  let count = ConvolutionJob.sumStride(rows: upper, blocks: left)
  for block in 0..<left {
    let (first, other) = (source + block * blockStride, source + (left + block) * blockStride)
    let target = target + block * upper * channelBlock
    let isWide = left + block < blocks
    for lane in 0..<lanesPerBlock {
      let start = lane * Lanes.scalarCount
      let factor = load(factors + block * channelBlock + start)
      let otherFactor =
        isWide ? load(factors + (left + block) * channelBlock + start) : Lanes()
      for row in 0..<upper {
        let place = row * channelBlock + start
        let below = place + upper * channelBlock
        let isThere = upper + row < rows
        if lane == 0 {
          // The next channels lie far behind these, where nothing else would look for them in time.
          let isNext = row + rowsAhead >= upper
          let ahead = isNext ? blockStride - upper * channelBlock : 0
          let next = place + rowsAhead * channelBlock + ahead
          fcn_prefetch_soon(first + next)
          fcn_prefetch_soon(first + next + upper * channelBlock)
          fcn_prefetch_soon(other + next)
          fcn_prefetch_soon(other + next + upper * channelBlock)
        }
        let a11 = load(first + place) * factor
        let a12 = isWide ? load(other + place) * otherFactor : Lanes()
        let a21 = isThere ? load(first + below) * factor : Lanes()
        let a22 = isWide && isThere ? load(other + below) * otherFactor : Lanes()
        let s1 = a21 + a22
        let s2 = s1 - a11
        store(a11, to: target + place)
        store(a12, to: target + count + place)
        store(s1, to: target + 2 * count + place)
        store(a12 - s2, to: target + 3 * count + place)
        store(a22, to: target + 4 * count + place)
        store(s2, to: target + 5 * count + place)
        store(a11 - a21, to: target + 6 * count + place)
      }
    }
  }
}

/// See `LoopTable.finishStrassen`.
func finishStrassen(
  _ m: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int,
  _ scales: UnsafePointer<Float>, _ otherScales: UnsafePointer<Float>
) {
  for row in 0..<rows {
    var column = 0
    while column < columns {
      let m = m + row * columns + column
      let (scale, otherScale) = (load(scales + column), load(otherScales + column))
      let p1 = load(m)
      let p5 = load(m + 2 * stride)
      let u2 = p1 + load(m + 5 * stride)
      let u3 = u2 + load(m + 6 * stride)
      store((p1 + load(m + stride)) * scale, to: m)
      store((u2 + p5 + load(m + 3 * stride)) * otherScale, to: m + stride)
      store((u3 - load(m + 4 * stride)) * scale, to: m + 2 * stride)
      store((u3 + p5) * otherScale, to: m + 3 * stride)
      column += Lanes.scalarCount
    }
  }
}
