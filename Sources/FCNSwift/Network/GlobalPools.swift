/// The mean of each channel over all rows and columns: N×C×1×1.
public struct GlobalAveragePool: Operation {
  public static let name = "global_average_pool"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    Shape(inputs[0].n, inputs[0].c, 1, 1)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in GlobalAveragePoolReference(inputs[0]) }
  }
}

final class GlobalAveragePoolReference: PreparedTrainingForm {
  private let shape: Shape
  private var count: Int { shape.planeCount }
  private var pieces: Int { (count + valuesOfPiece - 1) / valuesOfPiece }

  init(_ shape: Shape) { self.shape = shape }

  /// For sums of pieces, in float64.
  var sharedWorkspace: Int { 2 * shape.n * shape.c * pieces }

  func forward(_ call: ForwardCall) {
    let (source, target, planes) = (call.input.pointer, call.output.pointer, shape.n * shape.c)
    let sums = UnsafeMutableRawPointer(call.workers.shared).bindMemory(
      to: Double.self, capacity: planes * pieces)
    call.workers.run(planes * pieces) { [count, pieces] task, _ in
      let part = part(task % pieces, of: count, size: valuesOfPiece)
      sums[task] = sum(source + task / pieces * count + part.lowerBound, part.count)
    }
    for plane in 0..<planes {
      let total = (0..<pieces).reduce(0) { $0 + sums[plane * pieces + $1] }
      target[plane] = Float(total / Double(count))
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    call.workers.run(call.output.shape.count) { [count] plane, _ in
      (gradient + plane * count).update(repeating: upstream[plane] / Float(count), count: count)
    }
  }
}

/// The largest value of each channel over all rows and columns: N×C×1×1. A NaN is largest; of several
/// that are, the first in reading order gets the gradient.
public struct GlobalMaxPool: Operation {
  public static let name = "global_max_pool"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    Shape(inputs[0].n, inputs[0].c, 1, 1)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in GlobalMaxPoolReference(inputs[0].planeCount) }
  }
}

final class GlobalMaxPoolReference: PreparedTrainingForm {
  private let count: Int

  init(_ count: Int) { self.count = count }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    call.workers.run(call.output.shape.count) { [count] plane, _ in
      let values = source + plane * count
      target[plane] = values[Self.winner(values, count)]
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (source, upstream) = (call.input.pointer, call.outputGradient.pointer)
    call.workers.run(call.output.shape.count) { [count] plane, _ in
      let target = gradient + plane * count
      target.update(repeating: 0, count: count)
      target[Self.winner(source + plane * count, count)] = upstream[plane]
    }
  }

  private static func winner(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
    var best = 0
    for index in 1..<max(count, 1)
    where !(values[index] <= values[best]) && !values[best].isNaN { best = index }
    return best
  }
}
