/// Batch normalisation (Ioffe and Szegedy, 2015), a channel at a time:
/// output = (input − mean) / √(variance + ε) · weight + bias.
///
/// Mean and variance are the minibatch's in training, and the running ones otherwise. Running ones
/// move by `momentum` towards each minibatch's, the variance in its unbiased form, as PyTorch's do.
///
/// Where a minibatch has one value a channel, as the mean of one picture's pixels, there is no variance to
/// take: training uses the running statistics there too, and does not move them. (PyTorch refuses.)
public struct BatchNorm: Operation {
  public static let name = "batch_norm"
  /// ε, which keeps the root away from zero.
  public let epsilon: Float
  /// The weight of a new minibatch in the running statistics.
  public let momentum: Float

  /// Makes the operation with PyTorch's defaults.
  public init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    func parameter(
      _ name: String, _ role: ParameterSpecification.Role, _ value: Float
    ) -> ParameterSpecification {
      ParameterSpecification(
        name: name, shape: [inputChannels], role: role, initializer: .constant(value))
    }
    return [
      parameter("weight", .bias, 1), parameter("bias", .bias, 0),
      parameter("running_mean", .statistic, 0), parameter("running_var", .statistic, 1),
    ]
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in BatchNormReference(self, inputs[0]) }
  }

  /// Whether a minibatch of `shape` has statistics.
  static func hasStatistics(_ shape: Shape) -> Bool { shape.n * shape.planeCount > 1 }
}

final class BatchNormReference: PreparedTrainingForm {
  private let operation: BatchNorm
  private let shape: Shape
  /// Whether training uses the minibatch's statistics.
  private let hasStatistics: Bool
  /// The mean that the last pass used for each channel, for its backward.
  private var usedMeans: [Float]
  /// As `usedMeans`: 1 / √(variance + ε).
  private var usedInverses: [Float]

  init(_ operation: BatchNorm, _ shape: Shape) {
    self.operation = operation
    self.shape = shape
    hasStatistics = BatchNorm.hasStatistics(shape)
    usedMeans = [Float](repeating: 0, count: shape.c)
    usedInverses = usedMeans
  }

  func forward(_ call: ForwardCall) {
    let (input, output, shape, epsilon) = (call.input, call.output, shape, operation.epsilon)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    let (runningMean, runningVariance) = (call.parameters[2].pointer, call.parameters[3].pointer)
    let (usesOwn, momentum) = (call.training && hasStatistics, operation.momentum)
    usedMeans.withUnsafeMutableBufferPointer { means in
      usedInverses.withUnsafeMutableBufferPointer { inverses in
        guard let means = means.baseAddress, let inverses = inverses.baseAddress else { return }
        call.workers.run(shape.c) { c, _ in
          if usesOwn {
            let (mean, variance, unbiased) = BatchNormReference.statistics(of: input, c)
            means[c] = Float(mean)
            inverses[c] = 1 / (Float(variance) + epsilon).squareRoot()
            runningMean[c] += momentum * (Float(mean) - runningMean[c])
            runningVariance[c] += momentum * (Float(unbiased) - runningVariance[c])
          } else {
            means[c] = runningMean[c]
            inverses[c] = 1 / (runningVariance[c] + epsilon).squareRoot()
          }
          let scale = inverses[c] * weight[c]
          let shift = bias[c] - means[c] * scale
          for n in 0..<shape.n {
            let (source, target) = (input.plane(n, c), output.plane(n, c))
            for i in 0..<shape.planeCount { target[i] = source[i] * scale + shift }
          }
        }
      }
    }
  }

  /// With x̂ the normalised input and g the upstream gradient over the m values of a channel:
  /// ∂bias = Σg, ∂weight = Σg·x̂, ∂input = weight/σ · (g − Σg/m − x̂·Σg·x̂/m), of which weight/σ · g is
  /// left where the statistics are not the minibatch's.
  func backward(_ call: BackwardCall) {
    let (input, upstream, shape) = (call.input, call.outputGradient, shape)
    let weight = call.parameters[0].pointer
    let gradients = call.parameterGradients.map { $0?.pointer }
    let inputGradient = call.inputGradients[0]
    let (means, inverses, hasStatistics) = (usedMeans, usedInverses, hasStatistics)
    call.workers.run(shape.c) { c, _ in
      let (mean, inverse) = (means[c], inverses[c])
      var (total, product) = (0.0, 0.0)
      for n in 0..<shape.n {
        let plane = upstream.plane(n, c)
        let planeTotal = sum(plane, shape.planeCount)
        total += planeTotal
        product += dot(plane, input.plane(n, c), shape.planeCount) - planeTotal * Double(mean)
      }
      product *= Double(inverse)
      gradients[0]?[c] = Float(product)
      gradients[1]?[c] = Float(total)
      guard let inputGradient else { return }
      let count = Double(shape.n * shape.planeCount)
      let scale = weight[c] * inverse
      let ofInput = hasStatistics ? -scale * inverse * Float(product / count) : 0
      let constant = hasStatistics ? -scale * Float(total / count) - ofInput * mean : 0
      for n in 0..<shape.n {
        let (g, x, target) = (upstream.plane(n, c), input.plane(n, c), inputGradient.plane(n, c))
        for i in 0..<shape.planeCount { target[i] = g[i] * scale + x[i] * ofInput + constant }
      }
    }
  }

  /// A channel's mean, variance and unbiased variance over all pictures.
  private static func statistics(of input: Tensor, _ c: Int) -> (Double, Double, Double) {
    let shape = input.shape
    let count = Double(shape.n * shape.planeCount)
    var total = 0.0
    for n in 0..<shape.n { total += sum(input.plane(n, c), shape.planeCount) }
    let mean = total / count
    var squares = 0.0
    for n in 0..<shape.n {
      squares += sumOfSquaredDeviations(input.plane(n, c), shape.planeCount, from: Float(mean))
    }
    return (mean, squares / count, squares / (count - 1))
  }
}
