import CIntrinsics
import FCNLoopTypes

/// Transforms kernels of `terms` input channels, [depth][block][tap][16], to pairs of integers,
/// [position][depth / 2][column][2], of the positions that are the patch's rows `rows`. `scratch` has
/// room for two kernels of each column and, of those positions, two transformed ones.
@inline(__always)
func transformIntegerKernels(
  _ job: borrowing ConvolutionJob, rows: Range<Int>, _ kernels: UnsafePointer<Int16>,
  _ factors: UnsafePointer<Float>, terms: Int, _ columns: Int,
  to target: UnsafeMutablePointer<Float>, positionStride: Int,
  _ scratch: UnsafeMutablePointer<Float>, _ halfway: UnsafeMutablePointer<Float>
) {
  if job.algorithm == .winograd4, panelBlocks > 1 {
    // Registers have room for all of it.
    let channels = job.outputBlocks * channelBlock
    for column in stride(from: 0, to: columns, by: channelBlock) {
      for position in 0..<12 {
        let factor = loadBlock(factors + (rows.lowerBound * 6 + position) * channels + column)
        UnsafeMutableRawPointer(scratch + position * channelBlock)
          .storeBytes(of: factor, as: SIMD16<Float>.self)
      }
      let panel = KernelColumns(
        kernels: UnsafeRawPointer(kernels + column * 9), columns: columns, factors: scratch,
        target: target + column, positionStride: positionStride)
      switch rows.lowerBound {
      case 0: panel.transform(terms: terms) { ($0.first, $0.second) }
      case 2: panel.transform(terms: terms) { ($0.third, $0.fourth) }
      default: panel.transform(terms: terms) { ($0.fifth, $0.sixth) }
      }
    }
    return
  }
  let (positions, before) = (job.positionsTogether, rows.lowerBound * job.algorithm.patch)
  let taps = job.kernelHeight * job.kernelWidth
  let channels = job.outputBlocks * channelBlock
  let floats = scratch + 2 * positions * columns
  for pair in 0..<terms / 2 {
    for half in 0..<2 {
      let source = kernels + (2 * pair + half) * columns * taps
      for tap in 0..<taps {
        for column in stride(from: 0, to: columns, by: channelBlock) {
          let values = UnsafeRawPointer(source + column * taps + tap * channelBlock)
            .load(as: SIMD16<Int16>.self)
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
            of: pairs(loadBlock(source), loadBlock(high), times: factor),
            as: SIMD16<Int32>.self)
      }
    }
  }
}

/// What G of F(4, 3) makes of three values: see `transformThreeToSix`.
private struct SixOfThree {
  let first, second, third, fourth, fifth, sixth: SIMD16<Float>

  @inline(__always)
  init(_ g0: SIMD16<Float>, _ g1: SIMD16<Float>, _ g2: SIMD16<Float>) {
    let even1 = SIMD16(repeating: -1 / 6) * (g0 + g2)
    let even2 = SIMD16(repeating: 1 / 24) * fma(SIMD16(repeating: 4), g2, g0)
    first = SIMD16(repeating: 1 / 4) * g0
    second = fma(SIMD16(repeating: -1 / 6), g1, even1)
    third = fma(SIMD16(repeating: 1 / 6), g1, even1)
    fourth = fma(SIMD16(repeating: 1 / 12), g1, even2)
    fifth = fma(SIMD16(repeating: -1 / 12), g1, even2)
    sixth = g2
  }
}

/// Sixteen columns of a panel of 3×3 kernels, and where two rows of what F(4×4, 3×3) makes of them go, times
/// the factors of their positions, as pairs of integers.
private struct KernelColumns {
  let kernels: UnsafeRawPointer
  let columns: Int
  /// [position][16].
  let factors: UnsafePointer<Float>
  let target: UnsafeMutablePointer<Float>
  let positionStride: Int

  @inline(__always)
  func transform(
    terms: Int, _ rows: (SixOfThree) -> (SIMD16<Float>, SIMD16<Float>)
  ) {
    var term = 0
    while term < terms {
      // They lie apart, and may come from memory.
      prefetch(term + 4)
      prefetch(term + 5)
      let (low, high) = (halfway(term, rows), halfway(term + 1, rows))
      store(
        SixOfThree(low.0.0, low.1.0, low.2.0), SixOfThree(high.0.0, high.1.0, high.2.0), 0, term)
      store(
        SixOfThree(low.0.1, low.1.1, low.2.1), SixOfThree(high.0.1, high.1.1, high.2.1), 6, term)
      term += 2
    }
  }

  /// Asks for the kernels of term `term`.
  @inline(__always)
  private func prefetch(_ term: Int) {
    let kernels = kernels + term * columns * 9 * MemoryLayout<Int16>.stride
    fcn_prefetch_soon(kernels)
    fcn_prefetch_soon(kernels + 64)
    fcn_prefetch_soon(kernels + 128)
    fcn_prefetch_soon(kernels + 192)
    fcn_prefetch_soon(kernels + 256)
  }

  /// Two rows of three, of the kernels of term `term`.
  @inline(__always)
  private func halfway(
    _ term: Int, _ rows: (SixOfThree) -> (SIMD16<Float>, SIMD16<Float>)
  ) -> (
    (SIMD16<Float>, SIMD16<Float>), (SIMD16<Float>, SIMD16<Float>), (SIMD16<Float>, SIMD16<Float>)
  ) {
    @inline(__always)
    func column(_ x: Int) -> (SIMD16<Float>, SIMD16<Float>) {
      rows(SixOfThree(tap(x, term), tap(3 + x, term), tap(6 + x, term)))
    }
    return (column(0), column(1), column(2))
  }

  @inline(__always)
  private func tap(_ tap: Int, _ term: Int) -> SIMD16<Float> {
    fcn_floats_of_halves(
      (kernels + term * columns * 9 * MemoryLayout<Int16>.stride)
        .load(fromByteOffset: tap * integerRowBytes, as: SIMD16<Int16>.self))
  }

  @inline(__always)
  private func store(_ low: SixOfThree, _ high: SixOfThree, _ position: Int, _ term: Int) {
    store(low.first, high.first, position, term)
    store(low.second, high.second, position + 1, term)
    store(low.third, high.third, position + 2, term)
    store(low.fourth, high.fourth, position + 3, term)
    store(low.fifth, high.fifth, position + 4, term)
    store(low.sixth, high.sixth, position + 5, term)
  }

  @inline(__always)
  private func store(
    _ low: SIMD16<Float>, _ high: SIMD16<Float>, _ position: Int, _ term: Int
  ) {
    let factor = loadBlock(factors + position * channelBlock)
    UnsafeMutableRawPointer(target + position * positionStride + term / 2 * columns)
      .storeBytes(of: pairs(low, high, times: factor), as: SIMD16<Int32>.self)
  }
}
