/// The mean under a sliding window.
///
/// Zeros of the padding count as values where `countsPadding`; else a window at the edge is divided by
/// the pixels that it sees. What a last window in ceil mode has beyond the padding never counts.
public struct AveragePool: Operation {
  public static let name = "average_pool"
  let window: Window
  let ceilMode: Bool
  let countsPadding: Bool

  /// Makes a pool of its settings; pairs are rows, columns.
  public init(
    kernel: Extent, stride: Extent, padding: Extent = 0, ceilMode: Bool = false,
    countsPadding: Bool = true
  ) {
    window = Window(kernel: kernel, stride: stride, padding: padding, dilation: 1)
    self.ceilMode = ceilMode
    self.countsPadding = countsPadding
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    try window.validate()
    guard window.padding.h < window.kernel.h, window.padding.w < window.kernel.w else {
      throw FCNError(
        .invalidArgument,
        "an average's padding \(window.padding) must be less than its kernel \(window.kernel), or a "
          + "window may see nothing")
    }
    let positions =
      ceilMode
      ? try window.ceiledPositions(height: input.h, width: input.w)
      : try window.positions(height: input.h, width: input.w)
    return Shape(input.n, input.c, positions.h, positions.w)
  }

  public var reference: ReferenceForm {
    ReferenceForm { AveragePoolReference(self, $0[0], $1) }
  }

  /// What the window of the output's row `y` sees of `input`, and how many rows it is divided by.
  func rows(_ y: Int, of input: Shape) -> (seen: Range<Int>, count: Int) {
    seen(y, input.h, window.kernel.h, window.stride.h, window.padding.h)
  }

  /// The same of a column.
  func columns(_ x: Int, of input: Shape) -> (seen: Range<Int>, count: Int) {
    seen(x, input.w, window.kernel.w, window.stride.w, window.padding.w)
  }

  private func seen(
    _ index: Int, _ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int
  ) -> (seen: Range<Int>, count: Int) {
    let first = index * stride - padding
    let end = min(first + kernel, size + padding)
    let seen = max(first, 0)..<min(end, size)
    return (seen, countsPadding ? end - first : seen.count)
  }
}

final class AveragePoolReference: PreparedTrainingForm {
  private let operation: AveragePool
  private let input: Shape
  private let output: Shape

  init(_ operation: AveragePool, _ input: Shape, _ output: Shape) {
    (self.operation, self.input, self.output) = (operation, input, output)
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachWindow(call.workers) { [input] plane, result, rows, columns, count in
      let values = source + plane * input.planeCount
      var total: Float = 0
      for y in rows { for x in columns { total += values[y * input.w + x] } }
      target[result] = total / count
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    gradient.update(repeating: 0, count: input.count)
    forEachWindow(call.workers) { [input] plane, result, rows, columns, count in
      let values = gradient + plane * input.planeCount
      let part = upstream[result] / count
      for y in rows { for x in columns { values[y * input.w + x] += part } }
    }
  }

  /// A task is a plane, so that no two tasks add to the same element.
  private func forEachWindow(
    _ workers: Workers,
    _ body:
      @escaping (
        _ plane: Int, _ result: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ count: Float
      ) -> Void
  ) {
    workers.run(output.n * output.c) { [operation, input, output] plane, _ in
      for y in 0..<output.h {
        let rows = operation.rows(y, of: input)
        for x in 0..<output.w {
          let columns = operation.columns(x, of: input)
          body(
            plane, (plane * output.h + y) * output.w + x, rows.seen, columns.seen,
            Float(rows.count * columns.count))
        }
      }
    }
  }
}
