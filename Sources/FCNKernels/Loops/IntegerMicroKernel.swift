import CIntrinsics
import FCNKernelTypes

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

/// Bytes of a pair of terms.
private let pairBytes = 2 * MemoryLayout<Int16>.stride

/// m[row] = Σ a[row, k] · b[k] · both scales, or that much more if `adding`, for `rows` rows, and some
/// after them; `b` has a pair of terms for every column, `depth` / 2 times. Integers are summed as
/// such for `IntegerProducts.depth` terms.
@inline(__always)
func multiplyIntegers<Columns: IntegerColumns>(
  _: Columns.Type, rows: Int, depth: Int, _ a: IntegerRows, blocksBefore: Int = 0,
  _ b: UnsafeRawPointer, columnScales: UnsafePointer<Float>, into m: UnsafeMutablePointer<Float>,
  adding: Bool
) {
  let columns = Columns.count
  var first = 0
  repeat {
    let terms = min(depth - first, IntegerProducts.depth)
    let a0 = a.values + (blocksBefore + first / channelBlock) * a.blockStride
    let b = b + first / 2 * columns * pairBytes
    forEachRows(rows) { row, count in
      let (values, scales, m) = (a0 + row * integerRowBytes, a.scales + row, m + row * columns)
      switch count {
      case .six:
        multiplyRows(
          SixRows<Columns>.self, terms: terms, values, a.blockStride, b, scales, columnScales, m,
          adding: adding || first > 0)
      case .five:
        multiplyRows(
          FiveRows<Columns>.self, terms: terms, values, a.blockStride, b, scales, columnScales, m,
          adding: adding || first > 0)
      case .four:
        multiplyRows(
          FourRows<Columns>.self, terms: terms, values, a.blockStride, b, scales, columnScales, m,
          adding: adding || first > 0)
      }
    }
    first += terms
  } while first < depth
}

@inline(__always)
private func multiplyRows<Rows: IntegerMicroKernel>(
  _: Rows.Type, terms: Int, _ a: UnsafeRawPointer, _ blockStride: Int, _ b: UnsafeRawPointer,
  _ rowScales: UnsafePointer<Float>, _ columnScales: UnsafePointer<Float>,
  _ m: UnsafeMutablePointer<Float>, adding: Bool
) {
  let bytes = Rows.Columns.count * pairBytes
  let ahead = terms / 2 * bytes
  var sums = Rows()
  var (a, b) = (a, b)
  for _ in 0..<terms / channelBlock {
    for pair in 0..<channelBlock / 2 {
      fcn_prefetch(b + ahead)
      sums.add(a + pair * pairBytes, b)
      b += bytes
    }
    a += blockStride
  }
  sums.store(rowScales, columnScales, to: m, adding: adding)
}

/// The accumulators of one row.
protocol IntegerColumns {
  /// Columns.
  static var count: Int { get }

  init()

  /// Adds the products of a pair of terms, the same for all columns, and the columns' pairs at `b`.
  mutating func add(_ pair: Int32, _ b: UnsafeRawPointer)

  /// Writes the scaled sums to `m`, or adds them.
  func store(
    _ rowScale: Float, _ columnScales: UnsafePointer<Float>, to m: UnsafeMutablePointer<Float>,
    adding: Bool)
}

/// Those of a panel of one block.
struct OneBlock: IntegerColumns {
  static var count: Int { channelBlock }

  private var sums = SIMD16<Int32>()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ pair: Int32, _ b: UnsafeRawPointer) {
    sums = fcn_add_pair_products(sums, pair, b.load(as: SIMD32<Int16>.self))
  }

  @inline(__always)
  func store(
    _ rowScale: Float, _ columnScales: UnsafePointer<Float>, to m: UnsafeMutablePointer<Float>,
    adding: Bool
  ) {
    var products = fcn_scaled(
      sums, rowScale, UnsafeRawPointer(columnScales).load(as: SIMD16<Float>.self))
    if adding { products += UnsafeRawPointer(m).load(as: SIMD16<Float>.self) }
    UnsafeMutableRawPointer(m).storeBytes(of: products, as: SIMD16<Float>.self)
  }
}

/// Those of a panel of four blocks.
struct FourBlocks: IntegerColumns {
  static var count: Int { 4 * channelBlock }

  private var (b0, b1) = (OneBlock(), OneBlock())
  private var (b2, b3) = (OneBlock(), OneBlock())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ pair: Int32, _ b: UnsafeRawPointer) {
    b0.add(pair, b)
    b1.add(pair, b + channelBlock * pairBytes)
    b2.add(pair, b + 2 * channelBlock * pairBytes)
    b3.add(pair, b + 3 * channelBlock * pairBytes)
  }

  @inline(__always)
  func store(
    _ rowScale: Float, _ columnScales: UnsafePointer<Float>, to m: UnsafeMutablePointer<Float>,
    adding: Bool
  ) {
    b0.store(rowScale, columnScales, to: m, adding: adding)
    let block = channelBlock
    b1.store(rowScale, columnScales + block, to: m + block, adding: adding)
    b2.store(rowScale, columnScales + 2 * block, to: m + 2 * block, adding: adding)
    b3.store(rowScale, columnScales + 3 * block, to: m + 3 * block, adding: adding)
  }
}

/// The accumulators of a micro-kernel: rows of sums, all in registers.
private protocol IntegerMicroKernel {
  associatedtype Columns: IntegerColumns

  init()

  /// Adds to each row the products of its pair at `a` and the columns' at `b`.
  mutating func add(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer)

  func store(
    _ rowScales: UnsafePointer<Float>, _ columnScales: UnsafePointer<Float>,
    to m: UnsafeMutablePointer<Float>, adding: Bool)
}

/// The pair of terms at `pointer`.
@inline(__always)
private func pair(_ pointer: UnsafeRawPointer) -> Int32 { pointer.load(as: Int32.self) }

private struct SixRows<Columns: IntegerColumns>: IntegerMicroKernel {
  private var first = FiveRows<Columns>()
  private var r5 = Columns()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
    first.add(a, b)
    r5.add(pair(a + 5 * integerRowBytes), b)
  }

  @inline(__always)
  func store(
    _ rowScales: UnsafePointer<Float>, _ columnScales: UnsafePointer<Float>,
    to m: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    first.store(rowScales, columnScales, to: m, adding: adding)
    r5.store(rowScales[5], columnScales, to: m + 5 * Columns.count, adding: adding)
  }
}

/// For the last rows, with `FourRows`.
private struct FiveRows<Columns: IntegerColumns>: IntegerMicroKernel {
  private var first = FourRows<Columns>()
  private var r4 = Columns()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
    first.add(a, b)
    r4.add(pair(a + 4 * integerRowBytes), b)
  }

  @inline(__always)
  func store(
    _ rowScales: UnsafePointer<Float>, _ columnScales: UnsafePointer<Float>,
    to m: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    first.store(rowScales, columnScales, to: m, adding: adding)
    r4.store(rowScales[4], columnScales, to: m + 4 * Columns.count, adding: adding)
  }
}

private struct FourRows<Columns: IntegerColumns>: IntegerMicroKernel {
  private var (r0, r1) = (Columns(), Columns())
  private var (r2, r3) = (Columns(), Columns())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
    r0.add(pair(a), b)
    r1.add(pair(a + integerRowBytes), b)
    r2.add(pair(a + 2 * integerRowBytes), b)
    r3.add(pair(a + 3 * integerRowBytes), b)
  }

  @inline(__always)
  func store(
    _ rowScales: UnsafePointer<Float>, _ columnScales: UnsafePointer<Float>,
    to m: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    r0.store(rowScales[0], columnScales, to: m, adding: adding)
    r1.store(rowScales[1], columnScales, to: m + Columns.count, adding: adding)
    r2.store(rowScales[2], columnScales, to: m + 2 * Columns.count, adding: adding)
    r3.store(rowScales[3], columnScales, to: m + 3 * Columns.count, adding: adding)
  }
}
