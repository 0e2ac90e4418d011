import FCNTestSupport
import Testing

@testable import FCNSwift

/// Networks whose scores are not of their input's size.
struct ScoreSizeTests {
  private static let pool = Result { try WorkerPool(threads: 2) }

  private static func model(
    _ text: String = GraphFixture.quarter, _ size: Preprocessing.SizeRule = .native
  ) throws -> Model {
    var description = try GraphFixture.description(text)
    description.preprocessing.size = size
    return try Model.fresh(description, seed: 5)
  }

  /// The same function with the resize written out.
  private static func whole(_ network: Network) throws -> Network {
    let scoring = try network.withoutAuxiliaryScores()
    let last = try #require(scoring.layers.last?.name)
    return try Network(
      inputChannels: 3, stride: scoring.stride,
      layers: scoring.layers + [
        Layer("whole", Resize(to: .likeSecondInput), [last, Network.inputName])
      ])
  }

  private static func picture(_ width: Int, _ height: Int) throws -> Image {
    var generator = SeededGenerator(seed: 8)
    return try Image(
      width: width, height: height,
      pixels: (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0..<256)) })
  }

  @Test(arguments: [(1, 1), (4, 3), (5, 7), (33, 46), (64, 31)])
  func scoresAreThoseOfAResizeAtTheEnd(width: Int, height: Int) throws {
    let model = try Self.model()
    let session = try Session.onProcessor(model)
    let picture = try Self.picture(width, height)
    try session.run([picture, picture])
    // What enlarges scores is left to whoever reads them.
    #expect(session.steps.last?.layers == "score")

    let written = try GraphFixture.withText(NetworkGraph(Self.whole(model.network)).text, model)
    let expected = try Session.onProcessor(written)
    try expected.run([picture])
    #expect(try session.scores() == expected.scores())
    #expect(try session.scores(1) == expected.scores())
    #expect(try session.labels() == expected.labels())

    // And as the definition has it, at a few pixels.
    let (w, h) = (roundUp(width, toMultipleOf: 4), roundUp(height, toMultipleOf: 4))
    let plan = try Plan(
      model.network.withoutAuxiliaryScores(), parameters: model.parameterTable(),
      inputShape: Shape(1, 3, h, w), pool: Self.pool.get())
    #expect(plan.output.shape == Shape(1, 2, h, w))
    #expect(plan.steps.count > 1)
  }

  @Test(
    arguments: [Preprocessing.SizeRule.longestSide(40), .exact(width: 21, height: 50), .atMost(9)])
  func sizeRulesScaleThemBack(size: Preprocessing.SizeRule) throws {
    let model = try Self.model(GraphFixture.quarter, size)
    let session = try Session.onProcessor(model)
    let written = try GraphFixture.withText(NetworkGraph(Self.whole(model.network)).text, model)
    let expected = try Session.onProcessor(written)
    let picture = try Self.picture(29, 37)
    try session.run([picture])
    try expected.run([picture])
    #expect(try session.resultSize(0) == (29, 37))
    #expect(try session.scores() == expected.scores())
    #expect(try session.labels() == expected.labels())
  }

  /// A pool that drops a line and an upsampling that does not bring it back.
  @Test func scoresThatAreSmallerAtSomeSizesAloneAreNotReadBeyondTheirEnd() throws {
    let network = try Network(
      inputChannels: 3, stride: 1,
      layers: [
        Layer("pool", MaxPool(kernel: 2, stride: 2), [Network.inputName]),
        Layer("score", Convolution(2, kernel: 1, makesScores: true), ["pool"]),
        Layer("up", Resize(to: .scaled(by: 2)), ["score"]),
      ])
    let model = try GraphFixture.model(NetworkGraph(network).text)
    for side in [8, 9] {
      let session = try Session.onProcessor(model)
      try session.run([try Self.picture(side, side)])
      #expect(session.steps.last?.layers == (side == 8 ? "score" : "up"))
      let scores = try session.scores()
      #expect(scores.allSatisfy(\.isFinite) && Set(scores).count > 8)
    }
    // Where a size of either kind may come, ONNX has the resize.
    #expect(try model.network.resizingScoresWhereNeeded().layers.last?.name == "up resized")
    let simple = try Architecture.fcnSimple.network(ArchitectureOptions(classes: 3, width: 0.02))
    #expect(try simple.resizingScoresWhereNeeded().layers.last?.name == "upsampled_final")
  }

  /// Of a last layer that could make labels itself, of which a resize is still to come.
  @Test(arguments: [1, 4], ["smaller", "larger", "bilinear", "nearest"])
  func labelsAreOfResizedScores(groups: Int, ending: String) throws {
    let upsampling = TransposedConvolution(
      4, kernel: Extent(8, 16), stride: Extent(4, 8), padding: Extent(2, 4), groups: groups)
    let steps: Extent = ending == "larger" ? Extent(2, 4) : Extent(8, 16)
    var layers = [
      Layer("features", Convolution(4, kernel: steps, stride: steps), [Network.inputName]),
      Layer("score", upsampling, ["features"]),
    ]
    if ending == "bilinear" || ending == "nearest" {
      let resize = Resize(to: .likeSecondInput, ending == "nearest" ? .nearest(.floor) : .bilinear)
      layers.append(Layer("resize", resize, ["score", Network.inputName]))
    }
    let network = try Network(inputChannels: 3, stride: 16, layers: layers)
    let model = try GraphFixture.model(NetworkGraph(network).text)
    let session = try Session.onProcessor(model)
    for (width, height) in [(48, 32), (37, 30)] {
      try session.run([try Self.picture(width, height)])
      let (scores, labels) = (try session.scores(), try session.labels())
      #expect(labels.count == width * height && Set(labels).count > 1)
      let wrong = labels.indices.count { pixel in
        let all = stride(from: pixel, to: scores.count, by: width * height).map { scores[$0] }
        return all.firstIndex(of: all.max() ?? 0) != Int(labels[pixel])
      }
      #expect(wrong == 0, "\(width)×\(height)")
    }
  }

  @Test func gradientsAreThoseOfAResizeAtTheEnd() throws {
    let network = try Self.model().network
    let table = try GraphFixture.table(network)
    let learned = Set(network.parameters.filter { $0.role != .statistic }.map(\.name))
    let shape = Shape(2, 3, 12, 20)
    let whole = try Network(
      inputChannels: 3, stride: 4,
      layers: network.layers.flatMap { layer -> [Layer] in
        guard ["aux", "score"].contains(layer.name) else { return [layer] }
        return [
          layer,
          Layer("\(layer.name)2", Resize(to: .likeSecondInput), [layer.name, Network.inputName]),
        ]
      }, auxiliaryScores: ["aux2": 0.5])
    func gradients(_ network: Network) throws -> (ParameterTable, [Tensor]) {
      let plan = try TrainingPlan(
        network, inputShape: shape,
        ProcessorTraining(
          network, parameters: table, learned: learned, pool: Self.pool.get()))
      let input = try Tensor.random(shape, seed: 2)
      plan.input.pointer.update(from: input.pointer, count: shape.count)
      try plan.forward(seed: 3)
      let scores = plan.scores.map(\.value)
      #expect(scores.count == 2)
      #expect(scores.allSatisfy { $0.shape == Shape(2, 2, 12, 20) })
      let made = try scores.map { try $0.copy() }
      for (index, gradient) in plan.scores.map(\.gradient).enumerated() {
        let upstream = try Tensor.random(gradient.shape, seed: 6, stream: UInt64(index))
        gradient.pointer.update(from: upstream.pointer, count: gradient.shape.count)
      }
      try plan.backward(seed: 3)
      return (plan.backend.gradients, made)
    }
    // Dropout's choices follow from a layer's number, which is the same in both.
    let (own, scores) = try gradients(network)
    let (expected, expectedScores) = try gradients(whole)
    for (made, wanted) in zip(scores, expectedScores) { #expect(made.elements == wanted.elements) }
    #expect(own.count == expected.count && own.count == 9)
    for (name, gradient) in expected {
      #expect(own[name]?.elements == gradient.elements, "\(name)")
    }
  }

  /// The loss reads auxiliary scores when all layers have run, so none may take their place.
  @Test func auxiliaryScoresThatAreReadOnAreNotOverwritten() throws {
    let network = try Network(
      inputChannels: 3, stride: 1,
      layers: [
        Layer("aux", Convolution(2, kernel: 1, makesScores: true), [Network.inputName]),
        Layer("scaled", Scale(by: -3), ["aux"]),
        Layer("score", Convolution(2, kernel: 1, makesScores: true), ["scaled"]),
      ], auxiliaryScores: ["aux": 0.5])
    let table = try GraphFixture.table(network)
    let shape = Shape(1, 3, 5, 6)
    let plan = try TrainingPlan(
      network, inputShape: shape,
      ProcessorTraining(
        network, parameters: table, learned: Set(table.keys), pool: Self.pool.get()))
    let input = try Tensor.random(shape, seed: 2)
    plan.input.pointer.update(from: input.pointer, count: shape.count)
    try plan.forward(seed: 1)
    let (weight, bias) = (try #require(table["aux.weight"]), try #require(table["aux.bias"]))
    let expected =
      bias.elements[0] + (0..<3).reduce(0) { $0 + weight[0, $1, 0, 0] * input[0, $1, 0, 0] }
    let scores = plan.scores[0].value
    expectClose([scores[0, 0, 0, 0]], [expected], absolute: 1e-5)
  }
}
