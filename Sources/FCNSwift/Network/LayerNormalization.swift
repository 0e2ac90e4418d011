/// Normalisation of each pixel over its channels (Ba, Kiros and Hinton, 2016), as networks with the
/// channels last have it: output = (input − mean) / √(variance + ε) · weight + bias, weight and bias one a
/// channel. The same in training and use.
public struct LayerNormalization: Operation {
  public static let name = "layer_normalization"
  /// ε, which keeps the root away from zero.
  public let epsilon: Float

  /// Makes the operation with PyTorch's default.
  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    .channelFactorsAndOffsets(inputChannels)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in LayerNormalizationReference(epsilon, inputs[0]) }
  }
}

/// Works on a row of pixels at a time, whose statistics the scratch memory holds.
final class LayerNormalizationReference: PreparedTrainingForm {
  private let epsilon: Float
  private let shape: Shape

  init(_ epsilon: Float, _ shape: Shape) { (self.epsilon, self.shape) = (epsilon, shape) }

  var workspacePerWorker: Int { 4 * shape.w }

  func forward(_ call: ForwardCall) {
    let (input, output) = (call.input, call.output)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    call.workers.run(shape.n * shape.h) { [self] task, scratch in
      let (n, y) = (task / shape.h, task % shape.h)
      let (mean, inverse) = statistics(input, n, y, scratch)
      for c in 0..<shape.c {
        let (source, target) = (row(input, n, c, y), row(output, n, c, y))
        for x in 0..<shape.w {
          target[x] = (source[x] - mean[x]) * inverse[x] * weight[c] + bias[c]
        }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    let (input, upstream, weight) = (call.input, call.outputGradient, call.parameters[0].pointer)
    if let gradient = call.inputGradients[0] {
      call.workers.run(shape.n * shape.h) { [self] task, scratch in
        let (n, y) = (task / shape.h, task % shape.h)
        let (mean, inverse) = statistics(input, n, y, scratch)
        let (total, product) = (scratch + 2 * shape.w, scratch + 3 * shape.w)
        for x in 0..<shape.w { (total[x], product[x]) = (0, 0) }
        for c in 0..<shape.c {
          let (g, source) = (row(upstream, n, c, y), row(input, n, c, y))
          for x in 0..<shape.w {
            total[x] += g[x] * weight[c]
            product[x] += g[x] * weight[c] * (source[x] - mean[x]) * inverse[x]
          }
        }
        let count = Float(shape.c)
        for c in 0..<shape.c {
          let (g, source) = (row(upstream, n, c, y), row(input, n, c, y))
          let target = row(gradient, n, c, y)
          for x in 0..<shape.w {
            let normal = (source[x] - mean[x]) * inverse[x]
            target[x] =
              inverse[x] * (g[x] * weight[c] - total[x] / count - normal * product[x] / count)
          }
        }
      }
    }
    guard call.parameterGradients.contains(where: { $0 != nil }) else { return }
    let gradients = call.parameterGradients.map { $0?.pointer }
    // Alone, since all pixels add to the same numbers.
    call.workers.run(1) { [self] _, scratch in
      for c in 0..<shape.c { for gradient in gradients { gradient?[c] = 0 } }
      for n in 0..<shape.n {
        for y in 0..<shape.h {
          let (mean, inverse) = statistics(input, n, y, scratch)
          for c in 0..<shape.c {
            let (g, source) = (row(upstream, n, c, y), row(input, n, c, y))
            var (ofWeight, ofBias): (Float, Float) = (0, 0)
            for x in 0..<shape.w {
              ofWeight += g[x] * (source[x] - mean[x]) * inverse[x]
              ofBias += g[x]
            }
            gradients[0]?[c] += ofWeight
            gradients[1]?[c] += ofBias
          }
        }
      }
    }
  }

  private func row(_ tensor: Tensor, _ n: Int, _ c: Int, _ y: Int) -> UnsafeMutablePointer<Float> {
    tensor.plane(n, c) + y * shape.w
  }

  /// Of row `y`'s pixels the means over the channels, and 1 / √(variance + ε), in `scratch`.
  private func statistics(
    _ input: Tensor, _ n: Int, _ y: Int, _ scratch: UnsafeMutablePointer<Float>
  ) -> (mean: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>) {
    let (mean, inverse) = (scratch, scratch + shape.w)
    for x in 0..<shape.w { (mean[x], inverse[x]) = (0, 0) }
    for c in 0..<shape.c {
      let source = row(input, n, c, y)
      for x in 0..<shape.w { mean[x] += source[x] }
    }
    for x in 0..<shape.w { mean[x] /= Float(shape.c) }
    for c in 0..<shape.c {
      let source = row(input, n, c, y)
      for x in 0..<shape.w {
        let deviation = source[x] - mean[x]
        inverse[x] += deviation * deviation
      }
    }
    for x in 0..<shape.w {
      inverse[x] = 1 / (inverse[x] / Float(shape.c) + epsilon).squareRoot()
    }
    return (mean, inverse)
  }
}
