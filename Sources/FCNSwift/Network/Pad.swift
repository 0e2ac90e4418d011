/// Rows and columns added at the four sides, or with negative numbers cut off.
///
/// What is cut off goes first; what is added follows from what is left then.
public struct Pad: Operation {
  /// What the rows and columns that are added hold.
  public enum Filling: Sendable, Hashable {
    /// A number.
    case constant(Float)
    /// What lies as far inside the edge as they lie outside, the edge itself not repeated.
    case reflect
    /// What lies at the edge.
    case edge
  }

  public static let name = "pad"
  /// Rows before the first and after the last.
  public let top, bottom: Int
  /// Columns before the first and after the last.
  public let left, right: Int
  /// What is added.
  public let filling: Filling

  /// Makes the operation of its settings.
  public init(
    top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0, filling: Filling = .constant(0)
  ) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    self.filling = filling
  }

  /// The most rows or columns at a side.
  static let most = 65536

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    let range = -Self.most...Self.most
    guard [top, left, bottom, right].allSatisfy(range.contains) else {
      throw FCNError(
        .invalidArgument, "padding \(sides) must be \(range.lowerBound)…\(range.upperBound)")
    }
    let (rows, columns) = axes(of: input)
    guard rows.kept > 0, columns.kept > 0, max(rows.count, columns.count) <= Resize.most else {
      throw FCNError(
        .shapeMismatch,
        "padding \(sides) of \(input) makes too much or nothing; wanted sides of 1…\(Resize.most)")
    }
    if filling == .reflect {
      guard max(rows.before, rows.after) < rows.kept,
        max(columns.before, columns.after) < columns.kept
      else {
        throw FCNError(
          .shapeMismatch,
          "padding \(sides) by reflection wants a picture of more rows and columns than are added at "
            + "a side; the input is \(input)")
      }
    }
    return Shape(input.n, input.c, rows.count, columns.count)
  }

  private var sides: String { "(top \(top), left \(left), bottom \(bottom), right \(right))" }

  public var reference: ReferenceForm { ReferenceForm { PadReference(self, $0[0], $1) } }

  /// One axis of a padding.
  struct Axis {
    /// Lines cut off at the beginning; lines left of the input.
    let cut, kept: Int
    /// Lines added.
    let before, after: Int
    let filling: Filling

    init(_ before: Int, _ after: Int, of size: Int, _ filling: Filling) {
      cut = max(0, -before)
      kept = size - cut - max(0, -after)
      (self.before, self.after) = (max(0, before), max(0, after))
      self.filling = filling
    }

    /// Lines of the output.
    var count: Int { before + kept + after }

    /// The input's line that line `index` of the output copies; nil where it holds a number.
    func source(_ index: Int) -> Int? {
      let line = index - before
      if (0..<kept).contains(line) { return cut + line }
      switch filling {
      case .constant: return nil
      case .edge: return cut + (line < 0 ? 0 : kept - 1)
      case .reflect: return cut + (line < 0 ? -line : 2 * (kept - 1) - line)
      }
    }
  }

  func axes(of input: Shape) -> (rows: Axis, columns: Axis) {
    (Axis(top, bottom, of: input.h, filling), Axis(left, right, of: input.w, filling))
  }
}

final class PadReference: PreparedTrainingForm {
  private let rows: [Int?]
  private let columns: [Int?]
  private let value: Float
  private let input: Shape
  private let output: Shape

  init(_ operation: Pad, _ input: Shape, _ output: Shape) {
    let axes = operation.axes(of: input)
    rows = (0..<output.h).map(axes.rows.source)
    columns = (0..<output.w).map(axes.columns.source)
    value = if case .constant(let value) = operation.filling { value } else { 0 }
    (self.input, self.output) = (input, output)
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    let (rows, columns) = (rows, columns)
    call.workers.run(output.n * output.c) { [value, input, output] plane, _ in
      for y in rows.indices {
        let line = target + (plane * output.h + y) * output.w
        guard let row = rows[y] else {
          line.update(repeating: value, count: output.w)
          continue
        }
        let values = source + (plane * input.h + row) * input.w
        for x in columns.indices { line[x] = columns[x].map { values[$0] } ?? value }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    let (rows, columns) = (rows, columns)
    call.workers.run(output.n * output.c) { [input, output] plane, _ in
      let target = gradient + plane * input.planeCount
      target.update(repeating: 0, count: input.planeCount)
      for y in rows.indices {
        guard let row = rows[y] else { continue }
        let line = upstream + (plane * output.h + y) * output.w
        for x in columns.indices {
          if let column = columns[x] { target[row * input.w + column] += line[x] }
        }
      }
    }
  }
}
