/// A tensor times a number that is not learned.
public struct Scale: Operation {
  public static let name = "scale"
  /// What every value is multiplied by.
  public let factor: Float

  /// Makes the operation.
  public init(by factor: Float) { self.factor = factor }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
  public var mayRunInPlace: Bool { true }
  public var reference: ReferenceForm { ReferenceForm { [factor] _, _ in ScaleReference(factor) } }
}

final class ScaleReference: PreparedTrainingForm {
  private let factor: Float

  init(_ factor: Float) { self.factor = factor }

  func forward(_ call: ForwardCall) { multiply(call.input, to: call.output, call.workers) }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    multiply(call.outputGradient, to: gradient, call.workers)
  }

  private func multiply(_ input: Tensor, to output: Tensor, _ workers: Workers) {
    let (source, target, factor) = (input.pointer, output.pointer, factor)
    forEachChunk(of: output.shape.count, workers) { range in
      for i in range { target[i] = source[i] * factor }
    }
  }
}
