import FCNLoopTypes

/// The scores of one picture, seen at the picture's own size: enlarged as the network's last layer would,
/// the padding left off, and where the size rule scaled the picture, resized back (bilinear, corners not
/// aligned), all of it row by row.
struct ScoreView: SegmentedPicture {
  /// 1…N×classes×H×W; this picture's are picture `n`'s.
  let scores: Tensor
  let n: Int
  /// The picture's own size.
  let width: Int
  let height: Int
  /// What makes the network's output of `scores`; nil where they are that.
  let lastResize: LastResize?
  let loops: LoopTable
  /// The picture as the network saw it.
  private let networkWidth: Int
  /// nil where the network saw the picture at its own size.
  let axes: (rows: BilinearAxis, columns: BilinearAxis)?

  private init(copyOf other: ScoreView, _ allocator: Allocator) throws {
    let (shape, layout) = (other.scores.shape, other.scores.layout)
    let own = Shape(1, shape.c, shape.h, shape.w)
    let memory = try AlignedMemory(count: layout.count(own), from: allocator)
    scores = Tensor(own, layout, memory: memory, offset: 0)
    // Blocks of channels lie outside pictures.
    let (pieces, piece) =
      layout == .blocked
      ? (blockedPlaneCount(own), shape.planeCount * channelBlock) : (1, shape.pictureCount)
    for index in 0..<pieces {
      scores.pointer.advanced(by: index * piece).update(
        from: other.scores.pointer + (index * shape.n + other.n) * piece, count: piece)
    }
    n = 0
    (lastResize, loops) = (other.lastResize, other.loops)
    (width, height, axes) = (other.width, other.height, other.axes)
    networkWidth = other.networkWidth
  }

  /// The same scores in memory of their own.
  func copied(from allocator: Allocator) throws -> any SegmentedPicture {
    try ScoreView(copyOf: self, allocator)
  }

  /// The network saw the picture at `networkSize`, in the top left corner of its input, which is as large
  /// as what `lastResize` makes of `scores`. Throws `outOfMemory` where there is no room to resize scores
  /// in.
  init(
    _ scores: Tensor, _ n: Int, _ lastResize: LastResize?, _ loops: LoopTable, width: Int,
    height: Int, networkSize: (width: Int, height: Int)
  ) throws {
    let made =
      lastResize.map { (width: $0.columns.low.count, height: $0.rows.low.count) }
      ?? (width: scores.shape.w, height: scores.shape.h)
    try Self.requireCover(made, of: networkSize)
    self.scores = scores
    self.n = n
    (self.lastResize, self.loops) = (lastResize, loops)
    self.width = width
    self.height = height
    networkWidth = networkSize.width
    guard networkSize != (width, height) else {
      axes = nil
      return
    }
    try BilinearAxis.requireMemory(height: height, width: width)
    axes = (
      BilinearAxis(from: networkSize.height, to: height),
      BilinearAxis(from: networkSize.width, to: width)
    )
  }

  /// Throws where scores, or labels, that were `made` are fewer than the pixels of `picture` as the network
  /// saw it.
  static func requireCover(
    _ made: (width: Int, height: Int), of picture: (width: Int, height: Int)
  ) throws {
    guard made.width >= picture.width, made.height >= picture.height else {
      throw FCNError(
        .internalDefect,
        "the scores, \(made.height)×\(made.width), are smaller than the picture as the network saw it, "
          + "\(picture.height)×\(picture.width)")
    }
  }

  /// Classes.
  var classCount: Int { scores.shape.c }

  /// Whether rows of the network's output have to be made before they can be read.
  private var makesRows: Bool { lastResize != nil || scores.layout != .planar }

  /// Floats of scratch for `copyRow`.
  var scratchCount: Int { makesRows && axes != nil ? 2 * networkWidth : 1 }

  /// Writes class `c`'s scores of row `y` to `row`.
  func copyRow(
    _ c: Int, _ y: Int, to row: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    guard let axes else { return copyNetworkRow(c, y, to: row) }
    let (low, high) = (axes.rows.low[y], axes.rows.high[y])
    let (above, below): (UnsafePointer<Float>, UnsafePointer<Float>)
    if makesRows {
      copyNetworkRow(c, low, to: scratch)
      copyNetworkRow(c, high, to: scratch + networkWidth)
      (above, below) = (UnsafePointer(scratch), UnsafePointer(scratch + networkWidth))
    } else {
      (above, below) = (planarRow(c, low), planarRow(c, high))
    }
    interpolateRow(
      above: above, below: below, axes.rows.fraction[y], axes.columns, 0..<width, to: row)
  }

  /// Row `y` of `scores` where these are planar, as they are where a resize is to come.
  func planarRow(_ c: Int, _ y: Int) -> UnsafePointer<Float> {
    UnsafePointer(scores.plane(n, c) + y * scores.shape.w)
  }

  /// Writes the columns `span` of row `y` of the scores.
  func copyLine(_ c: Int, _ y: Int, _ span: Range<Int>, to line: UnsafeMutablePointer<Float>) {
    guard scores.layout == .blocked else {
      line.update(from: planarRow(c, y) + span.lowerBound, count: span.count)
      return
    }
    let shape = scores.shape
    let plane = c / channelBlock * shape.n + n
    let source =
      scores.pointer + ((plane * shape.h + y) * shape.w + span.lowerBound) * channelBlock
      + c % channelBlock
    for x in 0..<span.count { line[x] = source[x * channelBlock] }
  }

  /// Writes row `y` of the network's output, as far as the picture goes.
  private func copyNetworkRow(_ c: Int, _ y: Int, to row: UnsafeMutablePointer<Float>) {
    guard let lastResize else { return copyLine(c, y, 0..<networkWidth, to: row) }
    interpolateRow(
      above: planarRow(c, lastResize.rows.low[y]), below: planarRow(c, lastResize.rows.high[y]),
      lastResize.rows.fraction[y], lastResize.columns, 0..<networkWidth, to: row)
  }

  /// Writes the class of the largest score of each pixel; the lowest class where several are equal.
  func copyLabels(to labels: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) {
    if axes == nil { return rank(to: labels, pool) }
    pool.run(height) { y, _ in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width + scratchCount) { scratch in
        guard let best = scratch.baseAddress else { return }
        let row = best + width
        let labels = labels + y * width
        copyRow(0, y, to: best, row + width)
        labels.update(repeating: 0, count: width)
        for c in 1..<max(1, classCount) {
          copyRow(c, y, to: row, row + width)
          for x in 0..<width where row[x] > best[x] {
            best[x] = row[x]
            labels[x] = UInt8(truncatingIfNeeded: c)
          }
        }
      }
    }
  }

  /// Writes classes×height×width scores.
  func copyScores(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) {
    // Classes that may lie side by side follow each other.
    let blocks = (classCount + channelBlock - 1) / channelBlock
    pool.run(blocks * height) { task, _ in
      let (block, y) = (task / height, task % height)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: scratchCount) { scratch in
        guard let scratch = scratch.baseAddress else { return }
        for c in block * channelBlock..<min(classCount, (block + 1) * channelBlock) {
          copyRow(c, y, to: target + (c * height + y) * width, scratch)
        }
      }
    }
  }

  /// Writes classes×height×width probabilities: the softmax of the scores at the picture's size.
  func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) {
    pool.run(height) { y, _ in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: scratchCount) { scratch in
        guard let scratch = scratch.baseAddress else { return }
        for c in 0..<classCount { copyRow(c, y, to: target + (c * height + y) * width, scratch) }
      }
      let row = target + y * width
      loops.softmax(row, row, width, classCount, width * height)
    }
  }
}
