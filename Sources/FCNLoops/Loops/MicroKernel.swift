import CIntrinsics
import FCNLoopTypes

/// m[row] = Σ a[row, k] · b[k], or that much more if `adding`, for `rows` rows, and some after them; `b` has
/// the columns of a panel for each of `depth` terms. Where there are `results`, the last sums go there, and
/// `m` is for what is on the way.
///
/// Element (row, k) of `a` is at k / 16 · `blockStride` + k % 16 · `stepStride` + row · `rowStride`.
@inline(__always)
func multiply<Sums: RowSums>(
  _: Sums.Type, rows: Int, depth: Int, _ a: UnsafePointer<Float>, rowStride: Int,
  stepStride: Int, blockStride: Int, _ b: UnsafePointer<Float>, into m: UnsafeMutablePointer<Float>,
  adding: Bool, _ results: PixelResults? = nil
) where Sums.Target == FloatProducts {
  let bytes = MemoryLayout<Float>.stride
  let strides = LeftStrides(
    row: rowStride * bytes, step: stepStride * bytes, block: blockStride * bytes,
    stepsPerBlock: channelBlock)
  var first = 0
  repeat {
    let terms = min(depth - first, ConvolutionJob.depthAtATime)
    multiplyRows(
      Sums.self, rows: rows, steps: terms, a + first / channelBlock * blockStride, strides,
      b + first * Sums.columns,
      to: FloatProducts(
        m: m, columns: Sums.columns, adding: adding || first > 0,
        results: first + terms < depth ? nil : results))
    first += terms
  } while first < depth
}

/// Where products of floats go: rows of `columns` floats.
struct FloatProducts {
  let m: UnsafeMutablePointer<Float>
  let columns: Int
  let adding: Bool
  /// Where they go instead, if anywhere.
  let results: PixelResults?
}

/// Where sums go that are pixels of a blocked value, but for what is added and done to them last.
struct PixelResults {
  /// The first row's pixel in the panel's first block; what is added to it.
  let output: UnsafeMutablePointer<Float>
  let residual: UnsafePointer<Float>?
  /// The panel's.
  let bias: UnsafePointer<Float>
  /// Floats from a block to the next.
  let blockStride: Int
  /// Rows that are there; others are computed in vain.
  let rows: Int
  let function: ResultFunction

  @inline(__always)
  func store(_ sums: SIMD16<Float>, row: Int, column: Int) {
    guard row < rows else { return }
    let place = column / channelBlock * blockStride + row * channelBlock
    var value = sums + loadBlock(bias + column)
    if let residual { value += loadBlock(residual + place) }
    value = function(value)
    UnsafeMutableRawPointer(output + place).storeBytes(of: value, as: SIMD16<Float>.self)
  }
}

/// Sums of floats of a panel of one block.
struct FloatBlock: RowSums {
  static var columns: Int { channelBlock }

  private var sums = SIMD16<Float>()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ factor: Float, _ b: UnsafeRawPointer) {
    sums = fma(SIMD16(repeating: factor), b.load(as: SIMD16<Float>.self), sums)
  }

  @inline(__always)
  func store(to target: FloatProducts, row: Int, column: Int) {
    let m = UnsafeMutableRawPointer(target.m + row * target.columns + column)
    let products = target.adding ? sums + m.load(as: SIMD16<Float>.self) : sums
    if let results = target.results {
      results.store(products, row: row, column: column)
      return
    }
    m.storeBytes(of: products, as: SIMD16<Float>.self)
  }
}
