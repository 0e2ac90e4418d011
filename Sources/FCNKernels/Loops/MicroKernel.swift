import CIntrinsics
import FCNKernelTypes

/// Terms that are summed in registers before they are added to memory: their part of a panel of
/// weights stays in the first-level cache while all rows pass by.
private let depthAtATime = 256

/// m[row] = Σ a[row, k] · b[k], or that much more if `adding`, for `rows` rows, and some after them; `b` has
/// a vector of columns for each of `depth` terms.
///
/// Element (row, k) of `a` is at k / 16 · `blockStride` + k % 16 · `stepStride` + row · `rowStride`.
@inline(__always)
func multiply<Columns: SIMD>(
  _: Columns.Type, rows: Int, depth: Int, _ a: UnsafePointer<Float>, rowStride: Int,
  stepStride: Int, blockStride: Int, _ b: UnsafePointer<Float>, into m: UnsafeMutablePointer<Float>,
  adding: Bool
) where Columns.Scalar == Float {
  let columns = MemoryLayout<Columns>.stride / MemoryLayout<Float>.stride
  var first = 0
  repeat {
    let terms = min(depth - first, depthAtATime)
    let a = a + first / channelBlock * blockStride
    let b = b + first * columns
    forEachRows(rows) { row, count in
      let (a, m) = (a + row * rowStride, m + row * columns)
      switch count {
      case .six:
        multiplyRows(
          SixRows<Columns>.self, depth: terms, a, rowStride: rowStride, stepStride: stepStride,
          blockStride: blockStride, b, into: m, adding: adding || first > 0)
      case .five:
        multiplyRows(
          FiveRows<Columns>.self, depth: terms, a, rowStride: rowStride, stepStride: stepStride,
          blockStride: blockStride, b, into: m, adding: adding || first > 0)
      case .four:
        multiplyRows(
          FourRows<Columns>.self, depth: terms, a, rowStride: rowStride, stepStride: stepStride,
          blockStride: blockStride, b, into: m, adding: adding || first > 0)
      }
    }
    first += terms
  } while first < depth
}

/// Rows that a micro-kernel computes at a time.
enum RowCount: Int {
  case four = 4
  case five, six
}

/// Divides `rows` rows into as many sixes as leave fives and fours without a rest: none is computed in
/// vain but where there are fewer than four, or seven.
@inline(__always)
func forEachRows(_ rows: Int, _ body: (_ row: Int, _ count: RowCount) -> Void) {
  var row = 0
  while row < rows {
    let left = rows - row
    let count: RowCount =
      if left % 6 == 0 || left > 13 {
        .six
      } else if left >= 9 || left == 5 {
        .five
      } else {
        .four
      }
    body(row, count)
    row += count.rawValue
  }
}

@inline(__always)
private func multiplyRows<Rows: MicroKernel>(
  _: Rows.Type, depth: Int, _ a: UnsafePointer<Float>, rowStride: Int, stepStride: Int,
  blockStride: Int, _ b: UnsafePointer<Float>, into m: UnsafeMutablePointer<Float>, adding: Bool
) {
  let bytes = MemoryLayout<Rows.Columns>.stride
  let columns = bytes / MemoryLayout<Float>.stride
  var sums = Rows()
  var b = UnsafeRawPointer(b)
  // The weights of the next terms or panel, which lie behind these, come while these are in use.
  let ahead = depth * bytes
  var block = a
  var left = depth
  while left >= channelBlock {
    for k in 0..<channelBlock {
      fcn_prefetch(b + ahead)
      sums.add(block + k * stepStride, rowStride, b.load(as: Rows.Columns.self))
      b += bytes
    }
    block += blockStride
    left -= channelBlock
  }
  for k in 0..<left {
    sums.add(block + k * stepStride, rowStride, b.load(as: Rows.Columns.self))
    b += bytes
  }
  if adding { sums.add(from: m, columns) }
  sums.store(to: m, columns)
}

/// The accumulators of a micro-kernel: rows of sums, all in registers.
private protocol MicroKernel {
  associatedtype Columns: SIMD where Columns.Scalar == Float

  init()

  /// Adds to each row the product of its element of `a` and `b`.
  mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: Columns)

  /// Adds the rows of `m`, which lie `stride` apart.
  mutating func add(from m: UnsafePointer<Float>, _ stride: Int)

  /// Writes the rows to `m`.
  func store(to m: UnsafeMutablePointer<Float>, _ stride: Int)
}

/// As many rows as registers hold: `microKernelRows`.
private struct SixRows<Columns: SIMD>: MicroKernel where Columns.Scalar == Float {
  private var first = FiveRows<Columns>()
  private var r5 = Columns()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: Columns) {
    first.add(a, rowStride, b)
    r5 = fma(Columns(repeating: a[5 * rowStride]), b, r5)
  }

  @inline(__always)
  mutating func add(from m: UnsafePointer<Float>, _ stride: Int) {
    first.add(from: m, stride)
    r5 += UnsafeRawPointer(m + 5 * stride).load(as: Columns.self)
  }

  @inline(__always)
  func store(to m: UnsafeMutablePointer<Float>, _ stride: Int) {
    first.store(to: m, stride)
    UnsafeMutableRawPointer(m + 5 * stride).storeBytes(of: r5, as: Columns.self)
  }
}

/// For the last rows, with `FourRows`.
private struct FiveRows<Columns: SIMD>: MicroKernel where Columns.Scalar == Float {
  private var first = FourRows<Columns>()
  private var r4 = Columns()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: Columns) {
    first.add(a, rowStride, b)
    r4 = fma(Columns(repeating: a[4 * rowStride]), b, r4)
  }

  @inline(__always)
  mutating func add(from m: UnsafePointer<Float>, _ stride: Int) {
    first.add(from: m, stride)
    r4 += UnsafeRawPointer(m + 4 * stride).load(as: Columns.self)
  }

  @inline(__always)
  func store(to m: UnsafeMutablePointer<Float>, _ stride: Int) {
    first.store(to: m, stride)
    UnsafeMutableRawPointer(m + 4 * stride).storeBytes(of: r4, as: Columns.self)
  }
}

private struct FourRows<Columns: SIMD>: MicroKernel where Columns.Scalar == Float {
  private var (r0, r1) = (Columns(), Columns())
  private var (r2, r3) = (Columns(), Columns())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: Columns) {
    r0 = fma(Columns(repeating: a[0]), b, r0)
    r1 = fma(Columns(repeating: a[rowStride]), b, r1)
    r2 = fma(Columns(repeating: a[2 * rowStride]), b, r2)
    r3 = fma(Columns(repeating: a[3 * rowStride]), b, r3)
  }

  @inline(__always)
  mutating func add(from m: UnsafePointer<Float>, _ stride: Int) {
    r0 += UnsafeRawPointer(m).load(as: Columns.self)
    r1 += UnsafeRawPointer(m + stride).load(as: Columns.self)
    r2 += UnsafeRawPointer(m + 2 * stride).load(as: Columns.self)
    r3 += UnsafeRawPointer(m + 3 * stride).load(as: Columns.self)
  }

  @inline(__always)
  func store(to m: UnsafeMutablePointer<Float>, _ stride: Int) {
    UnsafeMutableRawPointer(m).storeBytes(of: r0, as: Columns.self)
    UnsafeMutableRawPointer(m + stride).storeBytes(of: r1, as: Columns.self)
    UnsafeMutableRawPointer(m + 2 * stride).storeBytes(of: r2, as: Columns.self)
    UnsafeMutableRawPointer(m + 3 * stride).storeBytes(of: r3, as: Columns.self)
  }
}
