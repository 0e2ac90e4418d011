import FCNLoopTypes

// The gradient of a 3×3 convolution by its weights, among the values that F(4×4, 3×3) transforms:
// ∂g = Gᵀ [ Σ over tiles of (Bᵀ d B) ⊙ (A ∂Y Aᵀ) ] G, which follows from Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A.

/// A: from four gradients to six.
@inline(__always)
private func transformFourToSix(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (y0, y1) = (load(source), load(source + from))
  let (y2, y3) = (load(source + 2 * from), load(source + 3 * from))
  let (even1, odd1) = (y0 + y2, y1 + y3)
  let even2 = fma(4, y2, y0)
  let odd2 = fma(8, y3, y1 + y1)
  store(y0, to: target)
  store(even1 + odd1, to: target + to)
  store(even1 - odd1, to: target + 2 * to)
  store(even2 + odd2, to: target + 3 * to)
  store(even2 - odd2, to: target + 4 * to)
  store(y3, to: target + 5 * to)
}

/// Gᵀ: from six to three.
@inline(__always)
private func transformSixToThree(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (u0, u1, u2) = (load(source), load(source + from), load(source + 2 * from))
  let (u3, u4, u5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (sum1, difference1) = (u1 + u2, u1 - u2)
  let (sum2, difference2) = (u3 + u4, u3 - u4)
  store(fma(1 / 4, u0, fma(-1 / 6, sum1, Lanes(repeating: 1 / 24) * sum2)), to: target)
  store(fma(-1 / 6, difference1, Lanes(repeating: 1 / 12) * difference2), to: target + to)
  store(fma(-1 / 6, sum1, fma(1 / 6, sum2, u5)), to: target + 2 * to)
}

/// See `LoopTable.prepareGradient`.
func prepareGradient(
  _ job: UnsafePointer<ConvolutionJob>, _ gradient: UnsafePointer<Float>, rows: Range<Int>,
  block: Int, capacity: Int, _ w: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let grid = TileGrid(job)
  let positionStride = job.gradientStride(capacity)
  let planeStride = job.outputHeight * job.outputWidth * channelBlock
  let tile = scratch + 6 * 4 * Lanes.scalarCount
  for row in rows {
    let place = TilePlace(job, row, grid)
    let plane = gradient + (block * job.pictures + place.picture) * planeStride
    let target = w + (block * capacity + row - rows.lowerBound) * channelBlock
    for y in 0..<4 {
      for x in 0..<4 {
        let down = place.row + y * job.dilationHeight
        let across = place.column + x * job.dilationWidth
        let pixel = tile + (y * 4 + x) * channelBlock
        if down < job.outputHeight, across < job.outputWidth {
          copyPixel(plane + (down * job.outputWidth + across) * channelBlock, to: pixel)
        } else {
          clearPixel(pixel)
        }
      }
    }
    for lane in 0..<lanesPerBlock {
      let offset = lane * Lanes.scalarCount
      for y in 0..<4 {
        transformFourToSix(
          tile + y * 4 * channelBlock + offset, channelBlock, scratch + y * 6 * Lanes.scalarCount,
          Lanes.scalarCount)
      }
      for x in 0..<6 {
        transformFourToSix(
          scratch + x * Lanes.scalarCount, 6 * Lanes.scalarCount,
          target + x * positionStride + offset, 6 * positionStride)
      }
    }
  }
}

/// See `LoopTable.multiplyGradient`.
func multiplyGradient(
  _ job: UnsafePointer<ConvolutionJob>, position: Int, inputBlock: Int,
  _ a: UnsafePointer<Float>, _ w: UnsafePointer<Float>, capacity: Int, rows: Int,
  into u: UnsafeMutablePointer<Float>, adding: Bool
) {
  let job = job.pointee
  let left =
    a + position * job.leftStride(capacity) + inputBlock * capacity * channelBlock
  for block in 0..<job.outputBlocks {
    let right = w + position * job.gradientStride(capacity) + block * capacity * channelBlock
    let target = u + block * channelBlock * channelBlock
    // Rows are input channels; the sum goes over tiles.
    multiply(
      FloatBlock.self, rows: channelBlock, depth: rows, left, rowStride: 1,
      stepStride: channelBlock, blockStride: channelBlock * channelBlock, right, into: target,
      adding: adding)
  }
}

/// See `LoopTable.finishGradient`.
func finishGradient(
  _ job: UnsafePointer<ConvolutionJob>, inputBlock: Int, _ u: UnsafePointer<Float>,
  positionStride: Int, to gradient: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let kernels = scratch + 6 * 3 * Lanes.scalarCount
  for block in 0..<job.outputBlocks {
    for row in 0..<min(channelBlock, job.inputChannels - inputBlock * channelBlock) {
      let source = u + (block * channelBlock + row) * channelBlock
      for lane in 0..<lanesPerBlock {
        let offset = lane * Lanes.scalarCount
        for x in 0..<6 {
          transformSixToThree(
            source + x * positionStride + offset, 6 * positionStride,
            scratch + x * Lanes.scalarCount, 6 * Lanes.scalarCount)
        }
        for y in 0..<3 {
          transformSixToThree(
            scratch + y * 6 * Lanes.scalarCount, Lanes.scalarCount,
            kernels + y * 3 * channelBlock + offset, channelBlock)
        }
      }
      let input = inputBlock * channelBlock + row
      for column in 0..<min(channelBlock, job.outputChannels - block * channelBlock) {
        let output = block * channelBlock + column
        let target = gradient + (output * job.inputChannels + input) * 9
        for tap in 0..<9 { target[tap] = kernels[tap * channelBlock + column] }
      }
    }
  }
}
