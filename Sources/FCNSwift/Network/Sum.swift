/// The sum of two or more tensors of one shape.
public struct Sum: Operation {
  public static let name = "sum"

  /// Makes the operation; it has no settings.
  public init() {}

  public var inputCount: ClosedRange<Int> { 2...16 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.allSatisfy({ $0 == inputs[0] }) else {
      throw FCNError(
        .shapeMismatch,
        "a sum takes inputs of one shape; found "
          + inputs.map(\.description).joined(separator: ", "))
    }
    return inputs[0]
  }

  public var reference: ReferenceForm { ReferenceForm { _, _ in SumReference() } }
}

final class SumReference: PreparedTrainingForm {
  func forward(_ call: ForwardCall) {
    let target = call.output.pointer
    let sources = call.inputs.map(\.pointer)
    forEachChunk(of: call.output.shape.count, call.workers) { range in
      for i in range { target[i] = sources[0][i] + sources[1][i] }
      for source in sources.dropFirst(2) {
        for i in range { target[i] += source[i] }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    for case let gradient? in call.inputGradients {
      gradient.pointer.update(from: call.outputGradient.pointer, count: gradient.shape.count)
    }
  }
}
