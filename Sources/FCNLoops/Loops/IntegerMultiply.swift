import CIntrinsics
import FCNLoopTypes

/// See `LoopTable.multiply`, for jobs of 16-bit integers.
func multiplyIntegers(
  _ job: UnsafePointer<ConvolutionJob>, positions: Range<Int>, block: Int, panelBlocks width: Int,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Range<Int>, into m: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let weights = IntegerWeights(job)
  let padded = ConvolutionJob.productRows(rows.count)
  let aStride = job.leftStride(capacity)
  for position in positions {
    multiplyPanel(
      width, rows.count, job.depth, job.integerDepth,
      IntegerRows(a + position * aStride, capacity: capacity, row: rows.lowerBound),
      weights.panel(position, block), weights.scales(position, block),
      m + position * padded * width * channelBlock)
  }
}

/// See `LoopTable.multiplyKernels`, for jobs of 16-bit integers.
func multiplyIntegerKernels(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Int, into m: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let weights = IntegerWeights(job)
  let columns = width * channelBlock
  let taps = job.kernelHeight * job.kernelWidth
  let padded = ConvolutionJob.productRows(rows)
  let aStride = job.leftStride(capacity)
  let piece = job.transformedDepth(panelBlocks: width)
  let (halfway, scratch) = (scratch, scratch + ConvolutionJob.halfwayCount)
  let pairs = scratch + 2 * (job.positionsTogether + taps) * columns
  eachPieceOfKernels(job, piece) { patchRows, position, terms, first in
    let stride = (terms / 2 | 1) * columns
    transformIntegerKernels(
      job, rows: patchRows, weights.kernels(block) + first * taps * columns, weights.factors(block),
      terms: terms, columns, to: pairs, positionStride: stride, scratch, halfway)
    for next in 0..<job.positionsTogether {
      let position = position + next
      multiplyPanel(
        width, rows, terms, job.integerDepth,
        IntegerRows(a + position * aStride, capacity: capacity, row: 0),
        blocksBefore: first / channelBlock, UnsafeRawPointer(pairs + next * stride),
        weights.scales(position, block), m + position * padded * columns, adding: first > 0)
    }
  }
}

@inline(__always)
private func multiplyPanel(
  _ width: Int, _ rows: Int, _ depth: Int, _ terms: Int, _ a: IntegerRows, blocksBefore: Int = 0,
  _ b: UnsafeRawPointer, _ scales: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  adding: Bool = false
) {
  if panelBlocks == 1 || width == 1 {
    multiplyIntegers(
      IntegerBlock.self, rows: rows, depth: depth, terms: terms, a,
      blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  } else if width == 2 {
    multiplyIntegers(
      TwoBlocks<IntegerBlock>.self, rows: rows, depth: depth, terms: terms, a,
      blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  } else if width == 3 {
    multiplyIntegers(
      ThreeBlocks<IntegerBlock>.self, rows: rows, depth: depth, terms: terms, a,
      blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  } else {
    multiplyIntegers(
      FourBlocks<IntegerBlock>.self, rows: rows, depth: depth, terms: terms, a,
      blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  }
}
