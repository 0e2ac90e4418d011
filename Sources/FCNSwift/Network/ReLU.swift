/// The rectifier: max(x, 0). A NaN stays a NaN, so that trouble is not hidden.
public struct ReLU: Operation {
  public static let name = "relu"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
  public var mayRunInPlace: Bool { true }
  public var backwardReadsOutput: Bool { true }
  public var reference: ReferenceForm { ReferenceForm { _, _ in ReLUKernel() } }
}

final class ReLUKernel: TrainingKernel {
  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachChunk(of: call.output.shape.count, call.workers) { range in
      for i in range { target[i] = source[i] < 0 ? 0 : source[i] }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (output, upstream) = (call.output.pointer, call.outputGradient.pointer)
    forEachChunk(of: call.output.shape.count, call.workers) { range in
      for i in range { gradient[i] = output[i] > 0 ? upstream[i] : 0 }
    }
  }
}

/// Divides `count` elements into tasks of a fixed size, large enough to be worth handing out.
func forEachChunk(
  _ size: Int = 1 << 15, of count: Int, _ workers: Workers, _ body: @escaping (Range<Int>) -> Void
) {
  workers.run((count + size - 1) / size) { task, _ in
    body(task * size..<min(count, (task + 1) * size))
  }
}
