/// Normalisation of groups of channels of each picture (Wu and He, 2018):
/// output = (input − mean) / √(variance + ε) · weight + bias, where mean and variance are those of a
/// group's channels and all their pixels, weight and bias one a channel. The same in training and use.
public struct GroupNormalization: Operation {
  public static let name = "group_normalization"
  /// How many groups the channels are divided into.
  public let groups: Int
  /// ε, which keeps the root away from zero.
  public let epsilon: Float

  /// Makes the operation with PyTorch's default.
  public init(groups: Int, epsilon: Float = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard groups > 0, inputs[0].c % groups == 0 else {
      throw FCNError(
        .shapeMismatch, "\(inputs[0].c) channels do not divide into \(groups) groups")
    }
    return inputs[0]
  }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    .channelFactorsAndOffsets(inputChannels)
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in GroupNormalizationReference(self, inputs[0]) }
  }
}

/// A group's values lie in one piece.
final class GroupNormalizationReference: PreparedTrainingForm {
  private let operation: GroupNormalization
  private let shape: Shape
  /// Of a group.
  private let channels: Int
  private let count: Int

  init(_ operation: GroupNormalization, _ shape: Shape) {
    (self.operation, self.shape) = (operation, shape)
    channels = shape.c / operation.groups
    count = channels * shape.planeCount
  }

  private var pieces: Int { (count + valuesOfPiece - 1) / valuesOfPiece }

  /// For sums of pieces, in float64, a mean and a factor a group.
  var sharedWorkspace: Int { pieces > 1 ? shape.n * operation.groups * (2 * pieces + 2) : 0 }

  func forward(_ call: ForwardCall) {
    guard pieces == 1 else { return forwardInPieces(call) }
    let (input, output) = (call.input, call.output)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    call.workers.run(shape.n * operation.groups) { [self] task, _ in
      let (n, first) = (task / operation.groups, task % operation.groups * channels)
      let (mean, inverse) = statistics(input.plane(n, first))
      for c in first..<first + channels {
        let (source, target) = (input.plane(n, c), output.plane(n, c))
        let scale = inverse * weight[c]
        for i in 0..<shape.planeCount { target[i] = (source[i] - mean) * scale + bias[c] }
      }
    }
  }

  private func forwardInPieces(_ call: ForwardCall) {
    let (input, output, pieces) = (call.input, call.output, pieces)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    let groups = shape.n * operation.groups
    let means = call.workers.shared + 2 * groups * pieces
    let inverses = means + groups
    let sums = UnsafeMutableRawPointer(call.workers.shared).bindMemory(
      to: Double.self, capacity: groups * pieces)
    /// What `sumOf` a piece, the number of its values and its group makes, over each group's pieces in order.
    func addPieces(
      to totals: UnsafeMutablePointer<Float>,
      _ sumOf: @escaping (UnsafePointer<Float>, Int, _ group: Int) -> Double,
      _ finish: (Double) -> Float
    ) {
      call.workers.run(groups * pieces) { [self] task, _ in
        let part = part(task % pieces, of: count, size: valuesOfPiece)
        // A group's values follow those of the one before.
        let values = input.pointer + task / pieces * count + part.lowerBound
        sums[task] = sumOf(values, part.count, task / pieces)
      }
      for group in 0..<groups {
        totals[group] = finish((0..<pieces).reduce(0) { $0 + sums[group * pieces + $1] })
      }
    }
    addPieces(to: means, { values, count, _ in sum(values, count) }) { Float($0 / Double(count)) }
    addPieces(to: inverses, { sumOfSquaredDeviations($0, $1, from: means[$2]) }) {
      1 / (Float($0 / Double(count)) + operation.epsilon).squareRoot()
    }
    let piecesOfPlane = (shape.planeCount + valuesOfPiece - 1) / valuesOfPiece
    call.workers.run(shape.n * shape.c * piecesOfPlane) { [self] task, _ in
      let plane = task / piecesOfPlane
      let (c, group) = (plane % shape.c, plane / channels)
      let (mean, scale) = (means[group], inverses[group] * weight[c])
      let first = plane * shape.planeCount
      let (source, target) = (input.pointer + first, output.pointer + first)
      for i in part(task % piecesOfPlane, of: shape.planeCount, size: valuesOfPiece) {
        target[i] = (source[i] - mean) * scale + bias[c]
      }
    }
  }

  /// As batch normalisation's, over the values of a group, whose channels' gradients their weights count.
  func backward(_ call: BackwardCall) {
    let (input, upstream, weight) = (call.input, call.outputGradient, call.parameters[0].pointer)
    let inputGradient = call.inputGradients[0]
    let gradients = call.parameterGradients.map { $0?.pointer }
    call.workers.run(operation.groups) { [self] group, _ in
      let own = group * channels..<(group + 1) * channels
      var totals = [Double](repeating: 0, count: channels)
      var products = totals
      for n in 0..<shape.n {
        let (mean, inverse) = statistics(input.plane(n, own.lowerBound))
        var (total, product) = (0.0, 0.0)
        for c in own {
          let (g, x) = (upstream.plane(n, c), input.plane(n, c))
          let part = sum(g, shape.planeCount)
          let partProduct = (dot(g, x, shape.planeCount) - part * Double(mean)) * Double(inverse)
          totals[c - own.lowerBound] += part
          products[c - own.lowerBound] += partProduct
          total += part * Double(weight[c])
          product += partProduct * Double(weight[c])
        }
        guard let inputGradient else { continue }
        let ofInput = -inverse * inverse * Float(product / Double(count))
        let constant = -inverse * Float(total / Double(count)) - ofInput * mean
        for c in own {
          let (g, x, target) = (
            upstream.plane(n, c), input.plane(n, c), inputGradient.plane(n, c)
          )
          let scale = inverse * weight[c]
          for i in 0..<shape.planeCount { target[i] = g[i] * scale + x[i] * ofInput + constant }
        }
      }
      for c in own {
        gradients[0]?[c] = Float(products[c - own.lowerBound])
        gradients[1]?[c] = Float(totals[c - own.lowerBound])
      }
    }
  }

  /// The mean of a group that begins at `values`, and 1 / √(variance + ε).
  private func statistics(_ values: UnsafePointer<Float>) -> (mean: Float, inverse: Float) {
    let mean = Float(sum(values, count) / Double(count))
    let variance = sumOfSquaredDeviations(values, count, from: mean) / Double(count)
    return (mean, 1 / (Float(variance) + operation.epsilon).squareRoot())
  }
}
