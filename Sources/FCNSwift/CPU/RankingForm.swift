/// A form whose output may be the network's scores, and which can write labels without them: planes of
/// enlarged scores are the largest values of many networks, and mostly nobody asks for them.
protocol RankingForm: PreparedForm {
  /// Whether it can for its shapes.
  var ranks: Bool { get }

  /// Writes N×H×W labels: the class of each pixel's largest score, the lowest of those that are equal. Uses
  /// nothing of `call.output`.
  func rank(_ call: ForwardCall, to labels: UnsafeMutablePointer<UInt8>)

  /// Computes the scores of the pictures `pictures` alone, the same bits as of all; `call.output` has room
  /// for just these.
  func forward(_ call: ForwardCall, pictures: Range<Int>)

  /// What no score is further from zero than, in largest inputs: where the largest input times it is finite,
  /// all scores are. Infinite where that cannot be said.
  func gain(_ call: ForwardCall) -> Float
}

extension RankingForm {
  /// The gain of sums of at most `terms` products by `weights`, and a bias.
  static func gain(
    weights: UnsafeBufferPointer<Float>, terms: Int, bias: UnsafeBufferPointer<Float>?
  ) -> Float {
    func largest(_ values: UnsafeBufferPointer<Float>) -> Float {
      values.reduce(0) { max($0, abs($1)) }
    }
    // Half of what there is for the sum, the other for the bias.
    guard bias.map(largest) ?? 0 < .greatestFiniteMagnitude / 2 else { return .infinity }
    return max(1, 2 * largest(weights) * Float(terms))
  }
}
