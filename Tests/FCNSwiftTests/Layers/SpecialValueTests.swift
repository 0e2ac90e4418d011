import FCNTestSupport
import Testing

@testable import FCNSwift

/// What the operations do with what finite differences and goldens cannot show.
struct SpecialValueTests {
  @Test func aNaNReachesTheOutputOfEveryForm() throws {
    let operations: [any Operation] = [
      Convolution(2, kernel: 1), TransposedConvolution(2, kernel: 2, stride: 2), ReLU(),
      MaxPool(kernel: 2, stride: 2), BatchNorm(), Softmax(), Resize(to: .exact(4)),
      Dropout(rate: 0.5),
    ]
    for operation in operations {
      let layer = LayerCase(type(of: operation).name, operation, Shape(1, 2, 4, 4))
      for form in operation.forms {
        // The last position of a pooling window as well as the first.
        for position in [0, 5, 31] {
          let inputs = try layer.makeInputs()
          inputs[0].pointer[position] = .nan
          guard
            let run = try LayerRun(
              operation, form, inputs: inputs, parameters: layer.makeParameters())
          else { continue }
          let output = try run.forward()
          #expect(output.elements.contains { $0.isNaN }, "\(form.name), position \(position)")
        }
      }
    }
  }

  @Test func aPoolOfVerySmallNumbersFindsTheLargest() throws {
    let pool = MaxPool(kernel: 3, stride: 2, padding: 1)
    let input = try Tensor(Shape(1, 1, 4, 4), filledWith: -.infinity)
    input[0, 0, 1, 1] = -.greatestFiniteMagnitude
    let form = pool.forms[pool.forms.count - 1]
    let run = try #require(try LayerRun(pool, form, inputs: [input], parameters: []))
    let wanted = -Float.greatestFiniteMagnitude
    #expect(try run.forward().elements == [wanted, wanted, wanted, wanted])
  }

  @Test func dropoutDoesNothingOutsideTraining() throws {
    let layer = LayerCase("dropout", Dropout(rate: 0.7), Shape(2, 3, 5, 7))
    let input = try layer.makeInputs()
    let run = try #require(
      try LayerRun(layer.operation, layer.operation.forms[0], inputs: input, parameters: []))
    #expect(try run.forward().bits == input[0].bits)
  }

  @Test func dropoutDropsAtItsRateAndKeepsTheMean() throws {
    let (rate, count) = (Float(0.3), 120_000)
    let input = try Tensor(Shape(1, 4, 300, 100), filledWith: 2)
    let dropout = Dropout(rate: rate)
    let run = try #require(
      try LayerRun(dropout, dropout.forms[0], inputs: [input], parameters: []))
    let output = try run.forward(training: true, seed: 11).elements
    let dropped = output.count { $0 == 0 }
    // Five deviations of the binomial distribution.
    let deviation = (Float(count) * rate * (1 - rate)).squareRoot()
    #expect(abs(Float(dropped) - rate * Float(count)) < 5 * deviation)
    #expect(output.allSatisfy { $0 == 0 || abs($0 - 2 / (1 - rate)) < 1e-6 })
    #expect(try run.forward(training: true, seed: 12).elements != output)
    #expect(try run.forward(training: true, seed: 11).elements == output)
  }

  @Test func equalScoresOfAPoolGiveTheirGradientToTheFirst() throws {
    let pool = MaxPool(kernel: 2, stride: 2)
    for form in pool.forms where form.trains {
      let run = try #require(
        try LayerRun(
          pool, form, inputs: [Tensor(Shape(1, 1, 2, 4), filledWith: 3)], parameters: []))
      _ = try run.forward()
      let gradients = try run.backward(Tensor(Shape(1, 1, 1, 2), [5, 7]))
      #expect(gradients.inputs[0].elements == [5, 0, 7, 0, 0, 0, 0, 0], "\(form.name)")
    }
  }
}
