import FCNTestSupport
import Testing

@testable import FCNSwift

struct BatchNormTests {
  /// Weight, bias, running mean and variance.
  private func tensors(_ values: [[Float]], _ operation: BatchNorm) throws -> [Tensor] {
    try zip(operation.parameters(inputChannels: values[0].count), values).map {
      try Tensor($0.tensorShape, $1)
    }
  }

  /// As after a global pool of a single picture: its variance would be 0, its result the bias alone, and
  /// evaluation would divide by the root of ε.
  @Test func oneValueAChannelIsNormalizedInTrainingAsInUse() throws {
    let operation = BatchNorm(epsilon: 0.5)
    let input = try Tensor(Shape(1, 2, 1, 1), [3, -4])
    for form in operation.forms {
      let parameters = try tensors([[2, 1], [0.25, 0], [1, -1], [3.5, 8.5]], operation)
      guard
        let run = try LayerRun(operation, form, inputs: [input], parameters: parameters)
      else { continue }
      // (3 − 1) / √(3.5 + 0.5) · 2 + 0.25, (−4 + 1) / √(8.5 + 0.5).
      #expect(try run.forward(training: true).elements == [2.25, -1])
      #expect(try run.forward(training: false).elements == [2.25, -1])
      #expect(parameters[2].elements == [1, -1])
      #expect(parameters[3].elements == [3.5, 8.5])
    }
  }

  /// Two values have statistics, however unsure.
  @Test func twoValuesMoveTheRunningStatistics() throws {
    let operation = BatchNorm(epsilon: 0, momentum: 0.5)
    let parameters = try tensors([[1], [0], [0], [1]], operation)
    let input = try Tensor(Shape(2, 1, 1, 1), [3, 5])
    let form = try #require(operation.forms.last)
    let run = try #require(
      try LayerRun(operation, form, inputs: [input], parameters: parameters))
    #expect(try run.forward(training: true).elements == [-1, 1])
    #expect(parameters[2].elements == [2])
    #expect(parameters[3].elements == [1.5])
  }
}
