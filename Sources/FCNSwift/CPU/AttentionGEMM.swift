import COpenBLAS
import FCNLoopTypes

/// Attention by matrix products, in strips of the query's pixels, so that a strip of scores stays in a
/// core's cache and the matrix of all scores is never held. What a strip makes does not depend on the
/// number of threads.
final class AttentionGEMM: PreparedTrainingForm {
  private let problem: AttentionProblem
  private let loops: LoopTable
  /// Pixels of the query in a strip.
  private let height: Int
  private let strips: Int

  /// nil where there are more pixels or channels than BLAS counts.
  init?(_ problem: AttentionProblem, _ loops: LoopTable) {
    guard
      [problem.queries, problem.keys, problem.depth, problem.channels].allSatisfy({
        $0 <= Int32.max
      })
    else { return nil }
    (self.problem, self.loops) = (problem, loops)
    height = min(problem.queries, max(1, Self.stripFloats / problem.keys))
    strips = (problem.queries + height - 1) / height
  }
  private static let stripFloats = 1 << 17

  var usesMatrixLibrary: Bool { true }

  /// A strip of scores, and one of their gradients, or sums of the strip's rows.
  var workspacePerWorker: Int { 2 * height * problem.keys }

  /// Of a softmax over all pairs, what each strip knows of its scores.
  var sharedWorkspace: Int { problem.normalization == .pairs ? 2 * problem.count * strips : 0 }

  var work: StepWork? {
    let pairs = Double(problem.count) * Double(problem.queries) * Double(problem.keys)
    let products = 2 * pairs * Double(problem.depth + problem.channels)
    let values =
      problem.count * (problem.queries + problem.keys) * (problem.depth + problem.channels)
    return StepWork(nominal: products, performed: products, bytes: 4 * Double(values))
  }

  func forward(_ call: ForwardCall) {
    let problem = problem
    let (queries, keys) = (problem.queries, problem.keys)
    let known = call.workers.shared
    call.workers.run(problem.count * strips) { [self] task, scores in
      let (head, pixels) = (task / strips, pixels(of: task % strips))
      let matrices = AttentionMatrices(problem, call.inputs, head)
      let output = call.output.pointer + head * problem.channels * queries + pixels.lowerBound
      let inverses = scores + height * keys
      makeProducts(matrices, pixels, to: scores)
      if problem.normalization == .keys {
        for row in 0..<pixels.count {
          inverses[row] = 1 / loops.exponentiate(scores + row * keys, keys, problem.factor).total
        }
      } else {
        let made = loops.exponentiate(scores, pixels.count * keys, problem.factor)
        (known[2 * task], known[2 * task + 1]) = made
      }
      // output = value · weightsᵀ.
      fcn_sgemm(
        0, 1, Int32(problem.channels), Int32(pixels.count), Int32(keys), matrices.value,
        Int32(keys), scores, Int32(keys), 0, output, Int32(queries))
      guard problem.normalization == .keys else { return }
      for c in 0..<problem.channels {
        let line = output + c * queries
        for q in 0..<pixels.count { line[q] *= inverses[q] }
      }
    }
    guard problem.normalization == .pairs else { return }
    call.workers.run(problem.count * strips) { [self] task, _ in
      let (head, pixels) = (task / strips, pixels(of: task % strips))
      var all = SoftmaxStatistics()
      for strip in head * strips..<(head + 1) * strips {
        all.add(largest: known[2 * strip], total: Double(known[2 * strip + 1]))
      }
      let factor = all.weight(known[2 * task])
      let output = call.output.pointer + head * problem.channels * queries
      for c in 0..<problem.channels {
        for q in pixels { output[c * queries + q] *= factor }
      }
    }
  }

  /// A task is a head of a picture: all its strips add to the gradients of keys and values. How the
  /// gradients follow from each other stands at the reference form.
  func backward(_ call: BackwardCall) {
    let problem = problem
    let (queries, keys, depth, channels) = (
      problem.queries, problem.keys, problem.depth, problem.channels
    )
    call.workers.run(problem.count) { [self] head, weights in
      let matrices = AttentionMatrices(problem, call.inputs, head)
      let slopes = weights + height * keys
      let output = call.output.pointer + head * channels * queries
      let upstream = call.outputGradient.pointer + head * channels * queries
      let byQuery = call.inputGradients[0].map { $0.pointer + head * depth * queries }
      let byKey = call.inputGradients[1].map { $0.pointer + head * depth * keys }
      let byValue = call.inputGradients[2].map { $0.pointer + head * channels * keys }
      func mean(_ pixels: Range<Int>) -> Float {
        var sum = 0.0
        for c in 0..<channels {
          for i in c * queries + pixels.lowerBound..<c * queries + pixels.upperBound {
            sum += Double(output[i]) * Double(upstream[i])
          }
        }
        return Float(sum)
      }
      var all: SoftmaxStatistics?
      if problem.normalization == .pairs {
        var statistics = SoftmaxStatistics()
        for strip in 0..<strips {
          let pixels = pixels(of: strip)
          makeScores(matrices, pixels, to: weights)
          statistics.add(weights, pixels.count * keys)
        }
        all = statistics
      }
      let meanOfAll = all == nil ? 0 : mean(0..<queries)
      for strip in 0..<strips {
        let pixels = pixels(of: strip)
        let (first, count) = (pixels.lowerBound, Int32(pixels.count))
        let adds: Float = strip == 0 ? 0 : 1
        makeScores(matrices, pixels, to: weights)
        makeWeights(weights, pixels.count, all)
        if let byValue {
          // upstream · weights.
          fcn_sgemm(
            0, 0, Int32(channels), Int32(keys), count, upstream + first, Int32(queries), weights,
            Int32(keys), adds, byValue, Int32(keys))
        }
        guard byQuery != nil || byKey != nil else { continue }
        // upstreamᵀ · value, the gradients of the weights.
        fcn_sgemm(
          1, 0, count, Int32(keys), Int32(channels), upstream + first, Int32(queries),
          matrices.value, Int32(keys), 0, slopes, Int32(keys))
        for (row, q) in pixels.enumerated() {
          let mean = all == nil ? mean(q..<q + 1) : meanOfAll
          for i in row * keys..<(row + 1) * keys {
            slopes[i] = weights[i] * (slopes[i] - mean) * problem.factor
          }
        }
        if let byQuery {
          // key · slopesᵀ.
          fcn_sgemm(
            0, 1, Int32(depth), count, Int32(keys), matrices.key, Int32(keys), slopes, Int32(keys),
            0, byQuery + first, Int32(queries))
        }
        if let byKey {
          // query · slopes.
          fcn_sgemm(
            0, 0, Int32(depth), Int32(keys), count, matrices.query + first, Int32(queries), slopes,
            Int32(keys), adds, byKey, Int32(keys))
        }
      }
    }
  }

  private func pixels(of strip: Int) -> Range<Int> {
    strip * height..<min(problem.queries, (strip + 1) * height)
  }

  /// queryᵀ · key, a row for each of the query's pixels.
  private func makeProducts(
    _ matrices: AttentionMatrices, _ pixels: Range<Int>, to scores: UnsafeMutablePointer<Float>
  ) {
    fcn_sgemm(
      1, 0, Int32(pixels.count), Int32(problem.keys), Int32(problem.depth),
      matrices.query + pixels.lowerBound, Int32(problem.queries), matrices.key,
      Int32(problem.keys), 0, scores, Int32(problem.keys))
  }

  /// A strip of scores: products times the factor.
  private func makeScores(
    _ matrices: AttentionMatrices, _ pixels: Range<Int>, to scores: UnsafeMutablePointer<Float>
  ) {
    makeProducts(matrices, pixels, to: scores)
    guard problem.factor != 1 else { return }
    for i in 0..<pixels.count * problem.keys { scores[i] *= problem.factor }
  }

  /// Turns scores into weights, by what is known of `all` or else row by row.
  private func makeWeights(
    _ scores: UnsafeMutablePointer<Float>, _ rows: Int, _ all: SoftmaxStatistics? = nil
  ) {
    let keys = problem.keys
    for row in 0..<rows {
      let values = scores + row * keys
      if let all {
        for k in 0..<keys { values[k] = all.weight(values[k]) }
      } else {
        let inverse = 1 / loops.exponentiate(values, keys, 1).total
        for k in 0..<keys { values[k] *= inverse }
      }
    }
  }
}
