import CIntrinsics
import FCNLoopTypes

/// Sixteen floats.
@inline(__always)
func loadBlock(_ pointer: UnsafePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(pointer).load(as: SIMD16<Float>.self)
}

/// The integers nearest to `values`, of magnitude below 2¹⁵, in the lower halves: added to 1.5 · 2²³ a
/// float's last bits are whole numbers.
@inline(__always)
func rounded(_ values: SIMD16<Float>) -> SIMD16<Int32> {
  unsafeBitCast(values + SIMD16(repeating: 12_582_912), to: SIMD16<Int32>.self)
}

/// The bits of the larger of each pair of magnitudes: these compare as their bits do, and NaN is the
/// largest.
@inline(__always)
func greaterMagnitudes(_ largest: SIMD16<Int32>, _ values: SIMD16<Float>) -> SIMD16<Int32> {
  let magnitudes = unsafeBitCast(values, to: SIMD16<Int32>.self) & 0x7FFF_FFFF
  return largest.replacing(with: magnitudes, where: magnitudes .> largest)
}

/// Each sixteen integers nearest to `low` beside those nearest to `high`.
@inline(__always)
func pairs(_ low: SIMD16<Float>, _ high: SIMD16<Float>) -> SIMD16<Int32> {
  rounded(low) & 0xFFFF | rounded(high) &<< 16
}

/// The same of both times `factor`.
@inline(__always)
func pairs(
  _ low: SIMD16<Float>, _ high: SIMD16<Float>, times factor: SIMD16<Float>
) -> SIMD16<Int32> {
  let magic = SIMD16<Float>(repeating: 12_582_912)
  return fcn_lower_halves_of(
    unsafeBitCast(fma(low, factor, magic), to: SIMD16<Int32>.self),
    unsafeBitCast(fma(high, factor, magic), to: SIMD16<Int32>.self))
}

/// What integers are multiples of where the largest magnitude is `largest`, and what to multiply by to
/// have them. Values too small to divide by count as zero; a NaN or an infinity makes all NaN.
@inline(__always)
func integerScale(_ largest: Float, limit: Float) -> (scale: Float, factor: Float) {
  guard largest > 1e-30 else { return (largest == largest ? 0 : .nan, 0) }
  guard largest < .infinity else { return (.nan, 0) }
  return (largest / limit, limit / largest)
}

/// Sets the integers of a row of `taps` times `inputBlocks` blocks, and returns their scale. Values are
/// multiplied by their channels' factors first.
@inline(__always)
func roundRow(
  _ source: UnsafePointer<Float>, taps: Int, inputBlocks: Int, sourceStride: Int,
  factors: UnsafePointer<Float>, to target: UnsafeMutableRawPointer, targetStride: Int
) -> Float {
  @inline(__always)
  func each(_ body: (_ values: SIMD16<Float>, _ block: Int) -> Void) {
    for tap in 0..<taps {
      for channels in 0..<inputBlocks {
        let block = tap * inputBlocks + channels
        body(
          loadBlock(source + block * sourceStride) * loadBlock(factors + channels * channelBlock),
          block)
      }
    }
  }
  var largest = SIMD16<Int32>()
  each { values, _ in largest = greaterMagnitudes(largest, values) }
  let (scale, factor) = integerScale(
    Float(bitPattern: UInt32(bitPattern: fcn_greatest(largest))), limit: IntegerProducts.limit)
  each { values, block in
    let integers = fcn_low_halves(rounded(values * SIMD16(repeating: factor)))
    (target + block * targetStride).storeBytes(of: integers, as: SIMD16<Int16>.self)
  }
  return scale
}
