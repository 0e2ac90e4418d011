import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// A network from a file, with scores at a quarter of its input's size, trained.
struct GraphTrainingTests {
  private func model() throws -> Model {
    var description = try GraphFixture.description(GraphFixture.quarter)
    description.classNames = Patches().classNames
    return try Model.fresh(description, seed: 3)
  }

  @Test func aResumedTrainingEndsWithTheSameBits() throws {
    let (whole, broken) = (temporaryFolder(), temporaryFolder())
    defer { [whole, broken].forEach { try? FileManager.default.removeItem(atPath: $0) } }
    // 30 does not divide by the stride.
    let pictures = Patches(size: 30)
    let options = tinyTraining { $0.epochs = 2 }
    try train(options, in: whole, pictures: pictures, model: model())
    var minibatches = 0
    expectError(.aborted) {
      try train(options, in: broken, pictures: pictures, model: model()) {
        if case .minibatch = $0 { minibatches += 1 }
        return minibatches < 5  // in the middle of the second epoch
      }
    }
    #expect(try SavedTraining(folder: broken)?.description == model().description)
    try train(options, in: broken, resume: true, pictures: pictures, model: model())
    for name in ["model.safetensors", "best.safetensors"] {
      #expect(try File.read("\(whole)/\(name)") == File.read("\(broken)/\(name)"))
    }
    let trained = try Model(contentsOf: "\(whole)/model.safetensors")
    #expect(trained.description.graph?.text == GraphFixture.quarter)
    for name in ["conv1.weight", "aux.weight", "score.bias", "bn1.running_mean"] {
      #expect(try trained.weights[name]?.floats != model().weights[name]?.floats, "\(name)")
    }
  }

  @Test func itLearnsAndIsMeasuredAsItSegments() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pictures = Patches(size: 37)
    var losses: [Double] = []
    var measured: EpochRecord.Measures?
    try train(
      tinyTraining {
        $0.epochs = 12
        $0.learningRate = 0.02
      }, in: folder, pictures: pictures, model: model()
    ) {
      if case .epoch(let record) = $0 {
        losses.append(record.training.loss)
        measured = record.validation
      }
      return true
    }
    #expect(losses.count == 12 && losses[11] < losses[0] / 2, "\(losses)")
    let trained = try Model(contentsOf: "\(folder)/model.safetensors")
    let session = try Session.onProcessor(trained)
    var confusion = try ConfusionMatrix(classCount: 2)
    for index in 0..<pictures.count {
      let picture = try pictures.picture(at: index)
      try session.run([picture.image])
      var prediction = try LabelMap(width: 37, height: 37)
      prediction.labels = try session.labels()
      _ = try confusion.add(truth: picture.labels, prediction: prediction)
    }
    let evaluation = try trained.evaluate(on: pictures, threads: 1) { _, _, _ in true }
    #expect(evaluation.confusion.counts == confusion.counts)
    // The trainer measures without folding, so that a score may differ in its last bit.
    #expect(abs((measured?.pixelAccuracy ?? 0) - confusion.pixelAccuracy) < 0.01)
    #expect(confusion.pixelAccuracy > 0.85)
  }

  @Test func anotherGraphDoesNotGoOnWithIt() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let options = tinyTraining { $0.epochs = 1 }
    try train(options, in: folder, model: model())
    var other = try GraphFixture.description(
      GraphFixture.quarter.replacing("\"rate\":0.1", with: "\"rate\":0.2"))
    other.classNames = Patches().classNames
    expectError(.invalidArgument, saying: "is of another model") {
      try train(options, in: folder, resume: true, model: Model.fresh(other, seed: 3))
    }
  }

  @Test func theUsualTrainingKnowsItsNormalisation() throws {
    let facts = TrainingFacts(
      pictures: 100, size: .init(64, 48), classPixels: [], validationPictures: 10, cores: 4)
    let usual = UsualTraining(facts, saved: nil).options(of: try model())
    #expect(usual.learningRate == 0.002 && usual.clipNorm == 0)
  }
}
