/// How the second of two values lies over the first: along each axis it has the first's extent, or one
/// line that counts for all.
struct Broadcast: Sendable {
  /// The first's shape, and the second's.
  let first, second: Shape
  /// How far on the second goes for the next channel, row and column of the first, in floats.
  let channelStep, rowStep, columnStep: Int

  /// Throws `shapeMismatch` where the second does not lie so; `name` is the operation's, for the message.
  static func check(_ inputs: [Shape], _ name: String) throws {
    let (first, second) = (inputs[0], inputs[1])
    let fits = [(first.c, second.c), (first.h, second.h), (first.w, second.w)].allSatisfy {
      $0 == $1 || $1 == 1
    }
    guard first.n == second.n, fits else {
      throw FCNError(
        .shapeMismatch,
        "a \(name)'s second input is \(second), the first \(first); pictures must agree, and each "
          + "other extent agree or be 1 in the second")
    }
  }

  /// Of two shapes that `check` lets pass.
  init(_ first: Shape, _ second: Shape) {
    self.first = first
    self.second = second
    channelStep = second.c == 1 ? 0 : second.planeCount
    rowStep = second.h == 1 ? 0 : second.w
    columnStep = second.w == 1 ? 0 : 1
  }

  /// Where in the second what belongs to row `y` of channel `c` of picture `n` begins.
  func row(_ n: Int, _ c: Int, _ y: Int) -> Int {
    n * second.pictureCount + c * channelStep + y * rowStep
  }
}

/// An operation on two values, element by element. The second has the first's shape or, along some of
/// channels, rows and columns, one line for all.
public protocol PairOperation: Operation {}

extension PairOperation {
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    try Broadcast.check(inputs, Self.name)
    return inputs[0]
  }
}

/// What two numbers make, and the derivatives by each.
protocol PairFunction: Sendable {
  static func value(_ a: Float, _ b: Float) -> Float
  static func derivatives(_ a: Float, _ b: Float) -> (Float, Float)
}

/// A function of two values, element by element.
final class PairReference<Function: PairFunction>: PreparedTrainingForm {
  private let broadcast: Broadcast

  init(_: Function.Type, _ inputs: [Shape]) { broadcast = Broadcast(inputs[0], inputs[1]) }

  func forward(_ call: ForwardCall) {
    let (broadcast, shape) = (broadcast, broadcast.first)
    let (first, second) = (call.inputs[0].pointer, call.inputs[1].pointer)
    let target = call.output.pointer
    // Rows of a plane together, as many as nobody waits for.
    let rows = max(1, Self.elementsTogether / max(1, shape.w))
    let bands = (shape.h + rows - 1) / rows
    call.workers.run(shape.n * shape.c * bands) { task, _ in
      let plane = task / bands
      for y in part(task % bands, of: shape.h, size: rows) {
        let other = second + broadcast.row(plane / shape.c, plane % shape.c, y)
        let start = (plane * shape.h + y) * shape.w
        for x in 0..<shape.w {
          target[start + x] = Function.value(first[start + x], other[x * broadcast.columnStep])
        }
      }
    }
  }

  private static var elementsTogether: Int { 1 << 18 }

  func backward(_ call: BackwardCall) {
    if let gradient = call.inputGradients[0]?.pointer { byFirst(call, gradient) }
    if let gradient = call.inputGradients[1]?.pointer { bySecond(call, gradient) }
  }

  private func byFirst(_ call: BackwardCall, _ gradient: UnsafeMutablePointer<Float>) {
    let (broadcast, shape) = (broadcast, broadcast.first)
    let (first, second) = (call.inputs[0].pointer, call.inputs[1].pointer)
    let upstream = call.outputGradient.pointer
    call.workers.run(shape.n * shape.c) { plane, _ in
      for y in 0..<shape.h {
        let other = second + broadcast.row(plane / shape.c, plane % shape.c, y)
        let start = (plane * shape.h + y) * shape.w
        for x in 0..<shape.w {
          let derivative =
            Function.derivatives(first[start + x], other[x * broadcast.columnStep]).0
          gradient[start + x] = upstream[start + x] * derivative
        }
      }
    }
  }

  /// What one element of the second was used for, summed: a task is a plane of the second.
  private func bySecond(_ call: BackwardCall, _ gradient: UnsafeMutablePointer<Float>) {
    let (broadcast, shape, second) = (broadcast, broadcast.first, broadcast.second)
    let (first, other) = (call.inputs[0].pointer, call.inputs[1].pointer)
    let upstream = call.outputGradient.pointer
    call.workers.run(second.n * second.c) { plane, _ in
      let n = plane / second.c
      let channels = second.c == 1 ? 0..<shape.c : plane % second.c..<plane % second.c + 1
      let target = gradient + plane * second.planeCount
      let values = other + plane * second.planeCount
      target.update(repeating: 0, count: second.planeCount)
      for row in 0..<second.h {
        let rows = second.h == 1 ? 0..<shape.h : row..<row + 1
        var total = 0.0
        for c in channels {
          for y in rows {
            let start = ((n * shape.c + c) * shape.h + y) * shape.w
            for x in 0..<shape.w {
              let index = row * second.w + x * broadcast.columnStep
              let part =
                upstream[start + x] * Function.derivatives(first[start + x], values[index]).1
              if broadcast.columnStep == 0 { total += Double(part) } else { target[index] += part }
            }
          }
        }
        if broadcast.columnStep == 0 { target[row] = Float(total) }
      }
    }
  }
}
