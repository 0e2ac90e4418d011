import FCNLoopTypes

/// The sums of one row of a product, one for each column of a panel, in registers.
///
/// They are kept as blocks of sixteen, no type being wider than what the compiler makes registers of:
/// it turns `SIMD64<Float>` into scalar instructions and traffic with the stack.
protocol RowSums {
  /// What a step multiplies all columns by: a float, or a pair of 16-bit integers.
  associatedtype Factor: BitwiseCopyable
  /// Where sums go, and how.
  associatedtype Target

  /// Columns.
  static var columns: Int { get }

  init()

  /// Adds the products of `factor` and the columns' terms of this step at `b`.
  mutating func add(_ factor: Factor, _ b: UnsafeRawPointer)

  /// Writes the sums to row `row` of `target`, from its column `column` on, or adds them.
  func store(to target: Target, row: Int, column: Int)
}

/// Bytes of a step's terms of sixteen columns: floats, or pairs of 16-bit integers.
let stepBytes = channelBlock * MemoryLayout<Float>.stride

/// Sums of a panel of two blocks.
struct TwoBlocks<Block: RowSums>: RowSums {
  static var columns: Int { 2 * channelBlock }

  private var (b0, b1) = (Block(), Block())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ factor: Block.Factor, _ b: UnsafeRawPointer) {
    b0.add(factor, b)
    b1.add(factor, b + stepBytes)
  }

  @inline(__always)
  func store(to target: Block.Target, row: Int, column: Int) {
    b0.store(to: target, row: row, column: column)
    b1.store(to: target, row: row, column: column + channelBlock)
  }
}

/// Sums of a panel of three blocks.
struct ThreeBlocks<Block: RowSums>: RowSums {
  static var columns: Int { 3 * channelBlock }

  private var (b0, b1) = (Block(), Block())
  private var b2 = Block()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ factor: Block.Factor, _ b: UnsafeRawPointer) {
    b0.add(factor, b)
    b1.add(factor, b + stepBytes)
    b2.add(factor, b + 2 * stepBytes)
  }

  @inline(__always)
  func store(to target: Block.Target, row: Int, column: Int) {
    b0.store(to: target, row: row, column: column)
    b1.store(to: target, row: row, column: column + channelBlock)
    b2.store(to: target, row: row, column: column + 2 * channelBlock)
  }
}

/// Sums of a panel of four blocks.
struct FourBlocks<Block: RowSums>: RowSums {
  static var columns: Int { 4 * channelBlock }

  private var (b0, b1) = (Block(), Block())
  private var (b2, b3) = (Block(), Block())

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ factor: Block.Factor, _ b: UnsafeRawPointer) {
    b0.add(factor, b)
    b1.add(factor, b + stepBytes)
    b2.add(factor, b + 2 * stepBytes)
    b3.add(factor, b + 3 * stepBytes)
  }

  @inline(__always)
  func store(to target: Block.Target, row: Int, column: Int) {
    b0.store(to: target, row: row, column: column)
    b1.store(to: target, row: row, column: column + channelBlock)
    b2.store(to: target, row: row, column: column + 2 * channelBlock)
    b3.store(to: target, row: row, column: column + 3 * channelBlock)
  }
}
