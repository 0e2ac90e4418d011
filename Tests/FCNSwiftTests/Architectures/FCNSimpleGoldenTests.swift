import FCNTestSupport
import Testing

@testable import FCNSwift

/// Whole networks against what PyTorch computes; the files come from Goldens/make_fcn_simple.py.
struct FCNSimpleGoldenTests {
  static let models = ["fcn-simple", "fcn-simple-bn"]

  private func path(_ name: String) -> String {
    LayerGoldens.folder.appendingPathComponent(name).path
  }

  /// No form switched off; each by itself; and all but the reference forms.
  private func formChoices(of model: Model) -> [Set<String>] {
    let fast = Session.formNames(of: model).filter { !$0.hasSuffix(".reference") }
    return [[]] + fast.map { [$0] } + [Set(fast)]
  }

  @Test(arguments: models)
  func scoresAndLabelsAgreeWithPyTorch(name: String) throws {
    let model = try Model(contentsOf: path("\(name).safetensors"))
    let wanted = try Safetensors(contentsOf: path("\(name).scores.safetensors"))
    #expect(!wanted.entries.isEmpty)
    for disabled in formChoices(of: model) {
      let session = try Session(model: model, options: .init(threads: 2, disabledForms: disabled))
      for entry in wanted.entries {
        let picture = try Image(contentsOf: path(entry.name))
        let scores = try wanted.tensor(named: entry.name).fourDimensional()
        #expect(scores.shape == Shape(1, 3, picture.height, picture.width))
        try session.run([picture])
        let actual = try Tensor(scores.shape)
        try actual.withUnsafeElements { try session.copyScores(0, to: $0) }
        // The scores range over about 10. Portable loops, which round each product, are 2.23e-5 away.
        expectClose(
          actual, scores, absolute: 3e-5, "\(name), \(entry.name) without \(disabled.sorted())")
        #expect(try session.labelMap(0).labels == labels(scores))
      }
    }
  }

  /// The class of the largest score of each pixel.
  private func labels(_ scores: Tensor) -> [UInt8] {
    let (elements, plane) = (scores.elements, scores.shape.planeCount)
    return (0..<plane).map { pixel in
      let best = (0..<scores.shape.c).max {
        elements[$0 * plane + pixel] < elements[$1 * plane + pixel]
      }
      return UInt8(best ?? 0)
    }
  }
}

/// One step of training with batch norm: every gradient and running statistic.
struct TrainingStepGoldenTests {
  private let golden: Safetensors
  private let network: Network

  init() throws {
    golden = try Safetensors(
      contentsOf: LayerGoldens.folder.appendingPathComponent("fcn-simple-training.safetensors").path
    )
    network = try Architecture.fcnSimple.network(
      ArchitectureOptions(classes: 3, width: 0.03, batchNorm: true))
  }

  private func tensor(_ name: String) throws -> Tensor {
    try golden.tensor(named: name).fourDimensional()
  }

  @Test(arguments: [(false, 1), (false, 3), (true, 1)])
  func aTrainingStepAgreesWithPyTorch(onlyReferenceForms: Bool, threads: Int) throws {
    let parameters = try network.parameters.reduce(into: ParameterTable()) {
      $0[$1.name] = try tensor("weight/\($1.name)")
    }
    let input = try tensor("input")
    let pool = try WorkerPool(threads: threads)
    let plan = try TrainingPlan(
      network, inputShape: input.shape,
      ProcessorTraining(
        network, parameters: parameters,
        learned: Set(network.parameters.filter { $0.role != .statistic }.map(\.name)), pool: pool,
        disabledForms: onlyReferenceForms
          ? Set(network.formNames.filter { !$0.hasSuffix(".reference") }) : []))
    plan.input.pointer.update(from: input.pointer, count: input.shape.count)
    try plan.forward(seed: 0)
    expectClose([Float(try loss(of: plan, pool))], try tensor("loss").elements, absolute: 1e-6)
    try plan.backward(seed: 0)

    for parameter in network.parameters {
      let name = parameter.name
      if parameter.role == .statistic {
        let statistic = try #require(parameters[name])
        expectClose(statistic, try tensor("after/\(name)"), absolute: 2e-6, relative: 2e-6, name)
        #expect(plan.backend.gradients[name] == nil)
      } else {
        let gradient = try #require(plan.backend.gradients[name])
        let wanted = try tensor("gradient/\(name)")
        // Thirteen batch norms over few values magnify rounding errors.
        let scale = max(wanted.elements.map(abs).max() ?? 0, 0.01)
        expectClose(gradient, wanted, absolute: scale * 1e-4, "gradient by \(name)")
      }
    }
  }

  private func loss(of plan: TrainingPlan<ProcessorTraining>, _ pool: WorkerPool) throws -> Double {
    let labels = try tensor("labels").elements.map { UInt8($0) }
    var predictions = labels
    let loss = SoftmaxCrossEntropy(reduction: .mean, classWeights: nil)
    return labels.withUnsafeBufferPointer { labels in
      predictions.withUnsafeMutableBufferPointer {
        loss.reduced(
          loss.evaluate(
            plan.own.value, labels, gradient: plan.own.gradient, predictions: $0, pool))
      }
    }
  }
}
