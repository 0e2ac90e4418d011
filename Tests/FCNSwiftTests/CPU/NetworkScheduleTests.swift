import FCNTestSupport
import Testing

@testable import FCNSwift

/// What takes no step of its own: what follows a convolution is done with it, what is concatenated is
/// made side by side.
struct NetworkScheduleTests {
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

  /// Every layer a step of its own, in its reference form.
  private func referencePlan(_ network: Network, pictures: Int = 2) throws -> Plan {
    let references = Set(network.layers.map { "\(type(of: $0.operation).name).reference" })
    return try plan(
      network, Set(network.formNames).subtracting(references), pictures: pictures)
  }

  private func plan(
    _ network: Network, _ disabled: Set<String> = [], pictures: Int = 2
  ) throws -> Plan {
    var table = ParameterTable()
    for (index, specification) in network.parameters.enumerated() {
      table[specification.name] = try Tensor.random(
        specification.tensorShape, seed: 4, stream: UInt64(index))
    }
    let plan = try Plan(
      network, parameters: table, inputShape: Shape(pictures, 16, 9, 14),
      pool: WorkerPool(threads: 2),
      disabledForms: disabled)
    let input = try Tensor.random(plan.input.shape, seed: 9)
    plan.input.pointer.update(from: input.pointer, count: input.shape.count)
    try plan.run()
    return plan
  }

  /// The exponential of an exponential would be beyond floats.
  @Test(arguments: [Activation.relu] + Activation.others.filter { $0 != .exponential })
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
    let plain = try referencePlan(network)
    #expect(Set(plain.steps.map(\.name)).isSuperset(of: network.layers.map(\.name)))
    let range = plain.output.elements.map(abs).max() ?? 0
    expectClose(fused.output, plain.output, absolute: range * 1e-4, "scores")
  }

  /// Compares the scores of `build`'s network, one picture and two, with its reference forms', and with
  /// those where all that is concatenated is copied, to the bit; returns the layers that a step copies.
  private func copies(_ build: (inout NetworkBuilder) -> Void) throws -> [String] {
    var builder = NetworkBuilder()
    build(&builder)
    builder.add("score", Convolution(3, kernel: 1))
    let network = try Network(inputChannels: 16, stride: 1, layers: builder.layers)
    var names: [[String]] = []
    for pictures in [2, 1] {
      let fast = try plan(network, pictures: pictures)
      let plain = try referencePlan(network, pictures: pictures)
      let range = plain.output.elements.map(abs).max() ?? 0
      expectClose(fast.output, plain.output, absolute: range * 1e-4, "\(pictures) pictures")
      let copying = try plan(network, [Joining.name], pictures: pictures)
      #expect(fast.output.elements == copying.output.elements, "\(pictures) pictures")
      func copies(_ plan: Plan) -> [String] {
        plan.steps.filter { $0.formName.hasPrefix("concatenation") }.map(\.name)
      }
      #expect(
        copies(copying).count == network.layers.count { $0.operation is Concatenation })
      names.append(copies(fast))
    }
    #expect(names[0] == names[1])
    return names[1]
  }

  @Test func whatIsConcatenatedIsMadeSideBySide() throws {
    let copied = try copies {
      $0.add("a", Convolution(32, kernel: 3, padding: 1))
      $0.add("b", Convolution(16, kernel: 1), ["a"])
      $0.add("relu", ReLU(), ["b"])
      $0.add("c", Convolution(7, kernel: 3, padding: 1), ["a"])
      $0.add("joined", Concatenation(), ["a", "relu", "c"])
      $0.add("last", ReLU())
    }
    #expect(copied == [])
  }

  /// A U-Net's: what is upsampled lies otherwise, and is changed into its place.
  @Test func whatLiesOtherwiseIsChangedIntoItsPlace() throws {
    let copied = try copies {
      $0.add("a", Convolution(16, kernel: 3, padding: 1))
      $0.add("small", Convolution(32, kernel: 2, stride: 2, padding: 1), ["a"])
      $0.add("up", TransposedConvolution(16, kernel: 2, stride: 2), ["small"])
      $0.add("crop", Crop(offset: Extent(0, 0)), ["up", "a"])
      $0.add("joined", Concatenation(), ["a", "crop", Network.inputName])
      $0.add("relu", ReLU())
    }
    #expect(copied == [])
  }

  /// Each block reads all that came before: a concatenation of a concatenation, whose first part is read
  /// again afterwards, as is the whole before a rectifier that would write over it.
  @Test func concatenationsMayBeOfOneAnother() throws {
    let copied = try copies {
      $0.add("a", Convolution(16, kernel: 3, padding: 1))
      $0.add("b", Convolution(16, kernel: 3, padding: 1), ["a"])
      $0.add("ab", Concatenation(), ["a", "b"])
      $0.add("c", Convolution(16, kernel: 3, padding: 1), ["ab"])
      $0.add("abc", Concatenation(), ["ab", "c"])
      $0.add("relu", ReLU(), ["abc"])
      $0.add("d", Convolution(16, kernel: 1), ["relu"])
      $0.add("again", Sum(), ["a", "d"])
      $0.add("both", Concatenation(), ["again", "relu"])
    }
    #expect(copied == [])
  }

  /// The same value twice or in two concatenations, channels that do not fill a block. The network's input is
  /// changed into its place.
  @Test func whatCannotLieSideBySideIsCopied() throws {
    let copied = try copies {
      $0.add("a", Convolution(16, kernel: 3, padding: 1))
      $0.add("twice", Concatenation(), ["a", "a"])
      $0.add("with", Concatenation(), [Network.inputName, "a"])
      $0.add("odd", Convolution(5, kernel: 3, padding: 1), ["a"])
      $0.add("uneven", Concatenation(), ["odd", "a"])
      $0.add("first", Concatenation(), ["odd", "uneven"])
      $0.add("second", Concatenation(), ["twice", "with", "first", "uneven"])
    }
    #expect(copied.contains("twice") && copied.contains("uneven") && !copied.contains("with"))
  }
}
