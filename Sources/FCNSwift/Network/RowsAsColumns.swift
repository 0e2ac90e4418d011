/// Rows become columns, and columns rows: every plane is transposed.
public struct RowsAsColumns: Operation {
  public static let name = "rows_as_columns"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    Shape(inputs[0].n, inputs[0].c, inputs[0].w, inputs[0].h)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in RowsAsColumnsReference(inputs[0]) }
  }
}

final class RowsAsColumnsReference: PreparedTrainingForm {
  private let input: Shape

  init(_ input: Shape) { self.input = input }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachElement(call.workers) { target[$1] = source[$0] }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    forEachElement(call.workers) { gradient[$0] = upstream[$1] }
  }

  /// Columns that a task takes: those of a cache line.
  private static let columnsTogether = 16

  /// Calls `body` with the places of each element in the input and in the output.
  private func forEachElement(_ workers: Workers, _ body: @escaping (Int, Int) -> Void) {
    let bands = (input.w + Self.columnsTogether - 1) / Self.columnsTogether
    workers.run(input.n * input.c * bands) { [input] task, _ in
      let first = task / bands * input.planeCount
      let columns = part(task % bands, of: input.w, size: Self.columnsTogether)
      for y in 0..<input.h {
        for x in columns { body(first + y * input.w + x, first + x * input.h + y) }
      }
    }
  }
}
