import FCNKernelTypes

/// See `KernelTable.multiply`.
func multiply(
  _ job: UnsafePointer<ConvolutionJob>, positions: Range<Int>, block: Int,
  panelBlocks width: Int, _ a: UnsafePointer<Float>, capacity: Int, rows: Int,
  into m: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let columns = width * channelBlock
  let depth = job.depth
  let panel = job.weights + block * channelBlock * depth
  let panelStride = job.outputBlocks * channelBlock * depth
  let padded = (rows + microKernelRows - 1) / microKernelRows * microKernelRows
  let aStride = job.depthBlocks * channelBlock * capacity
  for position in positions {
    let a = a + position * aStride
    let b = panel + position * panelStride
    let m = m + position * padded * columns
    if job.algorithm == .planar {
      if width == panelBlocks {
        multiply(
          Panel.self, rows: rows, depth: depth, a, rowStride: 1, stepStride: capacity,
          blockStride: capacity * channelBlock, b, into: m)
      } else {
        multiply(
          SIMD16<Float>.self, rows: rows, depth: depth, a, rowStride: 1, stepStride: capacity,
          blockStride: capacity * channelBlock, b, into: m)
      }
    } else if width == panelBlocks {
      multiply(
        Panel.self, rows: rows, depth: depth, a, rowStride: channelBlock, stepStride: 1,
        blockStride: capacity * channelBlock, b, into: m)
    } else {
      multiply(
        SIMD16<Float>.self, rows: rows, depth: depth, a, rowStride: channelBlock, stepStride: 1,
        blockStride: capacity * channelBlock, b, into: m)
    }
  }
}
