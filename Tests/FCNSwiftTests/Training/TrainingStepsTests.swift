import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// What makes up a step: several minibatches, auxiliary heads; and how many steps there are.
struct TrainingStepsTests {
  let folder = temporaryFolder()

  private func clean() { try? FileManager.default.removeItem(atPath: folder) }

  @Test func aTrainingOfSoManyStepsEndsWithinAnEpochAndResumes() throws {
    let other = temporaryFolder()
    defer {
      clean()
      try? FileManager.default.removeItem(atPath: other)
    }
    // Three minibatches an epoch.
    let options = tinyTraining { $0.iterations = 7 }
    var records: [EpochRecord] = []
    try train(options, in: folder) {
      if case .epoch(let record) = $0 { records.append(record) }
      return true
    }
    #expect(records.map(\.iteration) == [3, 6, 7])
    #expect(records.last?.validation != nil)
    let error = #expect(throws: FCNError.self) {
      try train(options, in: other) {
        if case .epoch(let record) = $0 { return record.epoch < 2 }
        return true
      }
    }
    #expect(error?.message.contains("2 of 3 epochs are saved") == true)
    try train(options, in: other, resume: true)
    #expect(
      try File.read("\(folder)/model.safetensors") == File.read("\(other)/model.safetensors"))
  }

  /// Every picture has as many labelled pixels, so means of means are means.
  @Test func gradientsOfSeveralMinibatchesMakeOneStepOfALargerOne() throws {
    let other = temporaryFolder()
    defer {
      clean()
      try? FileManager.default.removeItem(atPath: other)
    }
    let model = try tinyModel(batchNorm: false)
    func options(_ batchSize: Int, _ accumulation: Int) -> TrainingOptions {
      tinyTraining {
        ($0.batchSize, $0.accumulation, $0.epochs) = (batchSize, accumulation, 2)
        ($0.optimizer, $0.learningRate) = (.sgd(momentum: 0.9), 0.01)
      }
    }
    try train(options(6, 1), in: folder, model: model)
    try train(options(2, 3), in: other, model: model)
    let (whole, parts) = (
      try Model(contentsOf: "\(folder)/model.safetensors"),
      try Model(contentsOf: "\(other)/model.safetensors")
    )
    for tensor in whole.orderedWeights {
      let found = try #require(parts.weights[tensor.name])
      let largest = zip(tensor.floats, found.floats).map { abs($0 - $1) }.max() ?? 0
      #expect(largest < 1e-5, "\(tensor.name)")
      #expect(tensor.floats != model.weights[tensor.name]?.floats, "\(tensor.name)")
    }
  }

  @Test func moreMinibatchesAStepThanThereAreTakesThoseThereAre() throws {
    defer { clean() }
    var steps = 0
    try train(tinyTraining { ($0.accumulation, $0.epochs) = (50, 2) }, in: folder) {
      if case .minibatch = $0 { steps += 1 }
      return true
    }
    #expect(steps == 2)
  }

  @Test(arguments: [false, true])
  func upsamplingStaysBilinearUnlessItIsToldToLearn(learns: Bool) throws {
    defer { clean() }
    let model = try Model.fresh(
      ModelDescription(
        architecture: "fcn32s",
        options: ArchitectureOptions(classes: 2, width: 0.01, denseUpsampling: learns),
        classNames: ["dark", "bright"], palette: Palette.voc(count: 2), preprocessing: .caffe),
      seed: 3)
    try train(
      tinyTraining {
        $0.epochs = 1
        if learns { $0.layerRates = ["upscore": 1] }
      }, in: folder, model: model)
    let trained = try Model(contentsOf: "\(folder)/model.safetensors")
    let (before, after) = (model.weights["upscore.weight"], trained.weights["upscore.weight"])
    #expect(before?.shape == (learns ? [2, 2, 64, 64] : [2, 1, 64, 64]))
    #expect((before?.floats != after?.floats) == learns)
    #expect(model.weights["score_fr.weight"]?.floats != trained.weights["score_fr.weight"]?.floats)
  }

  private func resNet(auxiliaryHead: Bool) throws -> Model {
    try Model.fresh(
      ModelDescription(
        architecture: "fcn-resnet50",
        options: ArchitectureOptions(classes: 2, width: 0.03125, auxiliaryHead: auxiliaryHead),
        classNames: ["dark", "bright"], palette: Palette.voc(count: 2),
        preprocessing: .torchvision), seed: 3)
  }

  @Test func anAuxiliaryHeadLearnsAndTeachesTheTrunk() throws {
    defer { clean() }
    let model = try resNet(auxiliaryHead: true)
    try train(tinyTraining { $0.epochs = 1 }, in: folder, model: model)
    let trained = try Model(contentsOf: "\(folder)/model.safetensors")
    for name in ["aux_classifier.4.weight", "aux_classifier.0.weight", "backbone.conv1.weight"] {
      #expect(trained.weights[name]?.floats != model.weights[name]?.floats, "\(name)")
    }
  }

  /// ∂(main + ½ auxiliary) by a weight that both depend on is the sum of what each alone gives.
  @Test func gradientsAreThoseOfBothLosses() throws {
    let name = "backbone.layer1.0.conv1.weight"
    let model = try resNet(auxiliaryHead: true)
    let pool = try WorkerPool(threads: 1)
    let plan = try TrainingPlan(
      model.network, inputShape: Shape(2, 3, 24, 24),
      ProcessorTraining(
        model.network, parameters: model.parameterTable().mapValues { try $0.copy() },
        learned: [name], pool: pool))
    let (auxiliary, own) = (plan.scores[0], plan.own)
    #expect(plan.scores.count == 2 && auxiliary.factor == 0.5 && own.factor == 1)
    #expect(auxiliary.value.shape == own.value.shape)
    let input = try Tensor.random(plan.input.shape, seed: 8)
    let upstream = try [9, 10].map { try Tensor.random(own.value.shape, seed: $0) }

    func gradient(main: Float, auxiliary factor: Float) throws -> [Float] {
      plan.input.pointer.update(from: input.pointer, count: input.shape.count)
      try plan.forward(seed: 2)
      for i in 0..<own.value.shape.count {
        own.gradient.pointer[i] = main * upstream[0].pointer[i]
        auxiliary.gradient.pointer[i] = factor * upstream[1].pointer[i]
      }
      try plan.backward(seed: 2)
      return try #require(plan.backend.gradients[name]).elements
    }
    let (one, other) = (
      try gradient(main: 1, auxiliary: 0), try gradient(main: 0, auxiliary: 1)
    )
    let both = try gradient(main: 1, auxiliary: 1)
    let scale = both.map(abs).max() ?? 0
    #expect(one != other && one.contains { $0 != 0 } && other.contains { $0 != 0 })
    expectClose(both, zip(one, other).map { $0 + $1 }, absolute: scale * 1e-4)
  }
}
