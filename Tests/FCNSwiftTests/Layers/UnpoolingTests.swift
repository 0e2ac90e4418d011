import FCNTestSupport
import Testing

@testable import FCNSwift

struct UnpoolingTests {
  /// Values of which many are equal.
  private func ties(_ shape: Shape) throws -> Tensor {
    var generator = SeededGenerator(seed: 5, stream: 0)
    return try Tensor(
      shape, (0..<shape.count).map { _ in Float(Int(generator.next() % 3)) - 1 })
  }

  private func run(
    _ operation: any FCNSwift.Operation, _ form: Form, _ inputs: [Tensor]
  ) throws -> LayerRun {
    try #require(try LayerRun(operation, form, inputs: inputs, parameters: []))
  }

  /// Unpooling brings values to where the gradient of the pool goes, in all forms.
  @Test func placesAreThoseToWhichAPoolsGradientGoes() throws {
    let input = try ties(Shape(2, 19, 6, 12))
    for side in [Extent(2, 2), Extent(3, 4)] {
      let pool = MaxPool(kernel: side, stride: side)
      let values = try Tensor.random(try pool.outputShape(of: [input.shape]), seed: 1)
      for poolForm in pool.forms where poolForm.trains {
        guard let pooling = try LayerRun(pool, poolForm, inputs: [input], parameters: []) else {
          continue
        }
        _ = try pooling.forward()
        let gradient = try pooling.backward(values).inputs[0]
        let indices = MaxPoolIndices(kernel: side, stride: side)
        let unpool = MaxUnpool(kernel: side, stride: side)
        for (form, unpoolForm) in zip(indices.forms, unpool.forms) {
          let places = try run(indices, form, [input]).forward()
          let back = try run(unpool, unpoolForm, [values, places]).forward()
          #expect(back.elements == gradient.elements, "\(poolForm.name), \(form.name)")
        }
      }
    }
  }

  @Test func aNaNIsLargest() throws {
    let input = try Tensor(Shape(1, 1, 2, 4), [1, .nan, 3, 4, .nan, 5, .nan, 9])
    let indices = MaxPoolIndices(kernel: 2, stride: 2)
    for form in indices.forms {
      #expect(try run(indices, form, [input]).forward().elements == [1, 2], "\(form.name)")
    }
  }

  @Test func whatIsNoPlacePutsNothingAnywhere() throws {
    let values = try Tensor(Shape(1, 1, 1, 6), [1, 2, 3, 4, 5, 6])
    let places = try Tensor(Shape(1, 1, 1, 6), [.nan, -1, 4, 0.5, 1e30, 3])
    let unpool = MaxUnpool(kernel: 2, stride: 2)
    for form in unpool.forms {
      let output = try run(unpool, form, [values, places]).forward().elements
      #expect(output.enumerated().allSatisfy { $1 == ($0 == 23 ? 6 : 0) }, "\(form.name)")
    }
  }

  @Test func shapesThatDoNotFitAreRefused() {
    let unpool = MaxUnpool(kernel: 2, stride: 2)
    expectError(.shapeMismatch, saying: "5×8 is no whole number of windows of 2×2") {
      _ = try MaxPoolIndices(kernel: 2, stride: 2).outputShape(of: [Shape(1, 1, 5, 8)])
    }
    expectError(.shapeMismatch, saying: "wanted a place for each value") {
      _ = try unpool.outputShape(of: [Shape(1, 3, 4, 4), Shape(1, 2, 4, 4)])
    }
    expectError(.shapeMismatch, saying: "more than can be counted") {
      let shape = Shape(1, 1, 1 << 62, 1)
      _ = try MaxUnpool(kernel: 4, stride: 4).outputShape(of: [shape, shape])
    }
    for operation: any FCNSwift.Operation in [
      MaxPoolIndices(kernel: 3, stride: 2), MaxUnpool(kernel: 2, stride: Extent(2, 1)),
    ] {
      expectError(.invalidArgument, saying: "whose stride is their kernel") {
        let shape = Shape(1, 1, 6, 6)
        _ = try operation.outputShape(of: [shape, shape])
      }
    }
  }
}
