/// Normalisation of each channel of each picture by itself (Ulyanov et al., 2016):
/// output = (input − mean) / √(variance + ε) · weight + bias, in training and use alike.
public struct InstanceNormalization: Operation {
  public static let name = "instance_normalization"
  /// ε, which keeps the root away from zero.
  public let epsilon: Float

  /// Makes the operation with PyTorch's default.
  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    .channelFactorsAndOffsets(inputChannels)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in InstanceNormalizationReference(epsilon, inputs[0]) }
  }
}

final class InstanceNormalizationReference: PreparedTrainingForm {
  private let epsilon: Float
  private let shape: Shape

  init(_ epsilon: Float, _ shape: Shape) {
    self.epsilon = epsilon
    self.shape = shape
  }

  func forward(_ call: ForwardCall) {
    let (input, output) = (call.input, call.output)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    call.workers.run(shape.n * shape.c) { [shape, epsilon] plane, _ in
      let (n, c) = (plane / shape.c, plane % shape.c)
      let (source, target) = (input.plane(n, c), output.plane(n, c))
      let (mean, inverse) = Self.statistics(source, shape.planeCount, epsilon)
      let scale = inverse * weight[c]
      for i in 0..<shape.planeCount { target[i] = (source[i] - mean) * scale + bias[c] }
    }
  }

  /// As batch normalisation's, over the m values of a channel of a picture.
  func backward(_ call: BackwardCall) {
    let (input, upstream, weight) = (call.input, call.outputGradient, call.parameters[0].pointer)
    let inputGradient = call.inputGradients[0]
    let gradients = call.parameterGradients.map { $0?.pointer }
    call.workers.run(shape.c) { [shape, epsilon] c, _ in
      var (allTotal, allProduct) = (0.0, 0.0)
      for n in 0..<shape.n {
        let (g, x) = (upstream.plane(n, c), input.plane(n, c))
        let (mean, inverse) = Self.statistics(x, shape.planeCount, epsilon)
        let total = sum(g, shape.planeCount)
        let product = (dot(g, x, shape.planeCount) - total * Double(mean)) * Double(inverse)
        allTotal += total
        allProduct += product
        guard let target = inputGradient?.plane(n, c) else { continue }
        let count = Double(shape.planeCount)
        let scale = weight[c] * inverse
        let ofInput = -scale * inverse * Float(product / count)
        let constant = -scale * Float(total / count) - ofInput * mean
        for i in 0..<shape.planeCount { target[i] = g[i] * scale + x[i] * ofInput + constant }
      }
      gradients[0]?[c] = Float(allProduct)
      gradients[1]?[c] = Float(allTotal)
    }
  }

  /// The mean of a plane, and 1 / √(variance + ε).
  private static func statistics(
    _ plane: UnsafePointer<Float>, _ count: Int, _ epsilon: Float
  ) -> (mean: Float, inverse: Float) {
    let mean = Float(sum(plane, count) / Double(count))
    let variance = sumOfSquaredDeviations(plane, count, from: mean) / Double(count)
    return (mean, 1 / (Float(variance) + epsilon).squareRoot())
  }
}
