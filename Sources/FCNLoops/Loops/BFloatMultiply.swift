import CIntrinsics
import FCNLoopTypes

/// See `LoopTable.multiply`, for Winograd's jobs of `bfloat16`.
func multiplyBFloats(
  _ job: UnsafePointer<ConvolutionJob>, positions: Range<Int>, block: Int, panelBlocks width: Int,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Range<Int>, into m: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let half = job.depth / 2
  let panel = job.weights + block * channelBlock * half
  let panelStride = job.outputBlocks * channelBlock * half
  let padded = ConvolutionJob.productRows(rows.count)
  for position in positions {
    multiplyBFloatPanel(
      width, rows.count, job.depth,
      UnsafeRawPointer(a + position * job.leftStride(capacity))
        + rows.lowerBound * bfloatRowBytes,
      .channels(capacity), panel + position * panelStride,
      m + position * padded * width * channelBlock, adding: false)
  }
}

/// See `LoopTable.multiplyKernels`, for Winograd's jobs of `bfloat16`: kernels are kept as floats.
func multiplyBFloatKernels(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int,
  _ a: UnsafePointer<Float>, capacity: Int, rows: Int, into m: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let columns = width * channelBlock
  let depth = job.depth
  let kernels = job.weights + block * channelBlock * job.kernelHeight * job.kernelWidth * depth
  let padded = ConvolutionJob.productRows(rows)
  let piece = job.transformedDepth(panelBlocks: width)
  let (halfway, floats) = (scratch, scratch + ConvolutionJob.halfwayCount)
  let count = job.positionsTogether * columns
  let pairs = floats + 2 * count
  eachPieceOfKernels(job, piece) { patchRows, position, terms, first in
    let stride = (terms / 2 | 1) * columns
    for pair in 0..<terms / 2 {
      for half in 0..<2 {
        transformKernels(
          job, rows: patchRows, kernels + (first + 2 * pair + half) * columns,
          tapStride: depth * columns, columns, to: floats + half * count, positionStride: columns,
          halfway)
      }
      for next in 0..<job.positionsTogether {
        storePairs(
          floats + next * columns, floats + count + next * columns, columns,
          to: pairs + next * stride + pair * columns)
      }
    }
    for next in 0..<job.positionsTogether {
      multiplyBFloatPanel(
        width, rows, terms,
        UnsafeRawPointer(a + (position + next) * job.leftStride(capacity))
          + first / channelBlock * capacity * bfloatRowBytes,
        .channels(capacity), pairs + next * stride, m + (position + next) * padded * columns,
        adding: first > 0)
    }
  }
}

/// The products of a position and an input block over pairs of rows: see `multiplyGradient`.
func multiplyBFloatGradient(
  _ job: borrowing ConvolutionJob, position: Int, inputBlock: Int, _ a: UnsafePointer<Float>,
  _ w: UnsafePointer<Float>, capacity: Int, rows: Int, into u: UnsafeMutablePointer<Float>,
  adding: Bool
) {
  let blockFloats = capacity * channelBlock / 2
  let left = a + position * job.leftStride(capacity) + inputBlock * blockFloats
  let pairs = (rows + 1) / 2
  for block in 0..<job.outputBlocks {
    multiplyBFloats(
      BFloatBlock.self, rows: channelBlock, depth: 2 * pairs, UnsafeRawPointer(left), .rows,
      w + position * job.gradientStride(capacity) + block * blockFloats,
      into: u + block * channelBlock * channelBlock, adding: adding)
  }
}

extension LeftStrides {
  /// Of rows of channels in blocks of sixteen, with room for `capacity` rows.
  @inline(__always)
  fileprivate static func channels(_ capacity: Int) -> LeftStrides {
    LeftStrides(
      row: bfloatRowBytes, step: MemoryLayout<Int32>.stride, block: capacity * bfloatRowBytes,
      stepsPerBlock: channelBlock / 2)
  }

  /// Of channels that are rows, over pairs of what was rows before.
  fileprivate static var rows: LeftStrides {
    LeftStrides(
      row: MemoryLayout<Int32>.stride, step: stepBytes, block: channelBlock * stepBytes,
      stepsPerBlock: channelBlock)
  }
}

@inline(__always)
private func multiplyBFloatPanel(
  _ width: Int, _ rows: Int, _ depth: Int, _ a: UnsafeRawPointer, _ strides: LeftStrides,
  _ b: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, adding: Bool
) {
  if panelBlocks == 1 || width == 1 {
    multiplyBFloats(
      BFloatBlock.self, rows: rows, depth: depth, a, strides, b, into: m, adding: adding)
  } else if width == 2 {
    multiplyBFloats(
      TwoBlocks<BFloatBlock>.self, rows: rows, depth: depth, a, strides, b, into: m,
      adding: adding)
  } else if width == 3 {
    multiplyBFloats(
      ThreeBlocks<BFloatBlock>.self, rows: rows, depth: depth, a, strides, b, into: m,
      adding: adding)
  } else {
    multiplyBFloats(
      FourBlocks<BFloatBlock>.self, rows: rows, depth: depth, a, strides, b, into: m,
      adding: adding)
  }
}

/// m[row] = Σ a[row, k] · b[k], or that much more if `adding`, as `multiply` has it; `b` has a pair of
/// terms for every column, `depth` / 2 times.
@inline(__always)
private func multiplyBFloats<Sums: RowSums>(
  _: Sums.Type, rows: Int, depth: Int, _ a: UnsafeRawPointer, _ strides: LeftStrides,
  _ b: UnsafePointer<Float>, into m: UnsafeMutablePointer<Float>, adding: Bool
) where Sums.Target == FloatProducts {
  let blockTerms = 2 * strides.stepsPerBlock
  var first = 0
  repeat {
    let terms = min(depth - first, ConvolutionJob.depthAtATime)
    multiplyRows(
      Sums.self, rows: rows, steps: terms / 2, a + first / blockTerms * strides.block, strides,
      b + first / 2 * Sums.columns,
      to: FloatProducts(
        m: m, columns: Sums.columns, adding: adding || first > 0, results: nil))
    first += terms
  } while first < depth
}

/// Sums of products of floats of 16 bits of a panel of one block.
struct BFloatBlock: RowSums {
  static var columns: Int { channelBlock }

  private var sums = SIMD16<Float>()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ pair: Int32, _ b: UnsafeRawPointer) {
    sums = fcn_add_bfloat_pairs(sums, pair, b.load(as: SIMD16<Int32>.self))
  }

  @inline(__always)
  func store(to target: FloatProducts, row: Int, column: Int) {
    let m = UnsafeMutableRawPointer(target.m + row * target.columns + column)
    m.storeBytes(
      of: target.adding ? sums + m.load(as: SIMD16<Float>.self) : sums, as: SIMD16<Float>.self)
  }
}
