import CIntrinsics
import FCNLoopTypes

/// Rows of a left-hand matrix of 16-bit integers.
struct IntegerRows {
  /// What each row's integers are multiples of.
  let scales: UnsafePointer<Float>
  /// [depth block][row][16], the blocks `blockStride` bytes apart.
  let values: UnsafeRawPointer
  let blockStride: Int

  /// From row `row` on, of the matrix that begins at `a` with room for `capacity` rows.
  init(_ a: UnsafePointer<Float>, capacity: Int, row: Int) {
    scales = a + row
    values = UnsafeRawPointer(a + ConvolutionJob.scaleCount(capacity)) + row * integerRowBytes
    blockStride = capacity * integerRowBytes
  }
}

/// Bytes of sixteen channels.
let integerRowBytes = channelBlock * MemoryLayout<Int16>.stride

/// m[row] = Σ a[row, k] · b[k] · both scales, or that much more if `adding`, for `rows` rows, and some
/// after them; `b` has a pair of terms for every column, `depth` / 2 times. Integers are summed as
/// such for `terms` terms.
@inline(__always)
func multiplyIntegers<Sums: RowSums>(
  _: Sums.Type, rows: Int, depth: Int, terms: Int, _ a: IntegerRows, blocksBefore: Int = 0,
  _ b: UnsafeRawPointer, columnScales: UnsafePointer<Float>, into m: UnsafeMutablePointer<Float>,
  adding: Bool
) where Sums.Target == IntegerTarget {
  let strides = LeftStrides(
    row: integerRowBytes, step: MemoryLayout<Int32>.stride, block: a.blockStride,
    stepsPerBlock: channelBlock / 2)
  var first = 0
  repeat {
    let terms = min(depth - first, terms)
    multiplyRows(
      Sums.self, rows: rows, steps: terms / 2,
      a.values + (blocksBefore + first / channelBlock) * a.blockStride, strides,
      b + first / 2 * Sums.columns * MemoryLayout<Int32>.stride,
      to: IntegerTarget(
        m: m, columns: Sums.columns, adding: adding || first > 0, rowScales: a.scales,
        columnScales: columnScales))
    first += terms
  } while first < depth
}

/// Where products of integers go, scaled: rows of `columns` floats.
struct IntegerTarget {
  let m: UnsafeMutablePointer<Float>
  let columns: Int
  let adding: Bool
  let rowScales, columnScales: UnsafePointer<Float>
}

/// Sums of integers of a panel of one block.
struct IntegerBlock: RowSums {
  static var columns: Int { channelBlock }

  private var sums = SIMD16<Int32>()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ pair: Int32, _ b: UnsafeRawPointer) {
    sums = fcn_add_pair_products(sums, pair, b.load(as: SIMD32<Int16>.self))
  }

  @inline(__always)
  func store(to target: IntegerTarget, row: Int, column: Int) {
    let m = UnsafeMutableRawPointer(target.m + row * target.columns + column)
    let scales = UnsafeRawPointer(target.columnScales + column).load(as: SIMD16<Float>.self)
    var products = fcn_scaled(sums, target.rowScales[row], scales)
    if target.adding { products += m.load(as: SIMD16<Float>.self) }
    m.storeBytes(of: products, as: SIMD16<Float>.self)
  }
}
