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
      width, rows.count, job.depth,
      IntegerRows(a + position * aStride, capacity: capacity, row: rows.lowerBound),
      weights.panel(position, block), weights.scales(position, block),
      m + position * padded * width * channelBlock)
  }
}

/// See `LoopTable.multiplyKernels`, for jobs of 16-bit integers.
func multiplyIntegerKernels(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, count: Int,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Int, into m: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let weights = IntegerWeights(job)
  let columns = width * channelBlock
  let positions = job.algorithm.positions
  let taps = job.kernelHeight * job.kernelWidth
  let padded = ConvolutionJob.productRows(rows)
  let aStride = job.leftStride(capacity)
  let piece = job.transformedDepth(panelBlocks: width)
  let (halfway, scratch) = (scratch, scratch + ConvolutionJob.halfwayCount)
  let pairs = scratch + 2 * (job.positionsTogether + taps) * columns
  eachPieceOfKernels(job, piece) { patchRows, position, terms, first in
    let stride = (terms / 2 | 1) * columns
    for index in 0..<count {
      let block = block + index * width
      transformIntegerKernels(
        job, rows: patchRows, weights.kernels(block) + first * columns, weights.factors(block),
        terms: terms, columns, to: pairs, positionStride: stride, scratch, halfway)
      for next in 0..<job.positionsTogether {
        let position = position + next
        multiplyPanel(
          width, rows, terms, IntegerRows(a + position * aStride, capacity: capacity, row: 0),
          blocksBefore: first / channelBlock, UnsafeRawPointer(pairs + next * stride),
          weights.scales(position, block),
          m + (index * positions + position) * padded * columns, adding: first > 0)
      }
    }
  }
}

@inline(__always)
private func multiplyPanel(
  _ width: Int, _ rows: Int, _ depth: Int, _ a: IntegerRows, blocksBefore: Int = 0,
  _ b: UnsafeRawPointer, _ scales: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  adding: Bool = false
) {
  if panelBlocks == 1 || width == 1 {
    multiplyIntegers(
      IntegerBlock.self, rows: rows, depth: depth, a, blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  } else if width == 2 {
    multiplyIntegers(
      TwoBlocks<IntegerBlock>.self, rows: rows, depth: depth, a, blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  } else if width == 3 {
    multiplyIntegers(
      ThreeBlocks<IntegerBlock>.self, rows: rows, depth: depth, a, blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  } else {
    multiplyIntegers(
      FourBlocks<IntegerBlock>.self, rows: rows, depth: depth, a, blocksBefore: blocksBefore, b,
      columnScales: scales, into: m, adding: adding)
  }
}

/// Transforms kernels of `terms` input channels, [tap][depth][column], to pairs of integers,
/// [position][depth / 2][column][2], of the positions that are the patch's rows `rows`. `scratch` has
/// room for two kernels of each column and, of those positions, two transformed ones.
@inline(__always)
private func transformIntegerKernels(
  _ job: borrowing ConvolutionJob, rows: Range<Int>, _ kernels: UnsafePointer<Int16>,
  _ factors: UnsafePointer<Float>, terms: Int, _ columns: Int,
  to target: UnsafeMutablePointer<Float>, positionStride: Int,
  _ scratch: UnsafeMutablePointer<Float>, _ halfway: UnsafeMutablePointer<Float>
) {
  let (positions, before) = (job.positionsTogether, rows.lowerBound * job.algorithm.patch)
  let taps = job.kernelHeight * job.kernelWidth
  let channels = job.outputBlocks * channelBlock
  let floats = scratch + 2 * positions * columns
  for pair in 0..<terms / 2 {
    for half in 0..<2 {
      for tap in 0..<taps {
        let source = kernels + (tap * job.depth + 2 * pair + half) * columns
        for column in stride(from: 0, to: columns, by: channelBlock) {
          let values = UnsafeRawPointer(source + column).load(as: SIMD16<Int16>.self)
          UnsafeMutableRawPointer(floats + tap * columns + column).storeBytes(
            of: fcn_floats_of_halves(values), as: SIMD16<Float>.self)
        }
      }
      transformKernels(
        job, rows: rows, floats, tapStride: columns, columns,
        to: scratch + half * positions * columns, positionStride: columns, halfway)
    }
    for position in 0..<positions {
      for column in stride(from: 0, to: columns, by: channelBlock) {
        let factor = loadBlock(factors + (before + position) * channels + column)
        let source = scratch + position * columns + column
        let high = source + positions * columns
        UnsafeMutableRawPointer(target + position * positionStride + pair * columns + column)
          .storeBytes(
            of: pairs(loadBlock(source) * factor, loadBlock(high) * factor),
            as: SIMD16<Int32>.self)
      }
    }
  }
}
