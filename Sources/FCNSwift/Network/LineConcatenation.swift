/// Values of the same channels one below the other, or beside each other: the rows of the first input, then
/// those of the next, or the columns.
public struct LineConcatenation: Operation {
  /// What follows each other.
  public enum Axis: String, Sendable, CaseIterable {
    case rows, columns
  }

  public static let name = "line_concatenation"
  /// What follows each other.
  public let axis: Axis

  /// Makes the operation.
  public init(_ axis: Axis) { self.axis = axis }

  public var inputCount: ClosedRange<Int> { 2...1024 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    var output = inputs[0]
    for (index, input) in inputs.enumerated().dropFirst() {
      let (other, alike) = axis == .rows ? (input.w, output.w) : (input.h, output.h)
      guard input.n == output.n, input.c == output.c, other == alike else {
        throw FCNError(
          .shapeMismatch,
          "input \(index + 1) is \(input), the first \(inputs[0]); pictures, channels and "
            + "\(axis == .rows ? "columns" : "rows") must agree")
      }
      let (lines, overflow) =
        axis == .rows
        ? output.h.addingReportingOverflow(input.h) : output.w.addingReportingOverflow(input.w)
      guard !overflow else {
        throw FCNError(
          .shapeMismatch, "the \(axis.rawValue) of all inputs together cannot be counted")
      }
      if axis == .rows { output.h = lines } else { output.w = lines }
    }
    return output
  }

  /// Pieces that lie in one: of each plane, or of each row.
  public var reference: ReferenceForm {
    ReferenceForm { [axis] inputs, _ in
      let first = inputs[0]
      return axis == .rows
        ? ConcatenationReference(inputs.map(\.planeCount), pieces: first.n * first.c)
        : ConcatenationReference(inputs.map(\.w), pieces: first.n * first.c * first.h)
    }
  }
}
