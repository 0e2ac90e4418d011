import CIntrinsics
import FCNLoopTypes

/// See `LoopTable.prepare`, for jobs of bytes: rows of 16-bit integers that are exactly what the bytes stand
/// for, or what Winograd's transform makes of that, in units of each channel's scale.
func prepareBytes(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, blocks: Range<Int>, capacity: Int,
  place: Int, _ a: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  guard let input = job.pointee.inputBytes else { return }
  if job.pointee.multipliesBytes {
    gatherBytes(
      job, input, rows: rows, capacity: capacity,
      UnsafeMutableRawPointer(a) + place * channelBlock)
    return
  }
  if blocks.lowerBound == 0 {
    // Weights have the scales.
    for position in 0..<job.pointee.algorithm.positions {
      (a + position * job.pointee.leftStride(capacity) + place)
        .update(repeating: 1, count: rows.count)
    }
  }
  let values = UnsafeMutableRawPointer(a + ConvolutionJob.scaleCount(capacity))
  if job.pointee.algorithm == .winograd4 {
    transformByteTiles(
      job, input, rows: rows, blocks: blocks, capacity: capacity, values + place * integerRowBytes,
      UnsafeMutableRawPointer(scratch))
  } else {
    unfoldBytes(job, input, rows: rows, capacity: capacity, values + place * integerRowBytes)
  }
}

/// Zeros of a block of channels.
@inline(__always)
private func zeros(_ input: ByteChannels, _ block: Int) -> SIMD16<Int16> {
  fcn_halves_of_floats(loadBlock(input.zeros + block * channelBlock))
}

/// As `unfold`, of bytes as they are; where there are none, zeros.
private func gatherBytes(
  _ job: UnsafePointer<ConvolutionJob>, _ input: ByteChannels, rows: Range<Int>, capacity: Int,
  _ target: UnsafeMutableRawPointer
) {
  forEachTap(job.pointee, rows) { depthBlock, block, row, source in
    let pixel = target + (depthBlock * capacity + row) * channelBlock
    if let source {
      pixel.copyMemory(from: source, byteCount: channelBlock)
    } else {
      fcn_store_bytes_x16(loadBlock(input.zeros + block * channelBlock), pixel)
    }
  }
}

/// As `unfold`, of bytes less their zeros.
private func unfoldBytes(
  _ job: UnsafePointer<ConvolutionJob>, _ input: ByteChannels, rows: Range<Int>, capacity: Int,
  _ target: UnsafeMutableRawPointer
) {
  forEachTap(job.pointee, rows) { depthBlock, block, row, source in
    let values = source.map { fcn_byte_differences($0, zeros(input, block)) }
    (target + (depthBlock * capacity + row) * integerRowBytes)
      .storeBytes(of: values ?? SIMD16<Int16>(), as: SIMD16<Int16>.self)
  }
}

/// Calls `body` with the bytes of every block of channels that every tap sees from the pixels `rows`, which
/// are block `depthBlock` of row `row`; nil outside of the input.
@inline(__always)
private func forEachTap(
  _ job: borrowing ConvolutionJob, _ rows: Range<Int>,
  _ body: (_ depthBlock: Int, _ block: Int, _ row: Int, _ source: UnsafeRawPointer?) -> Void
) {
  let bytes = UnsafeRawPointer(job.input)
  let (kernelWidth, blocks, pictures) = (job.kernelWidth, job.inputBlocks, job.pictures)
  let (height, width) = (job.inputHeight, job.inputWidth)
  let (stepDown, stepAcross) = (job.strideHeight, job.strideWidth)
  let (dilationDown, dilationAcross) = (job.dilationHeight, job.dilationWidth)
  let (paddingDown, paddingAcross) = (job.paddingHeight, job.paddingWidth)
  let taps = job.kernelHeight * kernelWidth
  forEachRun(job, rows) { run in
    for tap in 0..<taps {
      let y = run.y * stepDown + tap / kernelWidth * dilationDown - paddingDown
      let shift = tap % kernelWidth * dilationAcross - paddingAcross
      for block in 0..<blocks {
        let line = ((block * pictures + run.picture) * height + y) * width
        for index in 0..<run.count {
          let x = (run.x + index) * stepAcross + shift
          let isInside = y >= 0 && y < height && x >= 0 && x < width
          body(
            tap * blocks + block, block, run.offset + index,
            isInside ? bytes + (line + x) * channelBlock : nil)
        }
      }
    }
  }
}

/// The same as `transformTiles` for F(4×4, 3×3), exact: no sum is larger than `factorBound`.
private func transformByteTiles(
  _ job: UnsafePointer<ConvolutionJob>, _ input: ByteChannels, rows: Range<Int>,
  blocks: Range<Int>, capacity: Int, _ a: UnsafeMutableRawPointer,
  _ scratch: UnsafeMutableRawPointer
) {
  let job = job.pointee
  let grid = TileGrid(job)
  let (n, pixel) = (6, integerRowBytes)
  let planeBytes = job.inputHeight * job.inputWidth * channelBlock
  let (stepDown, stepAcross) = (job.dilationHeight, job.dilationWidth)
  let positionBytes = job.leftStride(capacity) * MemoryLayout<Float>.stride
  let edges = scratch + n * n * pixel
  for tile in rows {
    let place = TilePlace(job, tile, grid)
    let top = place.row - job.paddingHeight
    let left = place.column - job.paddingWidth
    let isInside =
      top >= 0 && left >= 0 && top + (n - 1) * stepDown < job.inputHeight
      && left + (n - 1) * stepAcross < job.inputWidth
    for block in blocks {
      let zeros = zeros(input, block)
      let plane =
        UnsafeRawPointer(job.input) + (block * job.pictures + place.picture) * planeBytes
      let target = a + (block * capacity + tile - rows.lowerBound) * pixel
      if isInside {
        let first = plane + (top * job.inputWidth + left) * channelBlock
        let (down, across) = (
          stepDown * job.inputWidth * channelBlock, stepAcross * channelBlock
        )
        for y in 0..<n {
          let line = first + y * down
          // What the next tile sees besides.
          fcn_prefetch_soon(line + 4 * across + 64)
          transformSixBytes(to: scratch + y * n * pixel, step: pixel) {
            fcn_byte_differences(line + $0 * across, zeros)
          }
        }
      } else {
        for y in 0..<n {
          let row = top + y * stepDown
          for x in 0..<n {
            let column = left + x * stepAcross
            var values = SIMD16<Int16>()
            if row >= 0, row < job.inputHeight, column >= 0, column < job.inputWidth {
              values = fcn_byte_differences(
                plane + (row * job.inputWidth + column) * channelBlock, zeros)
            }
            (edges + x * pixel).storeBytes(of: values, as: SIMD16<Int16>.self)
          }
          transformSixBytes(to: scratch + y * n * pixel, step: pixel) {
            (edges + $0 * pixel).load(as: SIMD16<Int16>.self)
          }
        }
      }
      for x in 0..<n {
        transformSixBytes(to: target + x * positionBytes, step: n * positionBytes) {
          (scratch + ($0 * n + x) * pixel).load(as: SIMD16<Int16>.self)
        }
      }
    }
  }
}

/// Bᵀ of F(4, 3), of integers: what `source` has of 0…5.
@inline(__always)
private func transformSixBytes(
  to target: UnsafeMutableRawPointer, step: Int, _ source: (Int) -> SIMD16<Int16>
) {
  @inline(__always)
  func put(_ value: SIMD16<Int16>, _ index: Int) {
    (target + index * step).storeBytes(of: value, as: SIMD16<Int16>.self)
  }
  let (x0, x1, x2) = (source(0), source(1), source(2))
  let (x3, x4, x5) = (source(3), source(4), source(5))
  let even = x4 &- (x2 &* 4)
  let odd = x3 &- (x1 &* 4)
  let evenHalf = x4 &- x2
  let oddHalf = (x3 &- x1) &* 2
  put((x0 &- x2) &* 4 &+ evenHalf, 0)
  put(even &+ odd, 1)
  put(even &- odd, 2)
  put(evenHalf &+ oddHalf, 3)
  put(evenHalf &- oddHalf, 4)
  put((x1 &- x3) &* 4 &+ (x5 &- x3), 5)
}
