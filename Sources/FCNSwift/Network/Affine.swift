/// A learned factor and a learned offset for each channel: output = input · weight + bias.
public struct Affine: Operation {
  public static let name = "affine"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    .channelFactorsAndOffsets(inputChannels)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in AffineReference(inputs[0]) }
  }
}

extension [ParameterSpecification] {
  /// `weight`, 1 at first, and `bias`, 0 at first, for each of `channels`; neither decays.
  static func channelFactorsAndOffsets(_ channels: Int) -> [ParameterSpecification] {
    [
      ParameterSpecification(
        name: "weight", shape: [channels], role: .bias, initializer: .constant(1)),
      .bias(channels),
    ]
  }
}

final class AffineReference: PreparedTrainingForm {
  private let shape: Shape

  init(_ shape: Shape) { self.shape = shape }

  func forward(_ call: ForwardCall) {
    let (input, output) = (call.input, call.output)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    call.workers.run(shape.n * shape.c) { [shape] plane, _ in
      let (factor, offset) = (weight[plane % shape.c], bias[plane % shape.c])
      let start = plane * shape.planeCount
      let (source, target) = (input.pointer + start, output.pointer + start)
      for i in 0..<shape.planeCount { target[i] = source[i] * factor + offset }
    }
  }

  func backward(_ call: BackwardCall) {
    let (input, upstream, weight) = (call.input, call.outputGradient, call.parameters[0].pointer)
    let inputGradient = call.inputGradients[0]
    let gradients = call.parameterGradients.map { $0?.pointer }
    call.workers.run(shape.c) { [shape] c, _ in
      var (total, product) = (0.0, 0.0)
      for n in 0..<shape.n {
        let g = upstream.plane(n, c)
        if gradients[0] != nil { product += dot(g, input.plane(n, c), shape.planeCount) }
        if gradients[1] != nil { total += sum(g, shape.planeCount) }
        guard let target = inputGradient?.plane(n, c) else { continue }
        for i in 0..<shape.planeCount { target[i] = g[i] * weight[c] }
      }
      gradients[0]?[c] = Float(product)
      gradients[1]?[c] = Float(total)
    }
  }
}
