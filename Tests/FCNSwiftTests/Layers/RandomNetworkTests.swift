import FCNTestSupport
import Testing

@testable import FCNSwift

/// Networks as files may bring them: whatever settings and whatever order, every plan makes what the
/// reference forms make, forward and backward.
struct RandomNetworkTests {
  /// Draws a network of a few layers; nil where what was drawn does not fit.
  private struct Draw {
    var generator: SeededGenerator
    private var layers: [Layer] = []
    private var names = [Network.inputName]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func one<Element>(of choices: [Element]) -> Element {
      choices[generator.integer(in: 0..<choices.count)]
    }

    private mutating func extent(_ choices: [Int]) -> Extent {
      let h = one(of: choices)
      return Extent(h, generator.integer(in: 0..<3) == 0 ? one(of: choices) : h)
    }

    private mutating func operation(_ channels: Int) -> any Operation {
      switch generator.integer(in: 0..<12) {
      case 0..<4:
        let outputs = one(of: [2, 3, 5, 16, 32])
        let groups = channels % 2 == 0 && outputs % 2 == 0 && one(of: [0, 1, 1]) == 0 ? 2 : 1
        return Convolution(
          outputs, kernel: extent([1, 1, 2, 3, 3, 5, 7]), stride: extent([1, 1, 1, 2, 3]),
          padding: extent([0, 1, 1, 2, 3, 9]), dilation: extent([1, 1, 1, 2]), groups: groups,
          bias: one(of: [true, false]))
      case 4:
        let isChannelwise = one(of: [true, false])
        let outputs = isChannelwise ? channels : one(of: [2, 4, 16])
        return TransposedConvolution(
          outputs, kernel: extent([1, 2, 3, 4, 5]), stride: extent([1, 2, 2, 3]),
          padding: extent([0, 0, 1]), groups: isChannelwise ? channels : 1,
          bias: one(of: [true, false]))
      case 5:
        let kernel = extent([1, 2, 2, 3, 4])
        let padding = Extent(
          generator.integer(in: 0..<kernel.h / 2 + 1), generator.integer(in: 0..<kernel.w / 2 + 1))
        return MaxPool(
          kernel: kernel, stride: extent([1, 2, 2, 3]), padding: padding,
          ceilMode: one(of: [true, false]))
      case 6: return BatchNorm(epsilon: one(of: [1e-5, 0.1]))
      case 7: return LocalResponseNormalization(size: one(of: [1, 3, 7]), alpha: 0.5)
      case 8: return Scale(by: one(of: [-1.5, 0.25]))
      case 9: return Resize(to: one(of: [.scaled(by: Extent(2, 1)), .exact(Extent(7, 9))]))
      case 10: return Dropout(rate: 0.25)
      default: return ReLU()
      }
    }

    mutating func network() -> Network? {
      var shapes = [Network.inputName: Shape(1, 3, 1, 1)]
      let input = Shape(1, 3, 11, 14)
      shapes[Network.inputName] = input
      for number in 1...generator.integer(in: 3..<9) {
        // The last layer as a rule, an earlier one now and then.
        let source = generator.integer(in: 0..<5) == 0 ? one(of: names) : names[names.count - 1]
        guard let shape = shapes[source] else { return nil }
        let operation = operation(shape.c)
        guard let output = try? operation.outputShape(of: [shape]), output.count < 20_000,
          (try? output.validate()) != nil
        else { continue }
        add(Layer("layer\(number)", operation, [source]))
        shapes["layer\(number)"] = output
      }
      // What nothing has taken yet comes together at the end.
      let taken = Set(layers.flatMap(\.inputs))
      let open = layers.map(\.name).filter { !taken.contains($0) }
      var parts: [String] = []
      for name in open {
        add(Layer("\(name)_score", Convolution(2, kernel: 1, makesScores: true), [name]))
        add(Layer("\(name)_whole", Resize(to: .likeSecondInput), ["\(name)_score", "input"]))
        parts.append("\(name)_whole")
      }
      if parts.isEmpty { return nil }
      if parts.count > 1 { add(Layer("sum", Sum(), parts)) }
      return try? Network(inputChannels: 3, stride: 1, layers: layers)
    }

    private mutating func add(_ layer: Layer) {
      layers.append(layer)
      names.append(layer.name)
    }
  }

  @Test(arguments: 0..<4) func everyPlanMakesWhatTheReferenceFormsMake(group: Int) throws {
    let pool = try WorkerPool(threads: 2)
    var tried = 0
    for seed in group * 8..<group * 8 + 8 {
      var draw = Draw(seed: UInt64(seed))
      guard let drawn = draw.network() else { continue }
      // As a file brings it.
      let network = try NetworkGraph(parsing: NetworkGraph(drawn).text).network
      let table = try GraphFixture.table(network, seed: UInt64(seed))
      let shape = Shape(2, 3, 11, 14)
      let input = try Tensor.random(shape, seed: UInt64(seed))
      func scores(without disabled: Set<String>) throws -> Tensor {
        let plan = try Plan(
          network, parameters: table, inputShape: shape, pool: pool, disabledForms: disabled)
        plan.input.pointer.update(from: input.pointer, count: shape.count)
        try plan.run()
        return try plan.output.copy()
      }
      let fast = Set(network.formNames)
        .subtracting(network.layers.compactMap { $0.operation.forms.last?.name })
      let wanted = try scores(without: fast.union([BorderReduction.name]))
      let found = try scores(without: [])
      let what = "seed \(seed): \(network.layers.map { "\(type(of: $0.operation).name)" })"
      let range = wanted.elements.map(abs).max() ?? 0
      expectClose(found, wanted, absolute: 2e-4 * max(range, 1e-3), what)

      let upstream = try Tensor.random(wanted.shape, seed: 4)
      let expected = try ProcessorRun(network, table, input, pool).gradients(upstream)
      let training = try TrainingPlan(
        network, inputShape: shape,
        ProcessorTraining(
          network, parameters: table, learned: network.learnableParameters, pool: pool))
      training.input.pointer.update(from: input.pointer, count: shape.count)
      try training.forward(seed: 0)
      training.own.gradient.pointer.update(from: upstream.pointer, count: upstream.shape.count)
      try training.backward(seed: 0)
      // A bias before a normalisation has a gradient that is zero but for rounding.
      let learned = network.parameters.filter { $0.role != .statistic }
      let largest = learned.flatMap { expected[$0.name]?.elements ?? [] }.map(abs).max() ?? 0
      for parameter in learned {
        let wanted = try #require(expected[parameter.name])
        let found = try #require(training.backend.gradients[parameter.name])
        let range = wanted.elements.map(abs).max() ?? 0
        expectClose(
          found, wanted, absolute: 2e-3 * range + 3e-5 * largest, "\(what), \(parameter.name)")
      }
      tried += 1
    }
    #expect(tried > 4)
  }
}
