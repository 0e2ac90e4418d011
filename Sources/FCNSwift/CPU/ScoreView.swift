/// The scores of one picture, seen at the picture's own size: the padding left off, and where the
/// size rule scaled the picture, resized back (bilinear, corners not aligned) row by row.
struct ScoreView: SegmentedPicture {
  /// 1…N×classes×H×W; this picture's are picture `n`'s.
  let scores: Tensor
  let n: Int
  /// The picture's own size.
  let width: Int
  let height: Int
  /// nil where the network saw the picture at its own size.
  private let axes: (rows: BilinearAxis, columns: BilinearAxis)?

  private init(copyOf other: ScoreView, _ allocator: Allocator) throws {
    let shape = other.scores.shape
    scores = try Tensor(
      uninitialized: Shape(1, shape.c, shape.h, shape.w), from: allocator)
    scores.pointer.update(from: other.scores.plane(other.n, 0), count: shape.pictureCount)
    n = 0
    (width, height, axes) = (other.width, other.height, other.axes)
  }

  /// The same scores in memory of their own.
  func copied(from allocator: Allocator) throws -> any SegmentedPicture {
    try ScoreView(copyOf: self, allocator)
  }

  /// The network saw the picture at `networkSize`, in the top left corner of its input, which is as large
  /// as `scores`. Throws `outOfMemory` where there is no room to resize scores in.
  init(
    _ scores: Tensor, _ n: Int, width: Int, height: Int, networkSize: (width: Int, height: Int)
  ) throws {
    guard scores.shape.w >= networkSize.width, scores.shape.h >= networkSize.height else {
      throw FCNError(
        .internalDefect,
        "the scores, \(scores.shape), are smaller than the picture as the network saw it, "
          + "\(networkSize.width)×\(networkSize.height)")
    }
    self.scores = scores
    self.n = n
    self.width = width
    self.height = height
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

  /// Classes.
  var classCount: Int { scores.shape.c }

  /// Writes class `c`'s scores of row `y` to `row`.
  func copyRow(_ c: Int, _ y: Int, to row: UnsafeMutablePointer<Float>) {
    let plane = scores.plane(n, c)
    let stride = scores.shape.w
    guard let axes else {
      row.update(from: plane + y * stride, count: width)
      return
    }
    interpolateRow(
      above: plane + axes.rows.low[y] * stride, below: plane + axes.rows.high[y] * stride,
      axes.rows.fraction[y], axes.columns, to: row)
  }

  /// Writes the class of the largest score of each pixel; the lowest class where several are equal.
  func copyLabels(to labels: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) {
    pool.run(height) { y, _ in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { scratch in
        guard let best = scratch.baseAddress else { return }
        let row = best + width
        let labels = labels + y * width
        copyRow(0, y, to: best)
        labels.update(repeating: 0, count: width)
        for c in 1..<max(1, classCount) {
          copyRow(c, y, to: row)
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
    pool.run(classCount * height) { task, _ in
      let (c, y) = (task / height, task % height)
      copyRow(c, y, to: target + task * width)
    }
  }

  /// Writes classes×height×width probabilities: the softmax of the scores at the picture's size.
  func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) {
    pool.run(height) { y, _ in
      for c in 0..<classCount { copyRow(c, y, to: target + (c * height + y) * width) }
      let row = target + y * width
      softmax(row, to: row, count: width, channels: classCount, stride: width * height)
    }
  }
}
