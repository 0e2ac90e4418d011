import FCNTestSupport
import Testing

@testable import FCNSwift

/// Networks of wide padding, whose constant border is computed once.
struct BorderReductionTests {
  private func network(padding: Int, ceilMode: Bool, stages: Int) throws -> Network {
    var builder = NetworkBuilder()
    for stage in 1...stages {
      builder.add(
        "conv\(stage)_1",
        Convolution(4, kernel: 3, padding: stage == 1 ? Extent(padding, padding) : 1))
      builder.add("relu\(stage)_1", ReLU())
      builder.add("conv\(stage)_2", Convolution(4, kernel: 3, padding: 1))
      builder.add("pool\(stage)", MaxPool(kernel: 2, stride: 2, ceilMode: ceilMode))
    }
    builder.add("score", Convolution(2, kernel: 1))
    return try Network(inputChannels: 3, stride: 1, layers: builder.layers)
  }

  private func parameters(_ network: Network) throws -> ParameterTable {
    var table = ParameterTable()
    for (index, specification) in network.parameters.enumerated() {
      let tensor = try Tensor.random(
        specification.tensorShape, seed: 4, stream: UInt64(index))
      tensor.withUnsafeElements { for i in $0.indices { $0[i] *= 0.25 } }
      table[specification.name] = tensor
    }
    return table
  }

  @Test(
    arguments: [(30, 20, 100), (31, 27, 60), (64, 9, 40), (7, 11, 100), (1, 1, 50)],
    [true, false])
  func scoresAreThoseOfTheWholeBorder(_ size: (h: Int, w: Int, padding: Int), ceilMode: Bool)
    throws
  {
    let network = try network(padding: size.padding, ceilMode: ceilMode, stages: 3)
    let table = try parameters(network)
    let shape = Shape(2, 3, size.h, size.w)
    func scores(_ disabled: Set<String>) throws -> (Tensor, Plan) {
      let plan = try Plan(
        network, parameters: table, inputShape: shape, pool: WorkerPool(threads: 2),
        disabledForms: disabled)
      let input = try Tensor.random(shape, seed: 9)
      plan.input.pointer.update(from: input.pointer, count: shape.count)
      try plan.run()
      return (try plan.output.copy(), plan)
    }
    let (whole, _) = try scores([BorderReduction.name])
    let (reduced, plan) = try scores([])
    #expect(plan.steps.contains { $0.name.contains("repeated") })
    let range = whole.elements.map(abs).max() ?? 0
    expectClose(reduced, whole, absolute: range * 2e-4, "scores")
  }

  @Test func aNarrowBorderStaysAsItIs() throws {
    let network = try network(padding: 3, ceilMode: true, stages: 2)
    let reduced = try network.reducingBorders(for: Shape(1, 3, 20, 20))
    #expect(reduced.layers.map(\.name) == network.layers.map(\.name))
  }

  @Test func fcn8sComputesHalfOfItsFirstStage() throws {
    let network = try Architecture.named("fcn8s").network(
      ArchitectureOptions(classes: 2, width: 0.02))
    let shape = Shape(1, 3, 375, 500)
    let reduced = try network.reducingBorders(for: shape)
    // 98 lines beside the picture see nothing of it after the first layer; 92 of them are copies.
    let first = try reduced.shapes(for: shape)[0]
    #expect((first.h, first.w) == (573 - 184, 698 - 184))
    #expect(try reduced.shapes(for: shape).last == network.shapes(for: shape).last)
  }

  @Test func repeatedLinesGiveTheirGradientsBack() throws {
    let operation = RepeatLines(
      rows: .init(first: 1, second: 3, copies: 2), columns: .init(first: 0, second: 2, copies: 1))
    let layer = LayerCase("repeat", operation, Shape(1, 2, 5, 4))
    for form in operation.forms where form.layouts.takes != .bytes {
      let run = try #require(
        try LayerRun(operation, form, inputs: layer.makeInputs(), parameters: []))
      let output = try run.forward()
      let input = try layer.makeInputs()[0]
      #expect(output.shape == Shape(1, 2, 9, 6))
      let rows = [0, 1, 1, 1, 2, 3, 3, 3, 4]
      let columns = [0, 0, 1, 2, 2, 3]
      for (y, row) in rows.enumerated() {
        for (x, column) in columns.enumerated() {
          #expect(output[0, 1, y, x] == input[0, 1, row, column])
        }
      }
      guard run.trains else { continue }
      let gradient = try run.backward(Tensor(output.shape, filledWith: 1)).inputs[0]
      #expect(gradient[0, 0, 1, 0] == 6 && gradient[0, 0, 2, 1] == 1 && gradient[0, 0, 3, 2] == 6)
    }
  }
}
