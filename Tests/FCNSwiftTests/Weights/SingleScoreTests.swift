import FCNTestSupport
import Testing

@testable import FCNSwift

/// Networks with one score, as a sigmoid's, becoming models of two classes.
struct SingleScoreTests {
  /// A network of one score with random weights of its file's names and shapes.
  private func single(
    _ name: String, auxiliaryHead: Bool = false
  ) throws -> (network: Network, weights: [WeightTensor]) {
    let network = try Architecture.named(name).network(
      ArchitectureOptions(classes: 1, width: 0.03125, auxiliaryHead: auxiliaryHead))
    var generator = SeededGenerator(seed: 21)
    let weights = try network.parameters.map { parameter in
      let fanIn = max(1, parameter.shape.dropFirst().reduce(1, *))
      let scale = (3 / Float(fanIn)).squareRoot()
      let isPositive = parameter.name.hasSuffix("running_var")
      return try WeightTensor(
        name: parameter.name, shape: parameter.shape,
        floats: (0..<parameter.count).map { _ in
          isPositive
            ? 1 : parameter.shape.count == 1 ? 0.3 * generator.normal() : scale * generator.normal()
        })
    }
    return (network, weights)
  }

  private func scores(_ network: Network, _ weights: [WeightTensor], _ input: Tensor) throws
    -> [Float]
  {
    let shapes = Dictionary(
      network.parameters.map { ($0.name, $0.tensorShape) }, uniquingKeysWith: { first, _ in first })
    let table = try weights.reduce(into: ParameterTable()) { table, weight in
      table[weight.name] = try Tensor(try #require(shapes[weight.name]), weight.floats)
    }
    let plan = try Plan(
      network.withoutAuxiliaryScores(), parameters: table, inputShape: input.shape,
      pool: WorkerPool(threads: 1))
    plan.input.pointer.update(from: input.pointer, count: input.shape.count)
    try plan.run()
    return plan.output.elements
  }

  @Test(arguments: [
    "fcn-simple", "fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet", "fcn-resnet50",
  ])
  func theScoreIsThatOfTheSecondClass(name: String) throws {
    let (network, weights) = try single(name, auxiliaryHead: name == "fcn-resnet50")
    var options = ImportOptions()
    options.architecture = name
    let found = try ForeignWeights(format: .pytorch, tensors: weights).translated()
      .recognized(options)
    guard case .model(let model) = found else {
      Issue.record("no model was found")
      return
    }
    #expect(model.description.classNames == ["background", "foreground"])
    #expect(model.description.options.classes == 2)
    #expect(model.description.note.contains("one score"))
    let input = try Tensor(Shape(1, 3, 64, 96))
    var generator = SeededGenerator(seed: 4)
    for i in 0..<input.shape.count { input.pointer[i] = generator.normal() }
    let wanted = try scores(network, weights, input)
    let both = try scores(model.network, model.orderedWeights, input)
    let plane = 64 * 96
    #expect(both[..<plane].allSatisfy { $0 == 0 })
    let range = (wanted.max() ?? 0) - (wanted.min() ?? 0)
    #expect(range > 0)
    let size = wanted.reduce(0) { max($0, abs($1)) }
    expectClose(Array(both[plane...]), wanted, absolute: 1e-5 * size)
  }

  @Test func theImporterNamesTheThing() throws {
    let (_, weights) = try single("fcn-simple")
    for (given, wanted) in [(["cell"], ["background", "cell"]), (["no", "yes"], ["no", "yes"])] {
      var options = ImportOptions()
      options.classNames = given
      options.note = "mine"
      let found = try ForeignWeights(format: .pytorch, tensors: weights).translated()
        .recognized(options)
      guard case .model(let model) = found else {
        Issue.record("no model was found")
        return
      }
      #expect(model.description.classNames == wanted)
      #expect(model.description.note == "mine")
    }
  }

  @Test func aModelOfOneClassIsRefused() throws {
    expectError(.invalidArgument, saying: "one class", "2…255") {
      _ = try Model.fresh(
        ModelDescription(
          architecture: "fcn-simple", options: ArchitectureOptions(classes: 1, width: 0.05),
          classNames: ["thing"], palette: Palette.voc(count: 1), preprocessing: .torchvision),
        seed: 1)
    }
  }
}
