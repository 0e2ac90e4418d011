import FCNLoopTypes

/// Transforms products back into tiles of pixels `m`×`m`, adds bias and residual, activates, pools and
/// stores. `scratch` has room for two patches of pixels.
@inline(__always)
func transformTilesBack(
  _ job: UnsafePointer<ConvolutionJob>, patch n: Int, tile m: Int, rows: Range<Int>, block: Int,
  panelBlocks width: Int, _ products: UnsafePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  let job = job.pointee
  let grid = TileGrid(job)
  let columns = width * channelBlock
  let padded = ConvolutionJob.productRows(rows.count)
  let positionStride = padded * columns
  let pixels = scratch + n * m * Lanes.scalarCount
  for tile in rows {
    let place = TilePlace(job, tile, grid)
    for panelBlock in 0..<min(width, job.outputBlocks - block) {
      let source = products + (tile - rows.lowerBound) * columns + panelBlock * channelBlock
      for lane in 0..<lanesPerBlock {
        let offset = lane * Lanes.scalarCount
        for x in 0..<n {
          transform(
            source + x * positionStride + offset, n * positionStride,
            scratch + x * Lanes.scalarCount, n * Lanes.scalarCount)
        }
        for y in 0..<m {
          transform(
            scratch + y * n * Lanes.scalarCount, Lanes.scalarCount,
            pixels + y * m * Lanes.scalarCount, Lanes.scalarCount)
        }
        storeTile(job, place, m, block + panelBlock, offset, pixels)
      }
    }
  }
}

/// Finishes one register's channels of a tile.
@inline(__always)
private func storeTile(
  _ job: borrowing ConvolutionJob, _ place: TilePlace, _ m: Int, _ block: Int, _ offset: Int,
  _ pixels: UnsafeMutablePointer<Float>
) {
  let plane = (block * job.outputPictures + place.picture) * job.outputHeight * job.outputWidth
  let (results, channel) = (BlockedResults(job), block * channelBlock + offset)
  let (stepDown, stepAcross) = (job.phasesDown, job.phasesAcross)
  let height = min(m, (job.outputHeight - place.row + stepDown - 1) / stepDown)
  let width = min(m, (job.outputWidth - place.column + stepAcross - 1) / stepAcross)
  guard height > 0, width > 0 else { return }
  if let pooled = job.pooled {
    return storePooled(job, place, m, (height, width), block, offset, pixels, pooled)
  }
  for y in 0..<height {
    let row = plane + (place.row + y * stepDown) * job.outputWidth + place.column
    for x in 0..<width {
      let target = (row + x * stepAcross) * channelBlock + offset
      results.finish(
        load(pixels + (y * m + x) * Lanes.scalarCount), job, target, channel: channel)
    }
  }
}

@inline(__always)
private func storePooled(
  _ job: borrowing ConvolutionJob, _ place: TilePlace, _ m: Int, _ valid: (Int, Int), _ block: Int,
  _ offset: Int, _ pixels: UnsafeMutablePointer<Float>, _ pooled: (height: Int, width: Int)
) {
  let plane = (block * job.outputPictures + place.picture) * pooled.height * pooled.width
  let (results, channel) = (BlockedResults(job), block * channelBlock + offset)
  let (top, left) = (place.row / 2, place.column / 2)
  for y in 0..<min(m / 2, pooled.height - top) {
    // A window that hangs over the edge has but one row or column.
    let below = 2 * y + 1 < valid.0 ? 2 * y + 1 : 2 * y
    for x in 0..<min(m / 2, pooled.width - left) {
      let right = 2 * x + 1 < valid.1 ? 2 * x + 1 : 2 * x
      func pixel(_ y: Int, _ x: Int) -> Lanes { load(pixels + (y * m + x) * Lanes.scalarCount) }
      let value =
        larger(
          larger(pixel(2 * y, 2 * x), pixel(2 * y, right)),
          larger(pixel(below, 2 * x), pixel(below, right)))
      let target = (plane + (top + y) * pooled.width + left + x) * channelBlock + offset
      results.finish(value, job, target, channel: channel)
    }
  }
}
