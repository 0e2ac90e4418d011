/// Axes of a picture, as operations that reduce them to one line have them.
public struct PictureAxes: OptionSet, Sendable, Hashable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// One number for all channels.
  public static let channels = PictureAxes(rawValue: 1)
  /// One row for all.
  public static let rows = PictureAxes(rawValue: 2)
  /// One column for all.
  public static let columns = PictureAxes(rawValue: 4)

  static let names: [(axis: PictureAxes, name: String)] = [
    (.channels, "channels"), (.rows, "rows"), (.columns, "columns"),
  ]

  /// What is left of `shape`.
  func reduced(_ shape: Shape) -> Shape {
    Shape(
      shape.n, contains(.channels) ? 1 : shape.c, contains(.rows) ? 1 : shape.h,
      contains(.columns) ? 1 : shape.w)
  }
}

/// The mean along some of channels, rows and columns, of each of which one line is left: a map of pixels
/// (spatial attention), or a strip (strip pooling).
public struct ReducedMean: Operation {
  public static let name = "reduce_mean"
  /// Along which it is taken; one at least.
  public let axes: PictureAxes

  /// Makes the operation of its axes.
  public init(_ axes: PictureAxes) { self.axes = axes }

  public func outputShape(of inputs: [Shape]) throws -> Shape { axes.reduced(inputs[0]) }

  public var reference: ReferenceForm {
    ReferenceForm { ReductionReference(input: $0[0], output: $1, takesLargest: false) }
  }
}

/// The largest value along some of channels, rows and columns, of each of which one line is left. A NaN is
/// largest; of several that are, the first in reading order gets the gradient.
public struct ReducedMaximum: Operation {
  public static let name = "reduce_maximum"
  /// Along which it is taken; one at least.
  public let axes: PictureAxes

  /// Makes the operation of its axes.
  public init(_ axes: PictureAxes) { self.axes = axes }

  public func outputShape(of inputs: [Shape]) throws -> Shape { axes.reduced(inputs[0]) }

  public var reference: ReferenceForm {
    ReferenceForm { ReductionReference(input: $0[0], output: $1, takesLargest: true) }
  }
}

/// A task is a row of the output.
final class ReductionReference: PreparedTrainingForm {
  private let input, output: Shape
  private let takesLargest: Bool

  init(input: Shape, output: Shape, takesLargest: Bool) {
    (self.input, self.output, self.takesLargest) = (input, output, takesLargest)
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    call.workers.run(output.n * output.c * output.h) { [self] row, _ in
      for x in 0..<output.w {
        let place = row * output.w + x
        if takesLargest {
          target[place] = source[winner(source, row, x)]
        } else {
          var total = 0.0
          forEach(row, x) { total += Double(source[$0]) }
          target[place] = Float(total / Double(count))
        }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (source, upstream) = (call.input.pointer, call.outputGradient.pointer)
    call.workers.run(output.n * output.c * output.h) { [self] row, _ in
      for x in 0..<output.w {
        let share = upstream[row * output.w + x]
        if takesLargest {
          forEach(row, x) { gradient[$0] = 0 }
          gradient[winner(source, row, x)] = share
        } else {
          let part = share / Float(count)
          forEach(row, x) { gradient[$0] = part }
        }
      }
    }
  }

  /// Of how many values each of the output is made.
  private var count: Int { input.count / output.count }

  private func winner(_ source: UnsafePointer<Float>, _ row: Int, _ x: Int) -> Int {
    var best = -1
    forEach(row, x) { index in
      if best < 0 || (!(source[index] <= source[best]) && !source[best].isNaN) { best = index }
    }
    return max(best, 0)
  }

  /// The places in the input of what makes column `x` of the output's row `row`, in reading order.
  private func forEach(_ row: Int, _ x: Int, _ body: (Int) -> Void) {
    let n = row / (output.c * output.h)
    func lines(_ own: Int, _ all: Int, _ index: Int) -> Range<Int> {
      own == all ? index..<index + 1 : 0..<all
    }
    let channels = lines(output.c, input.c, row / output.h % output.c)
    let rows = lines(output.h, input.h, row % output.h)
    let columns = lines(output.w, input.w, x)
    for c in channels {
      for y in rows {
        let start = ((n * input.c + c) * input.h + y) * input.w
        for x in columns { body(start + x) }
      }
    }
  }
}
