import FCNTestSupport
import Testing

@testable import FCNSwift

/// Tables of pixels under windows, as exporters write adaptive pools.
struct ONNXWindowsTests {
  private let shape = Shape(1, 2, 5, 8)

  /// The table of `rows` and `columns`, the lines under each window.
  private func table(_ rows: [[Int]], _ columns: [[Int]]) -> [Int] {
    rows.joined().flatMap { y in columns.joined().flatMap { x in [y, x] } }
  }

  private func windows(
    _ rows: [[Int]], _ columns: [[Int]], _ change: (inout [Int]) -> Void = { _ in }
  ) -> ONNXWindows? {
    var table = table(rows, columns)
    change(&table)
    return ONNXWindows(
      "x", extents: [rows.count, rows[0].count, columns.count, columns[0].count, 2], table, shape)
  }

  /// Windows of 5 rows in 2 are 0…2 and 2…4; of 8 columns in 3 they are 0…2, 2…5 and 5…7.
  private let rows = [[0, 1, 2], [2, 3, 4]]
  private let columns = [[0, 1, 2, 3], [2, 3, 4, 5], [5, 6, 7, 7]]
  private let beyond = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1].map(Double.init)

  @Test func theTableOfAnAdaptivePoolIsRecognised() throws {
    let whole = try #require(windows(rows, columns))
    #expect(!whole.isAdaptive(shape))
    #expect(try whole.masked(SizeValue(.integer, [3, 4], beyond)) == nil)
    var turned = whole
    turned.axes = [.pictures, .channels, .rowWindow, .rowPlace, .columnWindow, .columnPlace]
    let zeros = try #require(turned.masked(SizeValue(.integer, [3, 4], beyond)))
    #expect(zeros.isAdaptive(shape))
    #expect(zeros.columns.map { $0.compactMap { $0 } } == [[0, 1, 2], [2, 3, 4, 5], [5, 6, 7]])
  }

  @Test func anyOtherTableIsNot() throws {
    #expect(windows(rows, columns) { $0[0] = 1 } == nil)
    #expect(windows(rows, columns) { $0[3] = -1 } == nil)
    #expect(windows([[0, 1, 5], [2, 3, 4]], columns) == nil)
    let even = [[0, 1, 2, 3], [4, 5, 6, 7]]
    #expect(try #require(windows(rows, even)).isAdaptive(shape))
    #expect(!(try #require(windows(rows, [[0, 1, 2, 3], [3, 4, 5, 6]])).isAdaptive(shape)))
    #expect(!(try #require(windows([[0, 1, 2], [4, 3, 2]], even)).isAdaptive(shape)))
    #expect(!(try #require(windows([[0, 1, 2]], even)).isAdaptive(shape)))
  }
}
