/// A part of its input: some of the channels, rows and columns, all that follow each other.
public struct Slicing: Operation {
  /// Lines of an axis: from `begin` on, up to but without `end`. Negative numbers count from the end of
  /// the axis, as ONNX's do; what lies beyond the axis is left out.
  public struct Lines: Sendable, Hashable {
    /// The first.
    public let begin: Int
    /// The one after the last; nil where all from `begin` on are taken.
    public let end: Int?

    /// All lines.
    public static let all = Lines()

    /// Lines from `begin` up to `end`.
    public init(from begin: Int = 0, to end: Int? = nil) {
      self.begin = max(-Slicing.most, min(begin, Slicing.most))
      // Exporters write the largest number there is.
      self.end = end.flatMap { $0 > Slicing.most ? nil : max($0, -Slicing.most) }
    }

    /// Which of `count` lines they are.
    func range(of count: Int) -> Range<Int> {
      func place(_ index: Int) -> Int { min(max(index < 0 ? index + count : index, 0), count) }
      let first = place(begin)
      return first..<max(first, end.map(place) ?? count)
    }
  }

  public static let name = "slice"
  /// The channels, rows and columns that are taken.
  public let channels, rows, columns: Lines

  /// Makes the operation.
  public init(channels: Lines = .all, rows: Lines = .all, columns: Lines = .all) {
    (self.channels, self.rows, self.columns) = (channels, rows, columns)
  }

  /// The largest number of a line.
  static let most = 1 << 31

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    let part = part(of: input)
    guard !part.channels.isEmpty, !part.rows.isEmpty, !part.columns.isEmpty else {
      throw FCNError(
        .shapeMismatch,
        "a slice of \(described(channels)) channels, \(described(rows)) rows and "
          + "\(described(columns)) columns has nothing of \(input)")
    }
    return Shape(input.n, part.channels.count, part.rows.count, part.columns.count)
  }

  private func described(_ lines: Lines) -> String {
    lines == .all ? "all" : "\(lines.begin)..<\(lines.end.map { "\($0)" } ?? "")"
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, output in
      SliceReference(self.part(of: inputs[0]), inputs[0], output)
    }
  }

  /// The channels, rows and columns of `input` that are taken.
  func part(
    of input: Shape
  ) -> (channels: Range<Int>, rows: Range<Int>, columns: Range<Int>) {
    (channels.range(of: input.c), rows.range(of: input.h), columns.range(of: input.w))
  }
}

final class SliceReference: PreparedTrainingForm {
  private let part: (channels: Range<Int>, rows: Range<Int>, columns: Range<Int>)
  private let input: Shape
  private let output: Shape

  init(
    _ part: (channels: Range<Int>, rows: Range<Int>, columns: Range<Int>), _ input: Shape,
    _ output: Shape
  ) {
    (self.part, self.input, self.output) = (part, input, output)
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachRow(call.workers) { from, to, count in
      (target + to).update(from: source + from, count: count)
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    gradient.update(repeating: 0, count: input.count)
    forEachRow(call.workers) { from, to, count in
      (gradient + from).update(from: upstream + to, count: count)
    }
  }

  private func forEachRow(
    _ workers: Workers, _ body: @escaping (_ from: Int, _ to: Int, _ count: Int) -> Void
  ) {
    workers.run(output.n * output.c) { [part, input, output] plane, _ in
      let channel = part.channels.lowerBound + plane % output.c
      let whole = plane / output.c * input.c + channel
      for y in 0..<output.h {
        let row = whole * input.h + part.rows.lowerBound + y
        body(
          row * input.w + part.columns.lowerBound, (plane * output.h + y) * output.w, output.w)
      }
    }
  }
}
