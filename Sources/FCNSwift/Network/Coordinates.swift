/// Where each pixel stands: its row, or its column, counted from 0, in one channel. It depends on the size
/// alone, so that a network may tell where in the picture it is (Liu et al., 2018, CoordConv). Of its input
/// it takes the number of pictures and, unless it is given another, the size; no gradient goes through it.
///
/// Coordinates of another range, or distances from a centre, are made of these by further layers.
public struct Coordinates: Operation {
  /// What is counted.
  public enum Axis: String, Sendable, CaseIterable {
    case rows, columns
  }

  public static let name = "coordinates"
  /// What is counted.
  public let axis: Axis
  /// Rows and columns of the output; nil where it has its input's.
  public let size: Extent?

  /// Makes the operation.
  public init(_ axis: Axis, size: Extent? = nil) {
    (self.axis, self.size) = (axis, size)
  }

  /// Up to here float32 counts whole numbers.
  private static let mostLines = 1 << 24

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let size = size ?? Extent(inputs[0].h, inputs[0].w)
    guard (1...Self.mostLines).contains(size.h), (1...Self.mostLines).contains(size.w) else {
      throw FCNError(
        .shapeMismatch, "coordinates of \(size) pixels; wanted 1…\(Self.mostLines) a side")
    }
    return Shape(inputs[0].n, 1, size.h, size.w)
  }

  public var reference: ReferenceForm {
    ReferenceForm { [axis] _, output in CoordinatesReference(axis, output) }
  }
}

final class CoordinatesReference: PreparedTrainingForm {
  private let axis: Coordinates.Axis
  private let output: Shape

  init(_ axis: Coordinates.Axis, _ output: Shape) { (self.axis, self.output) = (axis, output) }

  func forward(_ call: ForwardCall) {
    let target = call.output.pointer
    call.workers.run(output.n * output.h) { [axis, output] task, _ in
      let row = target + task * output.w
      for x in 0..<output.w { row[x] = Float(axis == .rows ? task % output.h : x) }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    gradient.pointer.update(repeating: 0, count: gradient.shape.count)
  }
}
