import Testing

@testable import FCNSwift

/// An operation with inputs and parameters that follow from a seed.
struct LayerCase: CustomTestStringConvertible, Sendable {
  /// What the inputs look like.
  enum Values: Sendable, Equatable {
    /// Normal.
    case normal
    /// Normal, but nothing nearer to zero than 1/4: away from ReLU's kink.
    case awayFromZero
    /// Normal, but nothing nearer to zero than 4: to divide by.
    case farFromZero
    /// No two values of a tensor nearer than 1/2, of two tensors than 1/4: away from a maximum's kinks.
    case apart
    /// Normal; of further inputs whole numbers below this one.
    case places(Int)
  }

  let testDescription: String
  let operation: any Operation
  let inputs: [Shape]
  var values = Values.normal
  var training = false
  /// Whether the output is a linear function of each input and parameter, others fixed.
  var isLinear = true

  init(
    _ name: String, _ operation: any Operation, _ inputs: Shape..., values: Values = .normal,
    training: Bool = false, isLinear: Bool = true
  ) {
    testDescription = name
    self.operation = operation
    self.inputs = inputs
    self.values = values
    self.training = training
    self.isLinear = isLinear
  }

  func makeInputs() throws -> [Tensor] {
    try inputs.enumerated().map { index, shape in
      let tensor = try Tensor.random(shape, values, seed: 1, stream: UInt64(index))
      if case .places(let count) = values, index > 0 {
        var generator = SeededGenerator(seed: 1, stream: UInt64(index))
        tensor.withUnsafeElements {
          for i in $0.indices { $0[i] = Float(generator.next() % UInt64(count)) }
        }
      }
      // Nor one of another tensor's.
      if values == .apart, index > 0 {
        tensor.withUnsafeElements { for i in $0.indices { $0[i] += 0.25 } }
      }
      return tensor
    }
  }

  /// Weights whose sums are of order 1, and for batch norm statistics that could be some.
  func makeParameters() throws -> [Tensor] {
    try operation.parameters(inputChannels: inputs[0].c).enumerated().map { index, specification in
      let shape = specification.tensorShape
      let tensor = try Tensor.random(shape, .normal, seed: 2, stream: UInt64(index))
      let fanIn = Float(max(1, shape.pictureCount))
      tensor.withUnsafeElements {
        for i in $0.indices {
          switch (specification.role, specification.name) {
          case (_, "running_var"),
            (_, "weight") where operation is BatchNorm:
            $0[i] = 0.5 + abs($0[i])
          case (.weight, _): $0[i] /= fanIn.squareRoot()
          default: break
          }
        }
      }
      return tensor
    }
  }
}

extension Tensor {
  /// A tensor whose elements follow from `seed` and `stream`.
  static func random(
    _ shape: Shape, _ values: LayerCase.Values = .normal, seed: UInt64, stream: UInt64 = 0
  ) throws -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: stream)
    var elements: [Float]
    switch values {
    case .normal, .places: elements = (0..<shape.count).map { _ in generator.normal() }
    case .awayFromZero, .farFromZero:
      let distance: Float = values == .farFromZero ? 4 : 0.25
      elements = (0..<shape.count).map { _ in
        let value = generator.normal()
        return value < 0 ? value - distance : value + distance
      }
    case .apart:
      elements = (0..<shape.count).map { 0.5 * Float($0 - shape.count / 2) }
      generator.shuffle(&elements)
    }
    return try Tensor(shape, elements)
  }
}
