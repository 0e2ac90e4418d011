import FCNLoopTypes

// Labels of pictures that the network saw at their own size: no plane of enlarged scores is ever written.
extension ScoreView {
  /// Rows of labels that are made one after the other, from lines of scores of which most serve several.
  private static let rowsTogether = 32

  /// Floats of a class's lines at a time: with those of all classes they stay in a core's second-level cache.
  private var columnsTogether: Int {
    max(64, 16384 / max(1, classCount) / channelBlock * channelBlock)
  }

  /// Writes the class of the largest score of each pixel.
  func rank(to labels: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) {
    let columns = min(columnsTogether, roundUp(width, toMultipleOf: channelBlock))
    let pieces = (width + columns - 1) / columns
    let bands = (height + Self.rowsTogether - 1) / Self.rowsTogether
    let floats = (2 * classCount + 1) * columns
    pool.run(bands * pieces) { task, _ in
      let rows = part(task / pieces, of: height, size: Self.rowsTogether)
      let span = part(task % pieces, of: width, size: columns)
      withUnsafeTemporaryAllocation(
        byteCount: floats * MemoryLayout<Float>.stride, alignment: 64
      ) { scratch in
        guard let lines = scratch.baseAddress?.bindMemory(to: Float.self, capacity: floats) else {
          return
        }
        lines.update(repeating: 0, count: floats)
        rank(rows, span, stride: columns, lines, to: labels)
      }
    }
  }

  /// The same of some rows and columns, with room for two lines of each class and one of labels.
  private func rank(
    _ rows: Range<Int>, _ span: Range<Int>, stride: Int, _ lines: UnsafeMutablePointer<Float>,
    to labels: UnsafeMutablePointer<UInt8>
  ) {
    var (above, below) = (lines, lines + classCount * stride)
    // Rows of scores that the lines are of.
    var (aboveRow, belowRow) = (-1, -1)
    let made = UnsafeMutableRawPointer(lines + 2 * classCount * stride)
      .bindMemory(to: UInt8.self, capacity: stride)
    func fill(_ target: UnsafeMutablePointer<Float>, _ row: Int) {
      for c in 0..<classCount {
        let line = target + c * stride
        if let lastResize {
          interpolateColumns(planarRow(c, row), lastResize.columns, span, to: line)
        } else {
          copyLine(c, row, span, to: line)
        }
      }
    }
    for y in rows {
      let low = lastResize?.rows.low[y] ?? y
      let high = lastResize?.rows.high[y] ?? y
      if low != aboveRow, low == belowRow {
        (above, below) = (below, above)
        (aboveRow, belowRow) = (belowRow, aboveRow)
      }
      if low != aboveRow {
        fill(above, low)
        aboveRow = low
      }
      if high != low, high != belowRow {
        fill(below, high)
        belowRow = high
      }
      loops.rank(
        above, high == low ? above : below, stride, classCount, lastResize?.rows.fraction[y] ?? 0,
        roundUp(span.count, toMultipleOf: channelBlock), made)
      (labels + y * width + span.lowerBound).update(from: made, count: span.count)
    }
  }
}
