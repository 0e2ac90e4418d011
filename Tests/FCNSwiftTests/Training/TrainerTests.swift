import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

@Suite struct TrainerTests {
  @Test func trainingLearnsWhatIsThereToLearn() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var records: [EpochRecord] = []
    try train(tinyTraining { $0.epochs = 12 }, in: folder) {
      if case .epoch(let record) = $0 { records.append(record) }
      return true
    }
    #expect(records.count == 12)
    #expect(records[11].training.loss < records[0].training.loss / 2)
    #expect((records[11].validation?.pixelAccuracy ?? 0) > 0.9)
    let best = try Model(contentsOf: "\(folder)/best.safetensors")
    let evaluation = try best.evaluate(on: Patches(), threads: 1) { _, _, _ in true }
    #expect(evaluation.confusion.meanIU == records.compactMap { $0.validation?.meanIU }.max())
  }

  @Test func theNumberOfThreadsDoesNotChangeABit() throws {
    let folders = [temporaryFolder(), temporaryFolder()]
    defer { folders.forEach { try? FileManager.default.removeItem(atPath: $0) } }
    for (folder, threads) in zip(folders, [1, 3]) {
      try train(tinyTraining { $0.threads = threads }, in: folder)
    }
    let models = try folders.map { try File.read("\($0)/model.safetensors") }
    #expect(models[0] == models[1])
  }

  @Test(arguments: [Optimizer.sgd(momentum: 0.9), .adamW()])
  func aResumedTrainingEndsWithTheSameBits(_ optimizer: Optimizer) throws {
    let (whole, broken) = (temporaryFolder(), temporaryFolder())
    defer { [whole, broken].forEach { try? FileManager.default.removeItem(atPath: $0) } }
    let options = tinyTraining {
      $0.optimizer = optimizer
      $0.augmentation.flip = true
      $0.schedule = .poly(power: 0.9)
    }
    try train(options, in: whole)
    var minibatches = 0
    let error = #expect(throws: FCNError.self) {
      try train(options, in: broken) {
        if case .minibatch = $0 { minibatches += 1 }
        return minibatches < 5  // in the middle of the second epoch
      }
    }
    #expect(error?.kind == .aborted)
    try train(options, in: broken, resume: true)
    for name in ["model.safetensors", "best.safetensors"] {
      #expect(try File.read("\(whole)/\(name)") == File.read("\(broken)/\(name)"))
    }
    func rows(_ folder: String) throws -> [String] {
      String(decoding: try File.read("\(folder)/log.csv"), as: UTF8.self)
        .split(separator: "\n").map { $0.split(separator: ",").dropLast().joined(separator: ",") }
    }
    #expect(try rows(whole) == rows(broken))
  }

  @Test func aFolderThatGoesAwayLosesNothingThatWasWritten() throws {
    let (whole, broken) = (temporaryFolder(), temporaryFolder())
    let away = broken + "-away"
    defer { [whole, broken, away].forEach { try? FileManager.default.removeItem(atPath: $0) } }
    try train(tinyTraining(), in: whole)
    let error = #expect(throws: FCNError.self) {
      try train(tinyTraining(), in: broken) {
        guard case .epoch(let record) = $0, record.epoch == 1 else { return true }
        // As a volume that is unmounted: a plain file stands where the folder was.
        return rename(broken, away) == 0
          && FileManager.default.createFile(
            atPath: broken, contents: nil)
      }
    }
    #expect(error?.kind == .inputOutput)
    #expect(error?.message.contains(broken) == true)
    try FileManager.default.removeItem(atPath: broken)
    try FileManager.default.moveItem(atPath: away, toPath: broken)
    try train(tinyTraining(), in: broken, resume: true)
    #expect(
      try File.read("\(whole)/model.safetensors") == File.read("\(broken)/model.safetensors"))
  }

  @Test func resumingWithOtherOptionsNamesThem() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try train(tinyTraining { $0.epochs = 1 }, in: folder)
    let error = #expect(throws: FCNError.self) {
      try train(
        tinyTraining {
          $0.epochs = 1
          $0.learningRate = 0.25
        }, in: folder, resume: true)
    }
    #expect(error?.message.contains("learning rate was 0.005, is 0.25") == true)
  }

  @Test func resumingOnMoreOrFewerPicturesIsRefused() throws {
    let checkpoint = Checkpoint(
      epoch: 1, best: nil, seconds: 1, pictureCount: 4,
      options: [:], counts: nil, place: nil, description: try tinyModel().description,
      parameters: [:], optimizerState: [:])
    try checkpoint.checkPictures(4)
    expectError(.invalidArgument, saying: "from 4 pictures", "there are 7") {
      try checkpoint.checkPictures(7)
    }
  }

  @Test func aFolderWithATrainingIsNotOverwritten() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try train(tinyTraining { $0.epochs = 1 }, in: folder)
    let before = try File.read("\(folder)/model.safetensors")
    let error = #expect(throws: FCNError.self) { try train(tinyTraining(), in: folder) }
    #expect(error?.kind == .invalidState)
    #expect(try File.read("\(folder)/model.safetensors") == before)
  }

  @Test func aLossThatIsNotFiniteStopsWithTheLayersNameAndTheCheckpointKept() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = try tinyModel(batchNorm: false)
    let hot = tinyTraining {
      $0.optimizer = .sgd(momentum: 0.9)
      $0.learningRate = 1000
      $0.epochs = 50
    }
    let error = #expect(throws: FCNError.self) { try train(hot, in: folder, model: model) }
    #expect(error?.kind == .notFinite)
    #expect(error?.message.contains("layer conv") == true || error?.message.contains(".") == true)
    if File.exists("\(folder)/model.safetensors") {
      let kept = try Model(contentsOf: "\(folder)/model.safetensors")
      #expect(kept.weights.values.allSatisfy { $0.floats.allSatisfy { $0.isFinite } })
    }
  }

  @Test func aWeightThatIsNotFiniteIsFoundByLayer() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = try tinyModel(batchNorm: false)
    let spoilt = try Model(
      description: model.description,
      weights: model.orderedWeights.map { weight in
        var floats = weight.floats
        if weight.name == "conv3_2.weight" { floats[0] = .nan }
        return try WeightTensor(name: weight.name, shape: weight.shape, floats: floats)
      })
    let error = #expect(throws: FCNError.self) {
      try train(tinyTraining(), in: folder, model: spoilt)
    }
    #expect(error?.kind == .notFinite)
    #expect(error?.message.contains("layer conv3_2") == true)
  }

  @Test func valuesThatOverflowAreFoundByLayer() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    expectError(.notFinite, saying: "the loss is", "layer conv4_2") {
      try train(tinyTraining(), in: folder, model: Spoilt.overflowing())
    }
  }

  @Test func picturesWithoutALabelTeachNothingAndBreakNothing() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pictures = Patches(leftLabel: LabelMap.ignore)
    var losses: [Double] = []
    try train(tinyTraining(), in: folder, pictures: pictures) {
      if case .minibatch(let progress) = $0 { losses.append(progress.loss) }
      return true
    }
    #expect(losses.allSatisfy { $0.isFinite })
  }

  @Test func frozenLayersStayAsTheyWere() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = try tinyModel(batchNorm: false)
    try train(tinyTraining { $0.layerRates = ["conv": 0, "conv5_3": 1] }, in: folder, model: model)
    let trained = try Model(contentsOf: "\(folder)/model.safetensors")
    #expect(trained.weights["conv1_1.weight"]?.floats == model.weights["conv1_1.weight"]?.floats)
    #expect(trained.weights["conv5_3.weight"]?.floats != model.weights["conv5_3.weight"]?.floats)
  }

  @Test func aReadOnlyFolderIsAnErrorThatNamesIt() throws {
    let error = #expect(throws: FCNError.self) {
      try train(tinyTraining(), in: "/proc/fcn-nowhere")
    }
    #expect(error?.kind == .inputOutput)
    #expect(error?.message.contains("/proc/fcn-nowhere") == true)
  }
}
