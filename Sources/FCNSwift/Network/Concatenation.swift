/// Values of one height and width side by side: the channels of the first input, then those of the next.
public struct Concatenation: Operation {
  public static let name = "concatenation"

  /// Makes the operation; it has no settings.
  public init() {}

  public var inputCount: ClosedRange<Int> { 2...1024 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    var output = inputs[0]
    for (index, input) in inputs.enumerated().dropFirst() {
      guard (input.n, input.h, input.w) == (output.n, output.h, output.w) else {
        throw FCNError(
          .shapeMismatch,
          "input \(index + 1) is \(input), the first \(inputs[0]); pictures, height and width must agree"
        )
      }
      let (channels, overflow) = output.c.addingReportingOverflow(input.c)
      guard !overflow else {
        throw FCNError(.shapeMismatch, "the channels of all inputs together cannot be counted")
      }
      output.c = channels
    }
    return output
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in
      ConcatenationReference(inputs.map(\.pictureCount), pieces: inputs[0].n)
    }
  }
}

/// Copies what each input has of a picture, which lies in one piece, or of all pictures where that does.
final class ConcatenationReference: PreparedTrainingForm {
  /// Floats of a piece in each input.
  private let counts: [Int]
  private let total: Int
  private let pieces: Int

  init(_ counts: [Int], pieces: Int) {
    self.counts = counts
    self.pieces = pieces
    total = counts.reduce(0, +)
  }

  func forward(_ call: ForwardCall) {
    let target = call.output.pointer
    forEachPart(call.workers) { [total, counts] input, piece, offset, some in
      (target + piece * total + offset + some.lowerBound).update(
        from: call.inputs[input].pointer + piece * counts[input] + some.lowerBound,
        count: some.count)
    }
  }

  func backward(_ call: BackwardCall) {
    let source = call.outputGradient.pointer
    forEachPart(call.workers) { [total, counts] input, piece, offset, some in
      guard let gradient = call.inputGradients[input]?.pointer else { return }
      (gradient + piece * counts[input] + some.lowerBound).update(
        from: source + piece * total + offset + some.lowerBound, count: some.count)
    }
  }

  /// Floats that a task copies at most.
  private static let floatsTogether = 1 << 20

  private func forEachPart(
    _ workers: Workers,
    _ body: @escaping (_ input: Int, _ piece: Int, _ offset: Int, _ some: Range<Int>) -> Void
  ) {
    let (counts, size) = (counts, Self.floatsTogether)
    let offsets = counts.indices.map { counts[..<$0].reduce(0, +) }
    let parts = max(1, ((counts.max() ?? 0) + size - 1) / size)
    workers.run(pieces * counts.count * parts) { task, _ in
      let input = task / parts % counts.count
      let some = part(task % parts, of: counts[input], size: size)
      body(input, task / (parts * counts.count), offsets[input], some)
    }
  }
}
