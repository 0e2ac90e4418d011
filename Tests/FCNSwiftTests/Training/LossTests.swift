import FCNTestSupport
import Testing

@testable import FCNSwift

struct LossTests {
  private func evaluate(
    _ loss: SoftmaxCrossEntropy, _ scores: Tensor, _ labels: [UInt8], threads: Int = 1
  ) throws -> (value: Double, gradient: GuardedTensor, predictions: [UInt8]) {
    let gradient = try GuardedTensor(scores.shape)
    var predictions = [UInt8](repeating: 99, count: labels.count)
    let pool = try WorkerPool(threads: threads)
    let value = labels.withUnsafeBufferPointer { labels in
      predictions.withUnsafeMutableBufferPointer {
        loss.reduced(
          loss.evaluate(scores, labels, gradient: gradient.tensor, predictions: $0, pool))
      }
    }
    #expect(gradient.isIntact)
    return (value, gradient, predictions)
  }

  private func labels(_ tensor: Tensor) -> [UInt8] { tensor.elements.map { UInt8($0) } }

  private func loss(_ golden: LossGolden) throws -> SoftmaxCrossEntropy {
    SoftmaxCrossEntropy(
      reduction: try #require(LossReduction(rawValue: golden.reduction)),
      classWeights: golden.classWeights)
  }

  @Test(arguments: try LayerGoldens.load().losses)
  func theLossAgreesWithPyTorch(golden: LossGolden) throws {
    let scores = try golden.tensor("input")
    let wanted = try golden.tensor("loss").elements[0]
    let result = try evaluate(loss(golden), scores, labels(golden.tensor("labels")))
    expectClose([Float(result.value)], [wanted], absolute: 1e-6, relative: 1e-6, "loss")
    expectClose(
      result.gradient.tensor, try golden.tensor("gradient/input"), absolute: 1e-6, "gradient")
    #expect(result.predictions == labels(try golden.tensor("predictions")))
  }

  @Test(arguments: try LayerGoldens.load().losses)
  func theLossHasTheGradientOfFiniteDifferences(golden: LossGolden) throws {
    let scores = try golden.tensor("input")
    let truth = labels(try golden.tensor("labels"))
    let loss = try loss(golden)
    let gradient = try evaluate(loss, scores, truth).gradient.tensor
    let differences = try finiteDifferences(of: scores, step: 0.05) {
      try evaluate(loss, scores, truth).value
    }
    let scale = gradient.elements.map(abs).max() ?? 0
    expectClose(gradient.elements, differences, absolute: 1e-3 * scale, shape: scores.shape)
  }

  @Test func aMinibatchWithoutLabelsHasNoLossAndNoGradient() throws {
    let scores = try Tensor(Shape(2, 3, 2, 2), filledWith: 7)
    for reduction in LossReduction.allCases {
      let loss = SoftmaxCrossEntropy(reduction: reduction, classWeights: nil)
      let result = try evaluate(loss, scores, [UInt8](repeating: LabelMap.ignore, count: 8))
      #expect(result.value == 0)
      #expect(result.gradient.tensor.elements.allSatisfy { $0 == 0 })
    }
  }

  /// Neither labels nor weights decide what is predicted.
  @Test(arguments: LossReduction.allCases)
  func predictionsAreMadeWhereNothingIsLearned(reduction: LossReduction) throws {
    let scores = try Tensor(Shape(1, 3, 1, 3), [0, 9, 0, 5, 0, 0, 0, 0, 7])
    for (labels, weights) in [
      ([255, 255, 255], nil), ([1, 1, 255], [1, 0, 1]),
    ] as [([UInt8], [Float]?)] {
      let loss = SoftmaxCrossEntropy(reduction: reduction, classWeights: weights)
      let result = try evaluate(loss, scores, labels)
      #expect(result.value == 0)
      #expect(result.gradient.tensor.elements.allSatisfy { $0 == 0 })
      #expect(result.predictions == [1, 0, 2])
    }
  }

  @Test func largeScoresMakeAFiniteLoss() throws {
    let scores = try Tensor(Shape(1, 3, 1, 2), [1e30, -500, 0, 500, -1e30, 0])
    let loss = SoftmaxCrossEntropy(reduction: .sum, classWeights: nil)
    let result = try evaluate(loss, scores, [0, 0])
    #expect(result.value == 1000)
    #expect(result.gradient.tensor.elements == [0, -1, 0, 1, 0, 0])
    #expect(result.predictions == [0, 1])
  }

  @Test func theNumberOfThreadsDoesNotChangeABit() throws {
    var generator = SeededGenerator(seed: 5)
    let scores = try Tensor(Shape(3, 4, 37, 29))
    scores.withUnsafeElements { for i in $0.indices { $0[i] = generator.normal() } }
    let truth = (0..<3 * 37 * 29).map { _ in UInt8(generator.integer(in: 0..<4)) }
    let loss = SoftmaxCrossEntropy(reduction: .mean, classWeights: [1, 0.5, 2, 0.1])
    let one = try evaluate(loss, scores, truth)
    let three = try evaluate(loss, scores, truth, threads: 3)
    #expect(one.value == three.value)
    #expect(one.gradient.tensor.bits == three.gradient.tensor.bits)
    #expect(one.predictions == three.predictions)
  }
}
