/// The means under as many windows as are asked for, whatever the size of the input: of k windows along an
/// axis of n lines the i-th begins at ⌊i · n / k⌋ and ends before ⌈(i + 1) · n / k⌉, as PyTorch's adaptive
/// pools have it. Neighbours share a line where k does not divide n.
public struct AdaptiveAveragePool: Operation {
  public static let name = "adaptive_average_pool"
  /// How many windows there are along rows and columns.
  public let bins: Extent

  /// Makes the operation of its windows' numbers.
  public init(bins: Extent) { self.bins = bins }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    Shape(inputs[0].n, inputs[0].c, bins.h, bins.w)
  }

  public var reference: ReferenceForm {
    ReferenceForm { AdaptiveAveragePoolReference($0[0], $1) }
  }

  /// The lines under window `index` of `count` along an axis of `size`.
  static func lines(_ index: Int, of count: Int, size: Int) -> Range<Int> {
    index * size / count..<((index + 1) * size + count - 1) / count
  }
}

final class AdaptiveAveragePoolReference: PreparedTrainingForm {
  private let input: Shape
  private let output: Shape

  init(_ input: Shape, _ output: Shape) { (self.input, self.output) = (input, output) }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachWindow(call.workers) { [input] plane, result, rows, columns in
      let values = source + plane * input.planeCount
      var total: Float = 0
      for y in rows { for x in columns { total += values[y * input.w + x] } }
      target[result] = total / Float(rows.count * columns.count)
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    gradient.update(repeating: 0, count: input.count)
    forEachWindow(call.workers) { [input] plane, result, rows, columns in
      let values = gradient + plane * input.planeCount
      let part = upstream[result] / Float(rows.count * columns.count)
      for y in rows { for x in columns { values[y * input.w + x] += part } }
    }
  }

  /// A task is a plane, so that no two tasks add to the same element.
  private func forEachWindow(
    _ workers: Workers,
    _ body:
      @escaping (_ plane: Int, _ result: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    workers.run(output.n * output.c) { [input, output] plane, _ in
      for y in 0..<output.h {
        let rows = AdaptiveAveragePool.lines(y, of: output.h, size: input.h)
        for x in 0..<output.w {
          body(
            plane, (plane * output.h + y) * output.w + x, rows,
            AdaptiveAveragePool.lines(x, of: output.w, size: input.w))
        }
      }
    }
  }
}
