import Glibc

/// Attention (Vaswani et al., 2017): every pixel of the first input, the query, gets a weighted mean of the
/// pixels of the third, the values. The weights follow from how its channels go with those of the second,
/// the keys, which has the pixels of the values:
///
///     score[q, k] = factor · Σ_d query[d, q] · key[d, k]
///     output[c, q] = Σ_k softmax(score)[q, k] · value[c, k]
///
/// Channels are divided into heads, each with scores of its own. The matrix of scores, pixels × pixels, is
/// never held whole.
public struct Attention: Operation {
  public static let name = "attention"

  /// What makes up one softmax.
  public enum Normalization: String, CaseIterable, Sendable {
    /// The scores of each pixel of the query, so that the weights of each add up to 1: the usual one.
    case keys
    /// All scores of a head, so that the weights of all pixels together add up to 1 (Fan et al.'s MA-Net).
    case pairs
  }

  /// Into how many heads the channels of all three inputs are divided.
  public let heads: Int
  /// What scores are multiplied by before the softmax.
  public let factor: Float
  /// What makes up one softmax.
  public let normalization: Normalization

  /// Makes the operation of its settings.
  public init(heads: Int = 1, factor: Float = 1, normalization: Normalization = .keys) {
    self.heads = heads
    self.factor = factor
    self.normalization = normalization
  }

  public var inputCount: ClosedRange<Int> { 3...3 }
  public var backwardReadsOutput: Bool { true }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let (query, key, value) = (inputs[0], inputs[1], inputs[2])
    guard query.n == key.n, query.c == key.c, key.n == value.n, key.h == value.h, key.w == value.w
    else {
      throw FCNError(
        .shapeMismatch,
        "an attention's query is \(query), its keys \(key), its values \(value); the query must have the "
          + "keys' channels, and the values the keys' rows and columns")
    }
    guard heads > 0, query.c % heads == 0, value.c % heads == 0 else {
      throw FCNError(
        .shapeMismatch,
        "\(query.c) channels of keys and \(value.c) of values do not divide into \(heads) heads")
    }
    return Shape(query.n, value.c, query.h, query.w)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in AttentionReference(AttentionProblem(self, inputs)) }
  }
}

/// An attention between inputs of known shapes: as many independent ones as there are pictures times heads,
/// each a matrix of channels × pixels for query, keys, values and output.
struct AttentionProblem {
  let factor: Float
  let normalization: Attention.Normalization
  /// Pictures times heads.
  let count: Int
  /// Pixels of the query, and of the keys.
  let queries, keys: Int
  /// Channels of a head: of query and keys, and of values and output.
  let depth, channels: Int

  init(_ operation: Attention, _ inputs: [Shape]) {
    factor = operation.factor
    normalization = operation.normalization
    count = inputs[0].n * operation.heads
    (queries, keys) = (inputs[0].planeCount, inputs[1].planeCount)
    depth = inputs[0].c / operation.heads
    channels = inputs[2].c / operation.heads
  }
}

/// The largest of scores, and the sum of exp(score − largest): what a softmax needs to know of them all.
struct SoftmaxStatistics {
  private(set) var largest = -Float.infinity
  private(set) var total = 0.0

  mutating func add(_ scores: UnsafePointer<Float>, _ count: Int) {
    var own = scores[0]
    for k in 1..<max(count, 1) { own = max(own, scores[k]) }
    var sum = 0.0
    for k in 0..<count { sum += Double(expf(scores[k] - own)) }
    add(largest: own, total: sum)
  }

  /// Adds what is known of other scores.
  mutating func add(largest other: Float, total sum: Double) {
    let new = max(largest, other)
    // Before the first there is nothing to bring to the new scale.
    total = (total == 0 ? 0 : total * exp(Double(largest - new))) + sum * exp(Double(other - new))
    largest = new
  }

  /// What `score` becomes.
  func weight(_ score: Float) -> Float { expf(score - largest) / Float(total) }
}

/// What one head of a picture works on.
struct AttentionMatrices {
  let problem: AttentionProblem
  let query, key, value: UnsafePointer<Float>

  init(_ problem: AttentionProblem, _ inputs: [Tensor], _ head: Int) {
    self.problem = problem
    query = UnsafePointer(inputs[0].pointer) + head * problem.depth * problem.queries
    key = UnsafePointer(inputs[1].pointer) + head * problem.depth * problem.keys
    value = UnsafePointer(inputs[2].pointer) + head * problem.channels * problem.keys
  }
}

/// A task is a head of a picture.
final class AttentionReference: PreparedTrainingForm {
  private let problem: AttentionProblem

  init(_ problem: AttentionProblem) { self.problem = problem }

  /// The weights of one pixel, and the gradients of its scores.
  var workspacePerWorker: Int { 2 * problem.keys }

  func forward(_ call: ForwardCall) {
    let problem = problem
    call.workers.run(problem.count) { head, weights in
      let matrices = AttentionMatrices(problem, call.inputs, head)
      let output = call.output.pointer + head * problem.channels * problem.queries
      let all = matrices.statisticsOfAll(scratch: weights)
      for q in 0..<problem.queries {
        matrices.makeWeights(of: q, all, to: weights)
        for c in 0..<problem.channels {
          let value = matrices.value + c * problem.keys
          var sum: Float = 0
          for k in 0..<problem.keys { sum += weights[k] * value[k] }
          output[c * problem.queries + q] = sum
        }
      }
    }
  }

  /// Of a weight p with the gradient g, the score's is p · (g − Σ p · g), summed over the softmax. That sum
  /// is also the one of outputs times their gradients.
  func backward(_ call: BackwardCall) {
    let problem = problem
    let (queries, keys, depth, channels) = (
      problem.queries, problem.keys, problem.depth, problem.channels
    )
    call.workers.run(problem.count) { head, weights in
      let matrices = AttentionMatrices(problem, call.inputs, head)
      let slopes = weights + keys
      let output = call.output.pointer + head * channels * queries
      let upstream = call.outputGradient.pointer + head * channels * queries
      let byQuery = call.inputGradients[0].map { $0.pointer + head * depth * queries }
      let byKey = call.inputGradients[1].map { $0.pointer + head * depth * keys }
      let byValue = call.inputGradients[2].map { $0.pointer + head * channels * keys }
      byKey?.update(repeating: 0, count: depth * keys)
      byValue?.update(repeating: 0, count: channels * keys)
      let all = matrices.statisticsOfAll(scratch: weights)
      func mean(_ pixels: Range<Int>) -> Float {
        var sum = 0.0
        for c in 0..<channels {
          for q in pixels {
            sum += Double(output[c * queries + q]) * Double(upstream[c * queries + q])
          }
        }
        return Float(sum)
      }
      let meanOfAll = all == nil ? 0 : mean(0..<queries)
      for q in 0..<queries {
        matrices.makeWeights(of: q, all, to: weights)
        let mean = all == nil ? mean(q..<q + 1) : meanOfAll
        for k in 0..<keys {
          var gradient: Float = 0
          for c in 0..<channels {
            gradient += upstream[c * queries + q] * matrices.value[c * keys + k]
            byValue?[c * keys + k] += weights[k] * upstream[c * queries + q]
          }
          slopes[k] = weights[k] * (gradient - mean) * problem.factor
        }
        for d in 0..<depth {
          var sum: Float = 0
          for k in 0..<keys {
            sum += slopes[k] * matrices.key[d * keys + k]
            byKey?[d * keys + k] += slopes[k] * matrices.query[d * queries + q]
          }
          byQuery?[d * queries + q] = sum
        }
      }
    }
  }
}

extension AttentionMatrices {
  /// What the softmax over all pairs has to know; nil where each pixel has one of its own.
  fileprivate func statisticsOfAll(scratch: UnsafeMutablePointer<Float>) -> SoftmaxStatistics? {
    guard problem.normalization == .pairs else { return nil }
    var all = SoftmaxStatistics()
    for q in 0..<problem.queries {
      makeScores(of: q, to: scratch)
      all.add(scratch, problem.keys)
    }
    return all
  }

  /// The weights of the keys' pixels for pixel `q` of the query.
  fileprivate func makeWeights(
    of q: Int, _ all: SoftmaxStatistics?, to weights: UnsafeMutablePointer<Float>
  ) {
    makeScores(of: q, to: weights)
    var statistics = all ?? SoftmaxStatistics()
    if all == nil { statistics.add(weights, problem.keys) }
    for k in 0..<problem.keys { weights[k] = statistics.weight(weights[k]) }
  }

  private func makeScores(of q: Int, to scores: UnsafeMutablePointer<Float>) {
    for k in 0..<problem.keys {
      var sum: Float = 0
      for d in 0..<problem.depth {
        sum += query[d * problem.queries + q] * key[d * problem.keys + k]
      }
      scores[k] = problem.factor * sum
    }
  }
}
