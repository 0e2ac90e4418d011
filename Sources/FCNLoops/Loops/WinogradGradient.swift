import FCNLoopTypes

// The gradient of a 3×3 convolution by its weights, among the values that F(m×m, 3×3) transforms:
// ∂g = Gᵀ [ Σ over tiles of (Bᵀ d B) ⊙ (A ∂Y Aᵀ) ] G, which follows from Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A.

/// A of F(4, 3): from four gradients to six.
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

/// A of F(6, 3): from six gradients to eight.
@inline(__always)
private func transformSixToEight(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (y0, y1, y2) = (load(source), load(source + from), load(source + 2 * from))
  let (y3, y4, y5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (even1, odd1) = (y0 + y2 + y4, y1 + y3 + y5)
  let even2 = fma(16, y4, fma(4, y2, y0))
  let odd2 = fma(32, y5, fma(8, y3, y1 + y1))
  let even3 = fma(0.0625, y4, fma(0.25, y2, y0))
  let odd3 = fma(0.03125, y5, fma(0.125, y3, Lanes(repeating: 0.5) * y1))
  store(y0, to: target)
  store(even1 + odd1, to: target + to)
  store(even1 - odd1, to: target + 2 * to)
  store(even2 + odd2, to: target + 3 * to)
  store(even2 - odd2, to: target + 4 * to)
  store(even3 + odd3, to: target + 5 * to)
  store(even3 - odd3, to: target + 6 * to)
  store(y5, to: target + 7 * to)
}

/// Gᵀ of F(4, 3): from six to three.
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

/// Gᵀ of F(6, 3): from eight to three.
@inline(__always)
private func transformEightToThree(
  _ source: UnsafePointer<Float>, _ from: Int, _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let (u0, u1, u2) = (load(source), load(source + from), load(source + 2 * from))
  let (u3, u4, u5) = (load(source + 3 * from), load(source + 4 * from), load(source + 5 * from))
  let (u6, u7) = (load(source + 6 * from), load(source + 7 * from))
  let (sum1, difference1) = (u1 + u2, u1 - u2)
  let (sum2, difference2) = (u3 + u4, u3 - u4)
  let (sum3, difference3) = (u5 + u6, u5 - u6)
  store(fma(-2 / 9, sum1, fma(1 / 90, sum2, fma(32 / 45, sum3, u0))), to: target)
  store(
    fma(-2 / 9, difference1, fma(1 / 45, difference2, Lanes(repeating: 16 / 45) * difference3)),
    to: target + to)
  store(fma(-2 / 9, sum1, fma(2 / 45, sum2, fma(8 / 45, sum3, u7))), to: target + 2 * to)
}

/// See `LoopTable.prepareGradient`.
func prepareGradient(
  _ job: UnsafePointer<ConvolutionJob>, _ gradient: UnsafePointer<Float>, rows: Range<Int>,
  block: Int, capacity: Int, _ w: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  switch job.pointee.algorithm {
  case .winograd4:
    transformGradients(
      job, patch: 6, tile: 4, gradient, rows: rows, block: block, capacity: capacity, w, scratch,
      transformFourToSix)
  case .winograd6:
    transformGradients(
      job, patch: 8, tile: 6, gradient, rows: rows, block: block, capacity: capacity, w, scratch,
      transformSixToEight)
  default: break
  }
}

@inline(__always)
private func transformGradients(
  _ job: UnsafePointer<ConvolutionJob>, patch n: Int, tile m: Int,
  _ gradient: UnsafePointer<Float>, rows: Range<Int>, block: Int, capacity: Int,
  _ w: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  let job = job.pointee
  let grid = TileGrid(job)
  let positionStride = job.gradientStride(capacity)
  let planeStride = job.outputHeight * job.outputWidth * channelBlock
  let (stepDown, stepAcross) = (job.dilationHeight, job.dilationWidth)
  let edgeTile = scratch + n * m * channelBlock
  for row in rows {
    let place = TilePlace(job, row, grid)
    let plane = gradient + (block * job.outputPictures + place.picture) * planeStride
    let target = w + (block * capacity + row - rows.lowerBound) * channelBlock
    var source = plane + (place.row * job.outputWidth + place.column) * channelBlock
    var (down, across) = (stepDown * job.outputWidth * channelBlock, stepAcross * channelBlock)
    if place.row + (m - 1) * stepDown >= job.outputHeight
      || place.column + (m - 1) * stepAcross >= job.outputWidth
    {
      for y in 0..<m {
        for x in 0..<m {
          let pixel = edgeTile + (y * m + x) * channelBlock
          let (row, column) = (place.row + y * stepDown, place.column + x * stepAcross)
          if row < job.outputHeight, column < job.outputWidth {
            copyPixel(plane + (row * job.outputWidth + column) * channelBlock, to: pixel)
          } else {
            clearPixel(pixel)
          }
        }
      }
      source = UnsafePointer(edgeTile)
      (down, across) = (m * channelBlock, channelBlock)
    }
    for lane in 0..<lanesPerBlock {
      let offset = lane * Lanes.scalarCount
      for y in 0..<m {
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

/// See `LoopTable.multiplyGradient`.
func multiplyGradient(
  _ job: UnsafePointer<ConvolutionJob>, position: Int, inputBlock: Int,
  _ a: UnsafePointer<Float>, _ w: UnsafePointer<Float>, capacity: Int, rows: Int,
  into u: UnsafeMutablePointer<Float>, adding: Bool
) {
  let job = job.pointee
  if job.algorithm == .planar {
    let (depth, blockStride) = (
      job.depth, job.outputPictures * job.outputHeight * job.outputWidth * channelBlock
    )
    for block in 0..<job.outputBlocks {
      // Rows are what taps see; the sum goes over pixels, which lie as they are.
      multiply(
        FloatBlock.self, rows: depth, depth: rows, a, rowStride: capacity, stepStride: 1,
        blockStride: channelBlock, w + block * blockStride,
        into: u + block * ConvolutionJob.productRows(depth) * channelBlock, adding: adding)
    }
    return
  }
  if multipliesBFloats, job.precision == .bfloat16 {
    return multiplyBFloatGradient(
      job, position: position, inputBlock: inputBlock, a, w, capacity: capacity, rows: rows,
      into: u, adding: adding)
  }
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
  switch job.pointee.algorithm {
  case .winograd4:
    transformSums(
      job, patch: 6, inputBlock: inputBlock, u, positionStride: positionStride, to: gradient,
      scratch, transformSixToThree)
  case .winograd6:
    transformSums(
      job, patch: 8, inputBlock: inputBlock, u, positionStride: positionStride, to: gradient,
      scratch, transformEightToThree)
  default: break
  }
}

@inline(__always)
private func transformSums(
  _ job: UnsafePointer<ConvolutionJob>, patch n: Int, inputBlock: Int, _ u: UnsafePointer<Float>,
  positionStride: Int, to gradient: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  let job = job.pointee
  let kernels = scratch + n * 3 * Lanes.scalarCount
  for block in 0..<job.outputBlocks {
    for row in 0..<min(channelBlock, job.inputChannels - inputBlock * channelBlock) {
      let source = u + (block * channelBlock + row) * channelBlock
      for lane in 0..<lanesPerBlock {
        let offset = lane * Lanes.scalarCount
        for x in 0..<n {
          transform(
            source + x * positionStride + offset, n * positionStride,
            scratch + x * Lanes.scalarCount, n * Lanes.scalarCount)
        }
        for y in 0..<3 {
          transform(
            scratch + y * n * Lanes.scalarCount, Lanes.scalarCount,
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
