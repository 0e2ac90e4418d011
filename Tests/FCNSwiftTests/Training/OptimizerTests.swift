import FCNTestSupport
import Testing

@testable import FCNSwift

struct OptimizerTests {
  @Test(arguments: try LayerGoldens.load().optimizers)
  func everyStepAgreesWithPyTorch(golden: OptimizerGolden) throws {
    let optimizer: Optimizer =
      golden.kind == "sgd"
      ? .sgd(momentum: try #require(golden.momentum))
      : .adamW(beta1: try #require(golden.beta1), beta2: try #require(golden.beta2))
    let weight = try GuardedTensor(copying: golden.tensor("weight"))
    let state = try optimizer.stateNames.map { _ in try Tensor(weight.tensor.shape) }
    let (gradients, wanted) = (try golden.tensor("gradients"), try golden.tensor("output"))
    let count = weight.tensor.shape.count
    let pool = try WorkerPool(threads: 1)
    #expect(wanted.shape.h >= 4)
    for step in 0..<wanted.shape.h {
      let row = step * count..<(step + 1) * count
      let gradient = try Tensor(weight.tensor.shape, Array(gradients.elements[row]))
      optimizer.update(
        weight.tensor, gradient: gradient, state: state, iteration: step + 1, rate: golden.rate,
        decay: golden.decay, pool)
      expectClose(
        weight.tensor.elements, Array(wanted.elements[row]), absolute: 1e-6, relative: 1e-6,
        "step \(step + 1)")
    }
    #expect(weight.isIntact)
  }
}
