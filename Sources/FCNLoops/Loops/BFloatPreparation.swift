import CIntrinsics
import FCNLoopTypes

// Winograd's transforms for products of float32 numbers' first 16 bits: rows are made in float32, a few of a
// block at a time, and rounded while they are in the first-level cache.

/// Writes rows that `source` has as floats, [position][row][16], to `target`: side by side, or, where
/// products are summed over rows, in pairs of them, the last beside zeros if need be.
@inline(__always)
private func roundRows(
  _ job: borrowing ConvolutionJob, _ source: UnsafePointer<Float>, _ sourceStride: Int,
  rows: Int, to target: UnsafeMutableRawPointer, _ positionStride: Int
) {
  for position in 0..<job.algorithm.positions {
    let from = source + position * sourceStride
    let to = target + position * positionStride * MemoryLayout<Float>.stride
    var row = 0
    while row < rows {
      let first = loadBlock(from + row * channelBlock)
      if job.sumsRows {
        let second =
          row + 1 < rows ? loadBlock(from + (row + 1) * channelBlock) : SIMD16<Float>()
        (to + row / 2 * stepBytes).storeBytes(
          of: fcn_bfloats_in_pairs(first, second), as: SIMD16<Int32>.self)
        row += 2
      } else {
        (to + row * bfloatRowBytes).storeBytes(of: fcn_bfloats(first), as: SIMD16<Int16>.self)
        row += 1
      }
    }
  }
}

/// Bytes of sixteen channels of a row.
let bfloatRowBytes = channelBlock * MemoryLayout<Int16>.stride

/// See `LoopTable.prepare`.
func prepareBFloats(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, blocks: Range<Int>, capacity: Int,
  place: Int, _ a: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  var floats = job.pointee
  floats.precision = .float32
  floats.inputChannels = channelBlock
  let (source, together) = (scratch + floats.patchCount, floats.bfloatRowsTogether)
  let blockCount =
    job.pointee.inputPictures * job.pointee.inputHeight * job.pointee.inputWidth * channelBlock
  for block in blocks {
    floats.input = job.pointee.input + block * blockCount
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: together) {
      let some = first..<min(rows.upperBound, first + together)
      prepare(&floats, rows: some, blocks: 0..<1, capacity: together, source, scratch)
      roundRows(
        job.pointee, source, floats.leftStride(together), rows: some.count,
        to: UnsafeMutableRawPointer(a)
          + (block * capacity + place + first - rows.lowerBound) * bfloatRowBytes,
        job.pointee.leftStride(capacity))
    }
  }
}

/// See `LoopTable.prepareGradient`.
func prepareBFloatGradient(
  _ job: UnsafePointer<ConvolutionJob>, _ gradient: UnsafePointer<Float>, rows: Range<Int>,
  block: Int, capacity: Int, _ w: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  var floats = job.pointee
  floats.precision = .float32
  floats.outputChannels = channelBlock
  let (source, together) = (scratch + floats.patchCount, floats.bfloatRowsTogether)
  let blockCount =
    job.pointee.outputPictures * job.pointee.outputHeight * job.pointee.outputWidth * channelBlock
  for first in stride(from: rows.lowerBound, to: rows.upperBound, by: together) {
    let some = first..<min(rows.upperBound, first + together)
    prepareGradient(
      &floats, gradient + block * blockCount, rows: some, block: 0, capacity: together, source,
      scratch)
    roundRows(
      job.pointee, source, floats.gradientStride(together), rows: some.count,
      to: UnsafeMutableRawPointer(w)
        + (block * capacity + first - rows.lowerBound) * bfloatRowBytes,
      job.pointee.gradientStride(capacity))
  }
}

/// See `LoopTable.pack`: pairs of terms of transformed kernels, [position][panel][depth / 2][column][2].
func packBFloats(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let columns = width * channelBlock
  let (positions, half) = (job.algorithm.positions, job.depth / 2)
  let panel = weights + block * channelBlock * half
  let panelStride = job.outputBlocks * channelBlock * half
  let count = positions * columns
  withUnsafeTemporaryAllocation(
    byteCount: 2 * count * MemoryLayout<Float>.stride, alignment: 64
  ) { buffer in
    guard let transformed = buffer.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    forEachInput(job, weight, block: block, columns) { input, kernels, halfway in
      transformKernels(
        job, kernels, tapStride: columns, columns, to: transformed + input % 2 * count,
        positionStride: columns, halfway)
      guard input % 2 == 1 else { return }
      for position in 0..<positions {
        storePairs(
          transformed + position * columns, transformed + count + position * columns, columns,
          to: panel + position * panelStride + input / 2 * columns)
      }
    }
  }
}

/// Writes pairs of terms of `columns` columns.
@inline(__always)
func storePairs(
  _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ columns: Int,
  to target: UnsafeMutablePointer<Float>
) {
  for column in stride(from: 0, to: columns, by: channelBlock) {
    UnsafeMutableRawPointer(target + column).storeBytes(
      of: fcn_bfloats_in_pairs(loadBlock(first + column), loadBlock(second + column)),
      as: SIMD16<Int32>.self)
  }
}
