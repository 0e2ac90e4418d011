import FCNLoopTypes

/// Where a tile lies.
struct TilePlace {
  let picture: Int
  /// Of its first pixel, before padding and phase are taken into account: row and column of the
  /// output.
  let row, column: Int

  /// Row `tile` of the job's products.
  @inline(__always)
  init(_ job: borrowing ConvolutionJob, _ tile: Int, _ grid: TileGrid) {
    let across = tile % grid.across
    let down = tile / grid.across % grid.down
    let phase = tile / (grid.across * grid.down)
    let phaseAcross = phase % grid.phasesAcross
    let phaseDown = phase / grid.phasesAcross % grid.phasesDown
    picture = phase / (grid.phasesAcross * grid.phasesDown)
    row = down * grid.tile * grid.phasesDown + phaseDown
    column = across * grid.tile * grid.phasesAcross + phaseAcross
  }
}

/// What places of tiles follow from, worked out once.
struct TileGrid {
  let across, down, phasesAcross, phasesDown, tile: Int

  init(_ job: borrowing ConvolutionJob) {
    (across, down) = (job.tilesAcross, job.tilesDown)
    (phasesAcross, phasesDown) = (job.phasesAcross, job.phasesDown)
    tile = job.algorithm.tile
  }
}

/// Transforms the patches of tiles `rows`, input blocks `blocks`, into `a`. `scratch` has room for
/// two patches of pixels.
@inline(__always)
func transformTiles(
  _ job: UnsafePointer<ConvolutionJob>, patch n: Int, rows: Range<Int>, blocks: Range<Int>,
  capacity: Int, _ a: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  let job = job.pointee
  let grid = TileGrid(job)
  let planeStride = job.inputHeight * job.inputWidth * channelBlock
  let (stepDown, stepAcross) = (job.dilationHeight, job.dilationWidth)
  let positionStride = job.leftStride(capacity)
  let edgePatch = scratch + n * n * channelBlock
  for tile in rows {
    let place = TilePlace(job, tile, grid)
    let top = place.row - job.paddingHeight
    let left = place.column - job.paddingWidth
    let isInside =
      top >= 0 && left >= 0 && top + (n - 1) * stepDown < job.inputHeight
      && left + (n - 1) * stepAcross < job.inputWidth
    for block in blocks {
      let plane = job.input + (block * job.inputPictures + place.picture) * planeStride
      let target = a + (block * capacity + tile - rows.lowerBound) * channelBlock
      var source = plane + (top * job.inputWidth + left) * channelBlock
      var (down, across) = (
        stepDown * job.inputWidth * channelBlock, stepAcross * channelBlock
      )
      if !isInside {
        for y in 0..<n {
          let row = top + y * stepDown
          for x in 0..<n {
            let column = left + x * stepAcross
            let pixel = edgePatch + (y * n + x) * channelBlock
            if row >= 0, row < job.inputHeight, column >= 0, column < job.inputWidth {
              copyPixel(plane + (row * job.inputWidth + column) * channelBlock, to: pixel)
            } else {
              clearPixel(pixel)
            }
          }
        }
        source = UnsafePointer(edgePatch)
        (down, across) = (n * channelBlock, channelBlock)
      }
      for lane in 0..<lanesPerBlock {
        let offset = lane * Lanes.scalarCount
        for y in 0..<n {
          transform(
            source + y * down + offset, across, scratch + y * n * Lanes.scalarCount,
            Lanes.scalarCount)
        }
        for x in 0..<n {
          transform(
            scratch + x * Lanes.scalarCount, n * Lanes.scalarCount,
            target + x * positionStride + offset, n * positionStride)
        }
      }
    }
  }
}
