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

/// How values lie as networks are trained, and that this changes nothing.
struct TrainingLayoutTests {
  /// Blocks between convolutions, read besides by a layer that wants them planar, by one that adds and by one
  /// that puts side by side; a normalisation in between.
  private func network() throws -> Network {
    try Network(
      inputChannels: 3, stride: 1,
      layers: [
        Layer("first", Convolution(16, kernel: 3, padding: 1), [Network.inputName]),
        Layer("first_relu", ReLU(), ["first"]),
        Layer("second", Convolution(20, kernel: 3, padding: 1, bias: false), ["first_relu"]),
        Layer("second_norm", BatchNorm(), ["second"]),
        Layer("second_relu", ReLU(), ["second_norm"]),
        Layer("pool", MaxPool(kernel: 2, stride: 2), ["second_relu"]),
        Layer("third", Convolution(20, kernel: 3, padding: 1), ["pool"]),
        Layer("sum", Sum(), ["third", "pool"]),
        Layer("sum_relu", ReLU(), ["sum"]),
        Layer("fourth", Convolution(16, kernel: 3, padding: 1), ["sum_relu"]),
        Layer("fourth_relu", ReLU(), ["fourth"]),
        Layer("joined", Concatenation(), ["fourth_relu", "sum_relu"]),
        Layer("fifth", Convolution(24, kernel: 3, padding: 1), ["joined"]),
        Layer("scores", Convolution(4, kernel: 1), ["fifth"]),
        Layer("early_scores", Convolution(4, kernel: 1), ["pool"]),
        Layer("all", Sum(), ["scores", "early_scores"]),
      ])
  }

  private let shape = Shape(3, 3, 12, 18)

  private func training(
    _ network: Network, _ table: ParameterTable, threads: Int = 2, _ precision: Precision = .float32
  ) throws -> ProcessorTraining {
    try ProcessorTraining(
      network, parameters: table, learned: network.learnableParameters,
      pool: WorkerPool(threads: threads), precision: precision)
  }

  @Test func valuesLieInBlocksWhereAllMakersCanAndSomebodyWants() throws {
    let network = try network()
    let table = try GraphFixture.table(network, seed: 3)
    var topology = try TrainingTopology(network, inputShape: shape)
    try training(network, table).decide(&topology)
    let blocked = network.layers.indices.filter { topology.layouts[$0] == .blocked }
    #expect(
      blocked.map { network.layers[$0].name } == [
        "first", "first_relu", "second", "second_norm", "second_relu", "pool", "third", "sum",
        "sum_relu", "fourth", "fourth_relu", "joined",
      ])
    #expect(topology.value(-1).layout == .planar)
    let rectifying = topology.rectifying.sorted().map { network.layers[$0].name }
    #expect(rectifying == ["first", "second_norm", "fourth"])
  }

  private func gradients(_ training: ProcessorTraining, _ network: Network) throws -> (
    scores: Tensor, gradients: ParameterTable
  ) {
    let plan = try TrainingPlan(network, inputShape: shape, training)
    let input = try Tensor.random(shape, seed: 8)
    plan.input.pointer.update(from: input.pointer, count: shape.count)
    try plan.forward(seed: 0)
    let upstream = try Tensor.random(plan.own.value.shape, seed: 4)
    plan.own.gradient.pointer.update(from: upstream.pointer, count: upstream.shape.count)
    try plan.backward(seed: 0)
    #expect(try plan.firstNotFinite(seed: 0) == nil)
    return (try plan.own.value.copy(), plan.backend.gradients)
  }

  @Test func gradientsAreThoseOfTheReferenceForms() throws {
    let network = try network()
    let table = try GraphFixture.table(network, seed: 3)
    let input = try Tensor.random(shape, seed: 8)
    let reference = try ProcessorRun(network, table, input, try WorkerPool(threads: 1))
    let found = try gradients(training(network, table), network)
    let upstream = try Tensor.random(found.scores.shape, seed: 4)
    let wanted = try reference.gradients(upstream)
    let largest = wanted.values.flatMap(\.elements).map(abs).max() ?? 0
    for (name, gradient) in wanted {
      let range = gradient.elements.map(abs).max() ?? 0
      expectClose(
        try #require(found.gradients[name]), gradient, absolute: 1e-3 * range + 1e-6 * largest, name
      )
    }
  }

  @Test(arguments: [Precision.float32, .bfloat16])
  func theNumberOfThreadsDoesNotChangeABit(precision: Precision) throws {
    guard try precision == .float32 || Loops.chosen().multipliesBFloats else { return }
    let network = try network()
    func run(threads: Int) throws -> (scores: Tensor, gradients: ParameterTable) {
      let table = try GraphFixture.table(network, seed: 3)
      return try gradients(training(network, table, threads: threads, precision), network)
    }
    let (one, three) = (try run(threads: 1), try run(threads: 3))
    #expect(one.scores.bits == three.scores.bits)
    for (name, gradient) in one.gradients {
      #expect(gradient.bits == three.gradients[name]?.bits, "\(name)")
    }
  }

  @Test func bfloat16IsRefusedWhereTheProcessorHasNoInstructionsForIt() throws {
    let loops = try Loops.chosen()
    if loops.multipliesBFloats {
      try Loops.checkTraining(in: .bfloat16)
    } else {
      expectError(.unsupported, saying: "AVX512_BF16", loops.name, "Train in float32") {
        try Loops.checkTraining(in: .bfloat16)
      }
    }
    expectError(
      .invalidArgument, saying: "the processor trains in float32 or bfloat16, not in tf32"
    ) {
      try Loops.checkTraining(in: .tf32)
    }
  }
}
