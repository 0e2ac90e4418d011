/// Numbers of its own, the same for every picture: channels×rows×columns of them. What a network adds to its
/// values at each place, or puts beside them, where it takes pictures of one size. Of its input it takes the
/// number of pictures alone. Training leaves them as they are unless told otherwise.
public struct ConstantPlanes: Operation {
  public static let name = "constant_planes"
  /// Channels, 1…65536.
  public let channels: Int
  /// Rows and columns, 1…65536 each.
  public let size: Extent

  /// Makes the operation.
  public init(_ channels: Int, _ size: Extent) { (self.channels, self.size) = (channels, size) }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    Shape(inputs[0].n, channels, size.h, size.w)
  }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    [
      ParameterSpecification(
        name: "weight", shape: [channels, size.h, size.w], role: .bias, initializer: .constant(0),
        rate: 0)
    ]
  }

  public var reference: ReferenceForm {
    ReferenceForm { _, output in ConstantPlanesReference(output) }
  }
}

final class ConstantPlanesReference: PreparedTrainingForm {
  private let output: Shape

  init(_ output: Shape) { self.output = output }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.parameters[0].pointer, call.output.pointer)
    call.workers.run(output.n * output.c) { [output] plane, _ in
      (target + plane * output.planeCount).update(
        from: source + plane % output.c * output.planeCount, count: output.planeCount)
    }
  }

  func backward(_ call: BackwardCall) {
    if let gradient = call.inputGradients[0] {
      gradient.pointer.update(repeating: 0, count: gradient.shape.count)
    }
    guard let gradient = call.parameterGradients[0]?.pointer else { return }
    let upstream = call.outputGradient
    call.workers.run(output.c) { [output] c, _ in
      let target = gradient + c * output.planeCount
      target.update(from: upstream.plane(0, c), count: output.planeCount)
      for n in 1..<max(output.n, 1) {
        let more = upstream.plane(n, c)
        for i in 0..<output.planeCount { target[i] += more[i] }
      }
    }
  }
}
