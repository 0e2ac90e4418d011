import FCNLoopTypes
import Testing

@testable import FCNSwift

/// Labels that are made without planes of scores are those of the largest scores, in the loops of every
/// instruction set that this machine has.
struct LabelRankingTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let classes: Int
    let scores: Extent
    /// What a last layer makes of them; nil where it is none.
    var enlarged: Extent?
    var resize = Resize(to: .scaled(by: 2))
    var layout = Layout.planar
    var picture = Extent(1, 1)
  }

  static let cases = [
    Case(testDescription: "planar", classes: 3, scores: Extent(9, 21), picture: Extent(9, 19)),
    Case(
      testDescription: "blocked", classes: 21, scores: Extent(35, 40), layout: .blocked,
      picture: Extent(34, 37)),
    Case(
      testDescription: "enlarged", classes: 5, scores: Extent(5, 6), enlarged: Extent(40, 51),
      picture: Extent(39, 50)),
    Case(
      testDescription: "of one pixel", classes: 2, scores: Extent(1, 1), enlarged: Extent(7, 33),
      picture: Extent(7, 33)),
    Case(
      testDescription: "corners aligned", classes: 4, scores: Extent(4, 7),
      enlarged: Extent(67, 9), resize: Resize(to: .scaled(by: 2), coordinates: .alignCorners),
      picture: Extent(66, 9)),
    Case(
      testDescription: "nearest", classes: 3, scores: Extent(8, 4), enlarged: Extent(16, 12),
      resize: Resize(
        to: .scaled(by: 2), .nearest(.floor), coordinates: .asymmetric), picture: Extent(16, 11)),
    Case(
      testDescription: "of more classes than columns lie together", classes: 230,
      scores: Extent(6, 40), enlarged: Extent(12, 160), picture: Extent(11, 150)),
    Case(
      testDescription: "of one class", classes: 1, scores: Extent(3, 3), enlarged: Extent(6, 6),
      picture: Extent(6, 6)),
  ]

  @Test(arguments: cases)
  func labelsAreOfTheLargestScores(_ ranked: Case) throws {
    let shape = Shape(2, ranked.classes, ranked.scores.h, ranked.scores.w)
    var generator = SeededGenerator(seed: 3)
    // Few values, so that some are equal.
    let tensor = try Tensor(
      shape, (0..<shape.count).map { _ in Float(generator.integer(in: 0..<7)) })
    let last = ranked.enlarged.map { size in
      let axes = ranked.resize.bilinearAxes(shape, Shape(2, shape.c, size.h, size.w))
      return LastResize(rows: axes.rows, columns: axes.columns)
    }
    let made = ranked.enlarged ?? ranked.scores
    let (width, height) = (ranked.picture.w, ranked.picture.h)
    let pool = try WorkerPool(threads: 2)
    for loops in Loops.available {
      for n in 0..<2 {
        let view = try ScoreView(
          tensor.laidOut(ranked.layout), n, last, loops, width: width, height: height,
          networkSize: (width, height))
        let (labels, scores) = try results(view, pool)
        #expect(labels == largest(scores, width * height), "\(loops.name)")
        // The scores are those of the resize, at the picture's place.
        for c in 0..<ranked.classes {
          let plane = tensor.plane(n, c)
          var whole = [Float](repeating: 0, count: made.h * made.w)
          if let last {
            resizePlane(plane, width: ranked.scores.w, to: &whole, last.rows, last.columns)
          } else {
            whole = Array(UnsafeBufferPointer(start: plane, count: whole.count))
          }
          for y in 0..<height {
            let found = scores[(c * height + y) * width..<(c * height + y + 1) * width]
            #expect(found.elementsEqual(whole[y * made.w..<y * made.w + width]))
          }
        }
        let copy = try #require(try view.copied(from: .system) as? ScoreView)
        let copied = try results(copy, pool)
        #expect(copied.labels == labels && copied.scores == scores)

        // A picture that was scaled for the network: twice as high as it saw it.
        let scaled = try ScoreView(
          tensor.laidOut(ranked.layout), n, last, loops, width: width, height: 2 * height,
          networkSize: (width, height))
        let large = try results(scaled, pool)
        #expect(large.labels == largest(large.scores, 2 * width * height))
        let axis = BilinearAxis(from: height, to: 2 * height)
        for (index, found) in large.scores.enumerated() {
          let (c, y, x) = (
            index / (2 * width * height), index / width % (2 * height), index % width
          )
          let above = scores[(c * height + axis.low[y]) * width + x]
          let below = scores[(c * height + axis.high[y]) * width + x]
          if abs(found - (above + (below - above) * axis.fraction[y])) > 1e-5 {
            Issue.record("\(c), \(y), \(x): \(found)")
          }
        }
      }
    }
  }

  private func results(
    _ view: ScoreView, _ pool: WorkerPool
  ) throws -> (labels: [UInt8], scores: [Float]) {
    let count = view.width * view.height
    var labels = [UInt8](repeating: 255, count: count)
    var scores = [Float](repeating: .nan, count: count * view.classCount)
    labels.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { view.copyLabels(to: base, pool) }
    }
    scores.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { view.copyScores(to: base, pool) }
    }
    return (labels, scores)
  }

  /// The class of each pixel's largest score, the lowest of those that are equal.
  private func largest(_ scores: [Float], _ count: Int) -> [UInt8] {
    (0..<count).map { pixel in
      var best = 0
      for c in 0..<scores.count / count
      where scores[c * count + pixel] > scores[best * count + pixel] { best = c }
      return UInt8(best)
    }
  }
}
