import FCNTestSupport
import Testing

@testable import FCNSwift

/// What follows a convolution, done with it.
struct FusionTests {
  /// A convolution, an activation and a pooling; then the same with a sum in between.
  private func network(_ activation: Activation) throws -> Network {
    let operation = try #require(activation.operation)
    var builder = NetworkBuilder()
    builder.add("conv1", Convolution(16, kernel: 3, padding: 1))
    builder.add("activation1", operation)
    builder.add("pool1", MaxPool(kernel: 2, stride: 2))
    builder.add("conv2", Convolution(16, kernel: 3, padding: 1))
    builder.add("sum2", Sum(), ["conv2", "pool1"])
    builder.add("activation2", operation)
    builder.add("score", Convolution(3, kernel: 1))
    return try Network(inputChannels: 16, stride: 1, layers: builder.layers)
  }

  private func plan(_ network: Network, _ disabled: Set<String> = []) throws -> Plan {
    var table = ParameterTable()
    for (index, specification) in network.parameters.enumerated() {
      table[specification.name] = try Tensor.random(
        specification.tensorShape, seed: 4, stream: UInt64(index))
    }
    let plan = try Plan(
      network, parameters: table, inputShape: Shape(2, 16, 9, 14), pool: WorkerPool(threads: 2),
      disabledForms: disabled)
    let input = try Tensor.random(plan.input.shape, seed: 9)
    plan.input.pointer.update(from: input.pointer, count: input.shape.count)
    try plan.run()
    return plan
  }

  @Test(arguments: [Activation.relu] + Activation.others)
  func activationsAreDoneWithTheConvolution(activation: Activation) throws {
    let network = try network(activation)
    let fused = try plan(network)
    let names = fused.steps.map(\.name)
    // The largest of several may be taken first only where a larger value never makes less.
    let first =
      activation.isMonotonic
      ? ["conv1 + activation1 + pool1"] : ["conv1 + activation1", "pool1"]
    let wanted = first + ["conv2 + sum2 + activation2"]
    #expect(Array(names.filter { $0 != Network.inputName }.prefix(wanted.count)) == wanted)
    let references = Set(network.layers.map { "\(type(of: $0.operation).name).reference" })
    let plain = try plan(network, Set(network.formNames).subtracting(references))
    #expect(plain.steps.count == network.layers.count)
    let range = plain.output.elements.map(abs).max() ?? 0
    expectClose(fused.output, plain.output, absolute: range * 1e-4, "scores")
  }
}
