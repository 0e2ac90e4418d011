import CIntrinsics
import FCNLoopTypes

/// Where the rows of a left-hand matrix lie, in bytes: rows, steps of a row, blocks of steps.
struct LeftStrides {
  let row, step, block: Int
  let stepsPerBlock: Int
}

/// Sums the products of `rows` rows at `a`, and of some after them, and of a panel at `b` over `steps`
/// steps, and stores them to `target`. Rows are taken six, five or four at a time, as many as registers
/// hold, of narrow panels twelve, so that none is computed in vain but where there are fewer than four, or
/// seven.
@inline(__always)
func multiplyRows<Sums: RowSums>(
  _: Sums.Type, rows: Int, steps: Int, _ a: UnsafeRawPointer, _ strides: LeftStrides,
  _ b: UnsafeRawPointer, to target: Sums.Target
) {
  var row = 0
  while row < rows {
    let left = rows - row
    let a = a + row * strides.row
    if Sums.columns == channelBlock, panelBlocks > 1, left >= 12 {
      // A register a row: six would wait for each other.
      multiplyRows(TwelveRows<Sums>.self, steps: steps, a, strides, b, to: target, row: row)
      row += 12
    } else if left % 6 == 0 || left > 13 {
      multiplyRows(SixRows<Sums>.self, steps: steps, a, strides, b, to: target, row: row)
      row += 6
    } else if left >= 9 || left == 5 {
      multiplyRows(FiveRows<Sums>.self, steps: steps, a, strides, b, to: target, row: row)
      row += 5
    } else {
      multiplyRows(FourRows<Sums>.self, steps: steps, a, strides, b, to: target, row: row)
      row += 4
    }
  }
}

/// The micro-kernel: everything that is computed is computed by the loop in here.
@inline(__always)
private func multiplyRows<Rows: RowGroup>(
  _: Rows.Type, steps: Int, _ a: UnsafeRawPointer, _ strides: LeftStrides, _ b: UnsafeRawPointer,
  to target: Rows.Sums.Target, row: Int
) {
  let bytes = Rows.Sums.columns / channelBlock * stepBytes
  // The weights of the next terms or panel, which lie behind these, come while these are in use.
  let ahead = steps * bytes
  var sums = Rows()
  var (a, b) = (a, b)
  // One loop, not one a block: with two, sums are moved between registers, and to the stack.
  let toNextBlock = strides.block - strides.stepsPerBlock * strides.step
  var leftInBlock = strides.stepsPerBlock
  var left = steps
  while left > 0 {
    // Unrolled, its steps would be mixed until registers are too few.
    left = fcn_unknown(left - 1)
    fcn_prefetch(b + ahead)
    sums.add(a, strides.row, b)
    b += bytes
    a += strides.step
    leftInBlock -= 1
    if leftInBlock == 0 {
      a += toNextBlock
      leftInBlock = strides.stepsPerBlock
    }
  }
  sums.store(to: target, row: row)
}

/// Not `load(as:)`: its specialised form might not be inlined, and would be one that the linker could take
/// from here for a module of another instruction set.
@inline(__always)
private func factor<Factor>(at address: UnsafeRawPointer) -> Factor {
  address.assumingMemoryBound(to: Factor.self).pointee
}

/// The sums of a few rows, all in registers.
private protocol RowGroup {
  associatedtype Sums: RowSums

  init()

  /// Adds to each row the products of its factor and the columns' terms at `b`; the factor of the
  /// first is at `a`, the others' follow `stride` bytes apart.
  mutating func add(_ a: UnsafeRawPointer, _ stride: Int, _ b: UnsafeRawPointer)

  /// Stores them as rows `row` and the following.
  func store(to target: Sums.Target, row: Int)
}

private struct TwelveRows<Sums: RowSums>: RowGroup {
  private var (first, second) = (SixRows<Sums>(), SixRows<Sums>())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ stride: Int, _ b: UnsafeRawPointer) {
    first.add(a, stride, b)
    second.add(a + 6 * stride, stride, b)
  }

  @inline(__always)
  func store(to target: Sums.Target, row: Int) {
    first.store(to: target, row: row)
    second.store(to: target, row: row + 6)
  }
}

private struct SixRows<Sums: RowSums>: RowGroup {
  private var first = FiveRows<Sums>()
  private var r5 = Sums()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ stride: Int, _ b: UnsafeRawPointer) {
    first.add(a, stride, b)
    r5.add(factor(at: a + 5 * stride), b)
  }

  @inline(__always)
  func store(to target: Sums.Target, row: Int) {
    first.store(to: target, row: row)
    r5.store(to: target, row: row + 5, column: 0)
  }
}

private struct FiveRows<Sums: RowSums>: RowGroup {
  private var first = FourRows<Sums>()
  private var r4 = Sums()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ stride: Int, _ b: UnsafeRawPointer) {
    first.add(a, stride, b)
    r4.add(factor(at: a + 4 * stride), b)
  }

  @inline(__always)
  func store(to target: Sums.Target, row: Int) {
    first.store(to: target, row: row)
    r4.store(to: target, row: row + 4, column: 0)
  }
}

private struct FourRows<Sums: RowSums>: RowGroup {
  private var (r0, r1) = (Sums(), Sums())
  private var (r2, r3) = (Sums(), Sums())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: UnsafeRawPointer, _ stride: Int, _ b: UnsafeRawPointer) {
    r0.add(factor(at: a), b)
    r1.add(factor(at: a + stride), b)
    r2.add(factor(at: a + 2 * stride), b)
    r3.add(factor(at: a + 3 * stride), b)
  }

  @inline(__always)
  func store(to target: Sums.Target, row: Int) {
    r0.store(to: target, row: row, column: 0)
    r1.store(to: target, row: row + 1, column: 0)
    r2.store(to: target, row: row + 2, column: 0)
    r3.store(to: target, row: row + 3, column: 0)
  }
}
