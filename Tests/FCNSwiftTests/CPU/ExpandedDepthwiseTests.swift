import FCNTestSupport
import Testing

@testable import FCNSwift

/// A 1×1 convolution and a depthwise one after it, made some lines at a time, make what they make one after
/// the other.
struct ExpandedDepthwiseTests {
  struct Case: CustomTestStringConvertible {
    var input = Shape(1, 16, 40, 24)
    var channels = 64
    var kernel = 3
    var stride = 1
    var padding = 1
    var dilation = 1
    var bias = true
    var activations: (any Operation, any Operation) = (ReLU(), ReLU())
    var addsResidual = false

    var testDescription: String {
      "\(input) to \(channels), \(kernel)×\(kernel), stride \(stride), padding \(padding), dilation "
        + "\(dilation)"
    }

    func network() throws -> Network {
      var builder = NetworkBuilder()
      builder.add("first", Convolution(input.c, kernel: 1))
      builder.add("expansion", Convolution(channels, kernel: 1, bias: bias))
      builder.add("activation1", activations.0)
      builder.add(
        "depthwise",
        Convolution(
          channels, kernel: Extent(kernel, kernel), stride: Extent(stride, stride),
          padding: Extent(padding, padding), dilation: Extent(dilation, dilation), groups: channels,
          bias: bias))
      if addsResidual {
        builder.add("other", Convolution(channels, kernel: 1), ["first"])
        builder.add("sum", Sum(), ["depthwise", "other"])
      }
      builder.add("activation2", activations.1)
      builder.add("score", Convolution(3, kernel: 1))
      return try Network(inputChannels: input.c, stride: 1, layers: builder.layers)
    }
  }

  static let cases = [
    Case(),
    Case(stride: 2),
    Case(kernel: 5, padding: 2, bias: false),
    Case(kernel: 5, padding: 4, dilation: 2, activations: (HardSwish(), HardSwish())),
    Case(kernel: 5, stride: 2, padding: 2, activations: (ReLU(), HardSwish())),
    // Of several pictures, and channels that do not fill their blocks, of which panels are not whole.
    Case(input: Shape(3, 20, 33, 33), channels: 90),
    // Lines so wide that few are made at a time, and many bands.
    Case(input: Shape(1, 16, 120, 700), channels: 72, stride: 2),
    Case(input: Shape(2, 18, 90, 600), channels: 24, kernel: 5, padding: 2),
    // Windows beyond the picture, and steps over lines that nothing sees.
    Case(input: Shape(1, 16, 9, 5), kernel: 3, padding: 6, dilation: 6),
    Case(input: Shape(1, 16, 30, 31), kernel: 2, stride: 5, padding: 1),
    Case(input: Shape(1, 16, 3, 40), kernel: 3, padding: 0),
    Case(addsResidual: true),
  ]

  private func plan(_ item: Case, without disabled: Set<String> = [], threads: Int) throws -> Plan {
    let network = try item.network()
    var table = ParameterTable()
    for (index, parameter) in network.parameters.enumerated() {
      table[parameter.name] = try Tensor.random(
        parameter.tensorShape, seed: 4, stream: UInt64(index))
    }
    let plan = try Plan(
      network, parameters: table, inputShape: item.input, pool: WorkerPool(threads: threads),
      disabledForms: disabled)
    let input = try Tensor.random(item.input, seed: 9)
    withExtendedLifetime(input) {
      plan.input.pointer.update(from: input.pointer, count: item.input.count)
    }
    try plan.run()
    return plan
  }

  @Test(arguments: cases)
  func makesTheSameBits(item: Case) throws {
    let apart = try plan(item, without: [ExpandedDepthwise.name], threads: 1)
    #expect(!apart.steps.contains { $0.formName == ExpandedDepthwise.name })
    for threads in 1...3 {
      let together = try plan(item, threads: threads)
      let step = try #require(together.steps.first { $0.formName == ExpandedDepthwise.name })
      #expect(step.name.hasPrefix("expansion + activation1 + depthwise"))
      #expect(together.output.elements == apart.output.elements, "\(threads) threads")
    }
  }

  @Test func theExpandedValueTakesNoMemory() throws {
    let item = Case(input: Shape(1, 16, 200, 200), channels: 96)
    let expanded = 4 * 96 * 200 * 200
    let apart = try plan(item, without: [ExpandedDepthwise.name], threads: 1)
    let together = try plan(item, threads: 1)
    #expect(apart.byteCount - together.byteCount > expanded / 2)
  }

  /// What others read too is made whole.
  @Test func isNotForValuesThatOthersRead() throws {
    var builder = NetworkBuilder()
    builder.add("expansion", Convolution(32, kernel: 1))
    builder.add("depthwise", Convolution(32, kernel: 3, padding: 1, groups: 32))
    builder.add("sum", Sum(), ["depthwise", "expansion"])
    let network = try Network(inputChannels: 16, stride: 1, layers: builder.layers)
    var table = ParameterTable()
    for parameter in network.parameters {
      table[parameter.name] = try Tensor.random(parameter.tensorShape, seed: 4)
    }
    let plan = try Plan(
      network, parameters: table, inputShape: Shape(1, 16, 20, 20), pool: WorkerPool(threads: 1))
    #expect(!plan.steps.contains { $0.formName == ExpandedDepthwise.name })
  }
}
