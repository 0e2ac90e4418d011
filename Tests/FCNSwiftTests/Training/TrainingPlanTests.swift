import FCNTestSupport
import Testing

@testable import FCNSwift

/// What plans for training refuse to leave out, and what they must not overwrite.
struct TrainingPlanTests {
  /// A layer of auxiliary scores that nothing but a rectifier reads, and that rectifier's reader.
  private func network() throws -> Network {
    try Network(
      inputChannels: 1, stride: 1,
      layers: [
        Layer("early", Convolution(2, kernel: 1), [Network.inputName]),
        Layer("rectifier", ReLU(), ["early"]),
        Layer("normal", BatchNorm(), ["rectifier"]),
        Layer("scores", Convolution(2, kernel: 1), ["normal"]),
      ], auxiliaryScores: ["early": 0.5])
  }

  private func plan(learning learned: Set<String>) throws -> TrainingPlan<ProcessorTraining> {
    let network = try network()
    let parameters = try network.parameters.reduce(into: ParameterTable()) {
      // Every early score is negative.
      $0[$1.name] = try Tensor($1.tensorShape, filledWith: $1.name == "early.weight" ? -1 : 1)
    }
    return try TrainingPlan(
      network, inputShape: Shape(1, 1, 4, 4),
      ProcessorTraining(
        network, parameters: parameters, learned: learned, pool: WorkerPool(threads: 1)))
  }

  @Test func theLossSeesAuxiliaryScoresAsTheyWereMade() throws {
    let plan = try plan(learning: ["early.weight", "scores.weight"])
    plan.input.pointer.update(repeating: 3, count: plan.input.shape.count)
    try plan.forward(seed: 0)
    let auxiliary = plan.scores[0]
    #expect(plan.scores.count == 2 && auxiliary.factor == 0.5)
    #expect(auxiliary.value.elements.allSatisfy { $0 == -2 })
  }

  @Test(arguments: ["nowhere.weight", "normal.running_mean"])
  func whatHasNoGradientCannotBeLearned(name: String) {
    expectError(.internalDefect, saying: name, "is to be learned") {
      _ = try plan(learning: ["early.weight", name])
    }
  }

  @Test func scoresOfAnotherSizeThanLabelsAreRefused() throws {
    let loss = SoftmaxCrossEntropy(reduction: .mean, classWeights: nil)
    let input = Shape(2, 3, 32, 48)
    try loss.checkScores([Shape(2, 5, 32, 48), Shape(2, 5, 32, 48)], of: input, classes: 5)
    for wrong in [Shape(2, 5, 8, 12), Shape(2, 4, 32, 48), Shape(1, 5, 32, 48)] {
      expectError(.shapeMismatch, saying: "scores of \(wrong)", "training wants") {
        try loss.checkScores([Shape(2, 5, 32, 48), wrong], of: input, classes: 5)
      }
    }
  }
}
