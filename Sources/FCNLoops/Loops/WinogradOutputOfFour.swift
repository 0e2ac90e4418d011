import CIntrinsics
import FCNLoopTypes

/// As `transformTilesBack` for F(4×4, 3×3), where results become bytes and there are thirty-two registers: a
/// tile is in memory only when it is finished. Returns false, and does nothing, for other jobs. `scratch` has
/// room for two patches of pixels.
func transformFoursBack(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, block: Int, panelBlocks width: Int,
  _ products: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) -> Bool {
  guard panelBlocks > 1 else { return false }
  let job = job.pointee
  let blocks = block..<min(block + width, job.outputBlocks)
  guard keepSteps(job, blocks, at: scratch) else { return false }
  let grid = TileGrid(job)
  let columns = width * channelBlock
  let positionStride = ConvolutionJob.productRows(rows.count) * columns
  for row in rows {
    let place = FourPlace(job, TilePlace(job, row, grid))
    guard place.hasResults else { continue }
    var source = products + (row - rows.lowerBound) * columns
    var first = place.first + blocks.lowerBound * place.blockStride
    for index in 0..<blocks.count {
      let tile = FourByFour(source, positionStride)
      let steps = ByteSteps(job, keptAt: scratch, index)
      if place.pools {
        tile.storePooled(place, first, steps)
      } else {
        tile.store(place, first, steps)
      }
      source += channelBlock
      first += place.blockStride
    }
  }
  return true
}

/// Keeps at `place` what makes bytes of the values of each block; whether it can.
@inline(__always)
private func keepSteps(
  _ job: borrowing ConvolutionJob, _ blocks: Range<Int>, at place: UnsafeMutablePointer<Float>
) -> Bool {
  guard job.precision == .int8, job.outputBytes != nil, job.residual == nil else { return false }
  let weights = IntegerWeights(job)
  for block in blocks {
    var largest = SIMD16<Float>()
    for position in 0..<job.algorithm.positions {
      largest += magnitudes(loadBlock(weights.scales(position, block)))
    }
    // Twice Aᵀ takes sums of integers, below 2³¹, to values below 19² times as much.
    guard
      let steps = ByteSteps(
        job, block, scales: SIMD16(repeating: 1), largest: largest * 361 * 0x1p31)
    else { return false }
    steps.keep(at: place, block - blocks.lowerBound)
  }
  return true
}

/// Where the results of a tile go, in pixels, or in windows where these are pooled.
private struct FourPlace {
  /// Pixels of the tile that are there.
  let height, width: Int
  let pools, hasResults: Bool
  /// Of windows side by side that are there, where pixels are pooled.
  let windows: (height: Int, width: Int)
  /// The first one of block 0; from a block, a row and a column to the next.
  let first, blockStride, down, across: Int

  @inline(__always)
  init(_ job: borrowing ConvolutionJob, _ place: TilePlace) {
    let (stepDown, stepAcross) = (job.phasesDown, job.phasesAcross)
    height = min(4, (job.outputHeight - place.row + stepDown - 1) / stepDown)
    width = min(4, (job.outputWidth - place.column + stepAcross - 1) / stepAcross)
    pools = job.pooled != nil
    var plane = (height: job.outputHeight, width: job.outputWidth)
    var (row, column) = (place.row, place.column)
    if let size = job.pooled {
      (row, column, plane) = (row / 2, column / 2, size)
      windows = (min(2, size.height - row), min(2, size.width - column))
      (down, across) = (plane.width, 1)
    } else {
      windows = (0, 0)
      (down, across) = (stepDown * plane.width, stepAcross)
    }
    // Where convolutions are dilated, some phases have fewer tiles; a last row or column may be in no window.
    hasResults = height > 0 && width > 0 && (!pools || windows.height > 0 && windows.width > 0)
    blockStride = job.pictures * plane.height * plane.width
    first = (place.picture * plane.height + row) * plane.width + column
  }
}

/// What Aᵀ of F(4, 3) makes of six values: see `transformSixToFour`.
private struct FourOfSix {
  let first, second, third, fourth: SIMD16<Float>

  @inline(__always)
  init(
    _ m0: SIMD16<Float>, _ m1: SIMD16<Float>, _ m2: SIMD16<Float>, _ m3: SIMD16<Float>,
    _ m4: SIMD16<Float>, _ m5: SIMD16<Float>
  ) {
    let (sum1, difference1) = (m1 + m2, m1 - m2)
    let (sum2, difference2) = (m3 + m4, m3 - m4)
    first = m0 + sum1 + sum2
    second = fma(SIMD16(repeating: 2), difference2, difference1)
    third = fma(SIMD16(repeating: 4), sum2, sum1)
    fourth = fma(SIMD16(repeating: 8), difference2, difference1) + m5
  }

  /// Of those `down` apart from `source` on.
  @inline(__always)
  init(_ source: UnsafePointer<Float>, _ down: Int) {
    self.init(
      loadBlock(source), loadBlock(source + down), loadBlock(source + 2 * down),
      loadBlock(source + 3 * down), loadBlock(source + 4 * down), loadBlock(source + 5 * down))
  }

  /// As a row of pixels, from pixel `pixel` on.
  @inline(__always)
  func store(_ place: FourPlace, _ pixel: Int, _ steps: ByteSteps) {
    steps.store(first, pixel * channelBlock)
    guard place.width > 1 else { return }
    steps.store(second, (pixel + place.across) * channelBlock)
    guard place.width > 2 else { return }
    steps.store(third, (pixel + 2 * place.across) * channelBlock)
    guard place.width > 3 else { return }
    steps.store(fourth, (pixel + 3 * place.across) * channelBlock)
  }
}

/// Of pixels that are there an infinity, of others less than any pixel.
@inline(__always)
private func bound(_ isThere: Bool) -> SIMD16<Float> {
  SIMD16(repeating: isThere ? .infinity : -.infinity)
}

/// The largest in a window.
@inline(__always)
private func largest(
  _ a: SIMD16<Float>, _ b: SIMD16<Float>, _ c: SIMD16<Float>, _ d: SIMD16<Float>,
  _ isTall: SIMD16<Float>, _ isWide: SIMD16<Float>
) -> SIMD16<Float> {
  let lower = fcn_greater(c, fcn_lesser(d, isWide))
  return fcn_greater(fcn_greater(a, fcn_lesser(b, isWide)), fcn_lesser(lower, isTall))
}

/// The pixels of a tile, sixteen channels of each.
private struct FourByFour {
  private let r0, r1, r2, r3: FourOfSix

  @inline(__always)
  init(_ source: UnsafePointer<Float>, _ positionStride: Int) {
    // Known, the places of all 36 would be worked out before the loop and kept in memory.
    let across = fcn_unknown(positionStride)
    let (c0, c1) = (FourOfSix(source, 6 * across), FourOfSix(source + across, 6 * across))
    let second = source + 2 * across
    let (c2, c3) = (FourOfSix(second, 6 * across), FourOfSix(second + across, 6 * across))
    let third = second + 2 * across
    let (c4, c5) = (FourOfSix(third, 6 * across), FourOfSix(third + across, 6 * across))
    r0 = FourOfSix(c0.first, c1.first, c2.first, c3.first, c4.first, c5.first)
    r1 = FourOfSix(c0.second, c1.second, c2.second, c3.second, c4.second, c5.second)
    r2 = FourOfSix(c0.third, c1.third, c2.third, c3.third, c4.third, c5.third)
    r3 = FourOfSix(c0.fourth, c1.fourth, c2.fourth, c3.fourth, c4.fourth, c5.fourth)
  }

  /// Stores those that are there, from pixel `first` on.
  @inline(__always)
  func store(_ place: FourPlace, _ first: Int, _ steps: ByteSteps) {
    r0.store(place, first, steps)
    guard place.height > 1 else { return }
    r1.store(place, first + place.down, steps)
    guard place.height > 2 else { return }
    r2.store(place, first + 2 * place.down, steps)
    guard place.height > 3 else { return }
    r3.store(place, first + 3 * place.down, steps)
  }

  /// Stores the largest of each window, some of which may hang over the edge, from window `first` on.
  @inline(__always)
  func storePooled(_ place: FourPlace, _ first: Int, _ steps: ByteSteps) {
    // Branches would put all pixels in memory.
    let (isTall, isWide) = (bound(place.height > 1), bound(place.width > 1))
    let (isTaller, isWider) = (bound(place.height > 3), bound(place.width > 3))
    let topLeft = largest(r0.first, r0.second, r1.first, r1.second, isTall, isWide)
    let topRight = largest(r0.third, r0.fourth, r1.third, r1.fourth, isTall, isWider)
    let left = largest(r2.first, r2.second, r3.first, r3.second, isTaller, isWide)
    let right = largest(r2.third, r2.fourth, r3.third, r3.fourth, isTaller, isWider)
    steps.store(topLeft, first * channelBlock)
    if place.windows.width > 1 { steps.store(topRight, (first + 1) * channelBlock) }
    guard place.windows.height > 1 else { return }
    steps.store(left, (first + place.down) * channelBlock)
    if place.windows.width > 1 { steps.store(right, (first + place.down + 1) * channelBlock) }
  }
}
