import FCNLoopTypes

/// Repeats two rows and two columns of its input: what lies between them and the edge, and what lies
/// between them, stays as it is.
struct RepeatLines: Operation {
  static let name = "repeat_lines"

  /// Where lines of an axis are repeated.
  struct Axis: Hashable {
    /// The two lines, the first before the second.
    var first, second: Int
    /// How many copies of each come after it.
    var copies: Int

    /// The input's line that line `index` of the output copies.
    func source(_ index: Int) -> Int {
      if index <= first { return index }
      if index <= first + copies { return first }
      if index <= second + copies { return index - copies }
      return max(second, index - 2 * copies)
    }
  }

  let rows, columns: Axis

  func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    return Shape(input.n, input.c, input.h + 2 * rows.copies, input.w + 2 * columns.copies)
  }

  var reference: ReferenceForm {
    ReferenceForm { RepeatLinesReference(self, $0[0], $1, .planar) }
  }
}

/// In every layout, for pixels are copied as they are.
final class RepeatLinesReference: PreparedTrainingForm {
  private let operation: RepeatLines
  private let input: Shape
  private let output: Shape
  private let layout: Layout

  init(_ operation: RepeatLines, _ input: Shape, _ output: Shape, _ layout: Layout) {
    (self.operation, self.input, self.output, self.layout) = (operation, input, output, layout)
  }

  var makesBytes: Bool { layout == .bytes }

  func forward(_ call: ForwardCall) {
    let (operation, input, output) = (operation, input, output)
    let (source, target) = (call.input.pointer, call.output.pointer)
    let width = layout.floatsPerPixel
    let planes = layout.count(output) / (output.planeCount * width)
    call.workers.run(planes * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let from = source + (plane * input.h + operation.rows.source(y)) * input.w * width
      let to = target + task * output.w * width
      var x = 0
      while x < output.w {
        let column = operation.columns.source(x)
        // As far as columns follow each other here as they do there.
        var count = 1
        while x + count < output.w, operation.columns.source(x + count) == column + count {
          count += 1
        }
        (to + x * width).update(from: from + column * width, count: count * width)
        x += count
      }
    }
  }

  func backward(_ call: BackwardCall) {
    // Every copy's gradient is the line's.
    guard let gradient = call.inputGradients[0] else { return }
    gradient.pointer.update(repeating: 0, count: gradient.shape.count)
    let upstream = call.outputGradient
    for n in 0..<output.n {
      for c in 0..<output.c {
        for y in 0..<output.h {
          for x in 0..<output.w {
            gradient[n, c, operation.rows.source(y), operation.columns.source(x)] +=
              upstream[n, c, y, x]
          }
        }
      }
    }
  }
}
