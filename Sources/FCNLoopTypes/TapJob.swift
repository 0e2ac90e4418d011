/// Rows of a plane beside what a window sees of other planes there: for each of its taps the same rows,
/// shifted. Steps are in floats.
public struct TapJob {
  /// Rows of the plane, and how many floats of each.
  public var rows, columns: Int
  /// The plane's first float, and the steps to the next row and to the next column.
  public var plane: UnsafeMutablePointer<Float>
  /// See `plane`.
  public var rowStep, columnStep: Int
  /// Where the taps of the first row are counted from, and the step to the next row.
  public var source: UnsafePointer<Float>
  /// See `source`.
  public var sourceStep: Int
  /// How far from `source` the row of each tap begins. Up to `tapMargin` floats behind it are read.
  public var offsets: UnsafePointer<Int>
  /// Taps.
  public var count: Int

  /// Makes a job of its parts.
  public init(
    rows: Int, columns: Int, plane: UnsafeMutablePointer<Float>, rowStep: Int, columnStep: Int,
    source: UnsafePointer<Float>, sourceStep: Int, offsets: UnsafePointer<Int>, count: Int
  ) {
    (self.rows, self.columns) = (rows, columns)
    (self.plane, self.rowStep, self.columnStep) = (plane, rowStep, columnStep)
    (self.source, self.sourceStep) = (source, sourceStep)
    (self.offsets, self.count) = (offsets, count)
  }
}

/// Loops over taps take columns in vectors of at most so many floats, the last too.
public let tapMargin = 16
