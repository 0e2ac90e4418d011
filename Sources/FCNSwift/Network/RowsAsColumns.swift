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

  /// Calls `body` with the places of each element in the input and in the output. A task is a plane.
  private func forEachElement(_ workers: Workers, _ body: @escaping (Int, Int) -> Void) {
    workers.run(input.n * input.c) { [input] plane, _ in
      let first = plane * input.planeCount
      for y in 0..<input.h {
        for x in 0..<input.w { body(first + y * input.w + x, first + x * input.h + y) }
      }
    }
  }
}
