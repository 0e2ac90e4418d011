/// Pixels of a layer's output under the windows of a pool, gathered by a table of rows and columns: how an
/// exporter writes an adaptive pool for one size. Their means are a layer, if the table is that pool's.
struct ONNXWindows {
  /// What lies along one of the graph's axes: windows, or the places within each.
  enum Part { case pictures, channels, rowWindow, rowPlace, columnWindow, columnPlace }

  let source: String
  /// For each window along rows, and along columns, which line stands at each place; nil for a zero.
  var rows, columns: [[Int?]]
  var axes: [Part]
  /// The places that were chosen, as long as a row, or one of its places, stands alone.
  var row, column: Int?
  /// The places whose pixels were added, counted row by row.
  var added: Set<Int> = []
  /// How many places a window has at most.
  private static let mostPlaces = 4096

  /// As `table` says, which has a row and a column for each row window, its places, column window and its
  /// places; nil where rows do not follow from the first two of these alone, columns from the others.
  init?(_ source: String, extents: [Int], _ table: [Int], _ shape: Shape) {
    guard extents.count == 5, extents[4] == 2, !table.isEmpty,
      extents[1] * extents[3] <= Self.mostPlaces
    else { return nil }
    let (inner, places) = (extents[2] * extents[3], extents[0] * extents[1])
    func index(_ outer: Int, _ inside: Int, _ part: Int) -> Int {
      table[(outer * inner + inside) * 2 + part]
    }
    for outer in 0..<places {
      for inside in 0..<inner {
        let (y, x) = (index(outer, inside, 0), index(outer, inside, 1))
        guard y == index(outer, 0, 0), x == index(0, inside, 1), (0..<shape.h).contains(y),
          (0..<shape.w).contains(x)
        else { return nil }
      }
    }
    self.source = source
    rows = (0..<extents[0]).map { window in
      (0..<extents[1]).map { index(window * extents[1] + $0, 0, 0) }
    }
    columns = (0..<extents[2]).map { window in
      (0..<extents[3]).map { index(0, window * extents[3] + $0, 1) }
    }
    axes = [.rowWindow, .rowPlace, .columnWindow, .columnPlace, .pictures, .channels]
  }

  func extent(_ part: Part) -> Int? {
    switch part {
    case .pictures, .channels: nil
    case .rowWindow: rows.count
    case .rowPlace: rows[0].count
    case .columnWindow: columns.count
    case .columnPlace: columns[0].count
    }
  }

  /// Whether the windows are those of an adaptive pool over `shape`, and nothing else.
  func isAdaptive(_ shape: Shape) -> Bool {
    func fits(_ windows: [[Int?]], _ size: Int) -> Bool {
      windows.indices.allSatisfy { index in
        windows[index].compactMap { $0 }
          == Array(AdaptiveAveragePool.lines(index, of: windows.count, size: size))
      }
    }
    return fits(rows, shape.h) && fits(columns, shape.w)
  }

  /// Zeros where `mask`, which lies over the last axes, is not 0; nil where that is not a matter of whole
  /// rows or columns of windows.
  func masked(_ mask: SizeValue) -> ONNXWindows? {
    let extents = [Int](repeating: 1, count: max(0, axes.count - mask.extents.count)) + mask.extents
    guard extents.count == axes.count else { return nil }
    let long = extents.indices.filter { extents[$0] > 1 }
    var made = self
    for (window, place, lines) in [
      (Part.rowWindow, Part.rowPlace, \ONNXWindows.rows),
      (.columnWindow, .columnPlace, \.columns),
    ] {
      guard let first = axes.firstIndex(of: window), let second = axes.firstIndex(of: place),
        first < second, long.allSatisfy({ $0 == first || $0 == second }),
        [first, second].allSatisfy({ extents[$0] == 1 || extents[$0] == extent(axes[$0]) })
      else { continue }
      for i in made[keyPath: lines].indices {
        for j in made[keyPath: lines][i].indices {
          let index =
            (extents[first] == 1 ? 0 : i) * extents[second] + (extents[second] == 1 ? 0 : j)
          if mask.elements[index] != 0 { made[keyPath: lines][i][j] = nil }
        }
      }
      return made
    }
    return nil
  }
}
