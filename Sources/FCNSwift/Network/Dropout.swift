/// Dropout (Srivastava et al., 2014): in training each value is zero with probability `rate` and
/// divided by 1 − rate otherwise; outside training nothing happens.
///
/// Values are dropped one by one, as Caffe and Chainer do; PyTorch's FCN drops whole channels.
public struct Dropout: Operation {
  public static let name = "dropout"
  /// The probability of a value to be dropped, in [0, 1).
  public let rate: Float

  /// Makes a dropout of `rate`.
  public init(rate: Float) { self.rate = rate }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard rate >= 0, rate < 1 else {
      throw FCNError(.invalidArgument, "the dropout rate is \(rate); it must be in [0, 1)")
    }
    return inputs[0]
  }

  public var mayRunInPlace: Bool { true }
  public var reference: ReferenceForm { ReferenceForm { [rate] _, _ in DropoutReference(rate) } }
}

final class DropoutReference: PreparedTrainingForm {
  private let rate: Float

  init(_ rate: Float) { self.rate = rate }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    let count = call.output.shape.count
    guard call.training, rate > 0 else {
      if source != target { target.update(from: source, count: count) }
      return
    }
    apply(source, to: target, count, call.seed, call.workers)
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    let count = gradient.shape.count
    apply(call.outputGradient.pointer, to: gradient.pointer, count, call.seed, call.workers)
  }

  /// The mask follows from the seed, so the backward pass makes it again instead of keeping it.
  private func apply(
    _ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int,
    _ seed: UInt64, _ workers: Workers
  ) {
    let (rate, scale) = (rate, 1 / (1 - rate))
    forEachChunk(of: count, workers) { range in
      var generator = SeededGenerator(seed: seed, stream: UInt64(range.lowerBound))
      for i in range { target[i] = generator.uniform() < rate ? 0 : source[i] * scale }
    }
  }
}
