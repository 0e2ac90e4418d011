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

/// A task is a row of the output; of one that is made of very many lines of the input, some of these.
final class ReductionReference: PreparedTrainingForm {
  private let input, output: Shape
  private let takesLargest: Bool

  init(input: Shape, output: Shape, takesLargest: Bool) {
    (self.input, self.output, self.takesLargest) = (input, output, takesLargest)
  }

  private var rows: Int { output.n * output.c * output.h }
  /// Lines of the input that a row of the output is made of, and those of them that a task takes.
  private var lines: Int { input.n * input.c * input.h / rows }
  private var linesOfPiece: Int { max(1, valuesOfPiece / input.w) }
  private var pieces: Int { (lines + linesOfPiece - 1) / linesOfPiece }

  /// A row of sums in float64, or of places.
  var workspacePerWorker: Int { 2 * output.w }
  /// One for each piece.
  var sharedWorkspace: Int { pieces > 1 ? 2 * rows * pieces * output.w : 0 }

  func forward(_ call: ForwardCall) {
    let (source, target) = (UnsafePointer(call.input.pointer), call.output.pointer)
    if takesLargest {
      forward(
        call, none: -1, add: { [self] in addWinners(source, $0, $1, $2) },
        join: { [self] in better($1, than: $0, source) ? $1 : $0 },
        finish: { target[$0] = source[$1] })
    } else {
      let count = Double(count)
      forward(
        call, none: 0.0, add: { [self] in addSums(source, $0, $1, $2) }, join: { $0 + $1 },
        finish: { target[$0] = Float($1 / count) })
    }
  }

  /// Has `add` put some lines of a row to what was found of it, `none` to begin with, and `finish` told what
  /// was found of each place. Where a row is made of pieces, `join` puts these together, in order.
  private func forward<Found>(
    _ call: ForwardCall, none: Found,
    add: @escaping (_ row: Int, _ lines: Range<Int>, UnsafeMutablePointer<Found>) -> Void,
    join: @escaping (Found, Found) -> Found, finish: @escaping (_ place: Int, Found) -> Void
  ) {
    let (width, lines, linesOfPiece, pieces) = (output.w, lines, linesOfPiece, pieces)
    func bound(_ floats: UnsafeMutablePointer<Float>, _ count: Int) -> UnsafeMutablePointer<Found> {
      UnsafeMutableRawPointer(floats).bindMemory(to: Found.self, capacity: count)
    }
    guard pieces > 1 else {
      return call.workers.run(rows) { row, own in
        let found = bound(own, width)
        found.initialize(repeating: none, count: width)
        add(row, 0..<lines, found)
        for x in 0..<width { finish(row * width + x, found[x]) }
      }
    }
    let all = bound(call.workers.shared, rows * pieces * width)
    call.workers.run(rows * pieces) { task, _ in
      let found = all + task * width
      found.initialize(repeating: none, count: width)
      add(task / pieces, part(task % pieces, of: lines, size: linesOfPiece), found)
    }
    call.workers.run(rows) { row, _ in
      for x in 0..<width {
        var whole = none
        for piece in 0..<pieces { whole = join(whole, all[(row * pieces + piece) * width + x]) }
        finish(row * width + x, whole)
      }
    }
  }

  private func addSums(
    _ source: UnsafePointer<Float>, _ row: Int, _ lines: Range<Int>,
    _ totals: UnsafeMutablePointer<Double>
  ) {
    for line in lines {
      let values = source + place(of: line, in: row)
      if output.w == input.w {
        for x in 0..<output.w { totals[x] += Double(values[x]) }
      } else {
        for x in 0..<input.w { totals[0] += Double(values[x]) }
      }
    }
  }

  private func addWinners(
    _ source: UnsafePointer<Float>, _ row: Int, _ lines: Range<Int>,
    _ winners: UnsafeMutablePointer<Int>
  ) {
    let step = output.w == input.w ? 1 : 0
    for line in lines {
      let start = place(of: line, in: row)
      for x in 0..<input.w where better(start + x, than: winners[x * step], source) {
        winners[x * step] = start + x
      }
    }
  }

  /// Whether place `index` is to be chosen over `best`, which comes before it; -1 is none.
  private func better(_ index: Int, than best: Int, _ source: UnsafePointer<Float>) -> Bool {
    best < 0 || (!(source[index] <= source[best]) && !source[best].isNaN)
  }

  /// Where line `line` of those that make row `row` of the output begins, in reading order.
  private func place(of line: Int, in row: Int) -> Int {
    let rows = output.h == input.h ? 1 : input.h
    let c = output.c == input.c ? row / output.h % output.c : line / rows
    let y = output.h == input.h ? row % output.h : line % rows
    return ((row / (output.c * output.h) * input.c + c) * input.h + y) * input.w
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
    forEach(row, x) { if better($0, than: best, source) { best = $0 } }
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
