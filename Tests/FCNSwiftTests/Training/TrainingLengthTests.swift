import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// How trainings end before their time, and go on beyond it.
@Suite struct TrainingLengthTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func trainer(
    _ options: TrainingOptions, in folder: String, resume: Bool = false, extend: Bool = false,
    model: Model? = nil
  ) throws -> Trainer {
    try Trainer(
      model: model ?? tinyModel(), training: Patches(), validation: Patches(), folder: folder,
      options: options, resume: resume, extend: extend)
  }

  @Test func withoutACheckpointResumingBegins() throws {
    try withFolder { folder in
      #expect(try SavedTraining(folder: folder) == nil)
      let trainer = try trainer(tinyTraining { $0.epochs = 1 }, in: folder, resume: true)
      #expect(try trainer.run { _ in true } == .allEpochs)
      #expect(trainer.epochsDone == 1)
    }
  }

  @Test func aConstantRateGoesOnToMoreEpochsWithTheBitsOfOneTraining() throws {
    let (whole, longer) = (temporaryFolder(), temporaryFolder())
    defer { [whole, longer].forEach { try? FileManager.default.removeItem(atPath: $0) } }
    try train(tinyTraining { $0.epochs = 3 }, in: whole)
    try train(tinyTraining { $0.epochs = 2 }, in: longer)
    try train(tinyTraining { $0.epochs = 3 }, in: longer, resume: true)
    #expect(
      try File.read("\(whole)/model.safetensors") == File.read("\(longer)/model.safetensors"))
    #expect(try File.read("\(whole)/best.safetensors") == File.read("\(longer)/best.safetensors"))
  }

  @Test func aRateThatFallsOverTheWholeLengthGoesOnOnlyWhereThatIsAskedFor() throws {
    try withFolder { folder in
      func falling(_ epochs: Int) -> TrainingOptions {
        tinyTraining {
          $0.epochs = epochs
          $0.schedule = .poly(power: 0.9)
        }
      }
      try train(falling(2), in: folder)
      let error = #expect(throws: FCNError.self) {
        try trainer(falling(4), in: folder, resume: true)
      }
      #expect(error?.kind == .invalidArgument)
      #expect(error?.message.contains("epochs was 2, is 4") == true)
      #expect(error?.message.contains("falls to 0") == true)
      #expect(error?.message.contains("allow it to be extended") == true)
      var rates: [Float] = []
      let extended = try trainer(falling(4), in: folder, resume: true, extend: true)
      try extended.run {
        if case .minibatch(let progress) = $0 { rates.append(progress.learningRate) }
        return true
      }
      // The second half of a training of twelve steps.
      #expect(rates.count == 6)
      #expect(abs(rates[0] - 0.005 * powf(0.5, 0.9)) < 1e-6)
      #expect(try SavedTraining(folder: folder)?.options.epochs == 4)
    }
  }

  @Test func theTimeLimitEndsAfterAnEpochThatIsMeasuredAndCanBeGoneOnFrom() throws {
    try withFolder { folder in
      let options = tinyTraining {
        $0.epochs = 40
        $0.evaluationInterval = 40
        $0.timeLimit = 1e-6
      }
      var records: [EpochRecord] = []
      let first = try trainer(options, in: folder)
      let ending = try first.run {
        if case .epoch(let record) = $0 { records.append(record) }
        return true
      }
      #expect(ending == .timeLimit)
      #expect(records.map(\.epoch) == [1])
      #expect(records[0].validation != nil)
      #expect(first.bestSoFar?.epoch == 1)
      #expect(try Model(contentsOf: "\(folder)/best.safetensors").parameterCount > 0)
      #expect(try first.run { _ in true } == .timeLimit)
      #expect(first.epochsDone == 2)
      let resumed = try trainer(options, in: folder, resume: true)
      #expect(resumed.epochsDone == 2)
      #expect(try resumed.run { _ in true } == .timeLimit)
      #expect(resumed.epochsDone == 3)
    }
  }

  @Test func patienceEndsATrainingThatGetsNoBetterAndMoreOfItGoesOn() throws {
    try withFolder { folder in
      // So small a rate, and no statistics, so that nothing changes: the first evaluation stays the
      // best.
      let model = try tinyModel(batchNorm: false)
      func patient(_ epochs: Int) -> TrainingOptions {
        tinyTraining {
          $0.epochs = 9
          $0.learningRate = 1e-30
          $0.weightDecay = 0
          $0.patience = epochs
        }
      }
      let first = try trainer(patient(2), in: folder, model: model)
      #expect(try first.run { _ in true } == .patience)
      #expect((first.epochsDone, first.bestSoFar?.epoch) == (3, 1))
      #expect(try first.run { _ in true } == .patience)
      #expect(first.epochsDone == 3)
      let second = try trainer(patient(4), in: folder, resume: true, model: model)
      #expect(second.bestSoFar?.epoch == 1)
      #expect(second.bestSoFar?.meanIU == first.bestSoFar?.meanIU)
      #expect(try second.run { _ in true } == .patience)
      #expect(second.epochsDone == 5)
      let last = try trainer(patient(0), in: folder, resume: true, model: model)
      #expect(try last.run { _ in true } == .allEpochs)
      #expect(last.epochsDone == 9)
    }
  }

  @Test func aCheckpointGivesBackTheOptionsThatItWasMadeWith() throws {
    let choices: [(inout TrainingOptions) -> Void] = [
      { $0.optimizer = .sgd(momentum: 0.37) },
      { $0.optimizer = .adamW(beta1: 0.81, beta2: 0.9991) },
      { $0.schedule = .step(epochs: 3, factor: 0.2) },
      { $0.schedule = .poly(power: 1.5) },
      { $0.classWeights = .enet },
      { $0.classWeights = .explicit([0.5, 2e-7]) },
      { $0.lossReduction = .sum },
      { $0.layerRates = ["conv": 0, "score=odd": 2.5] },
      {
        $0.augmentation = Augmentation(
          cropWidth: 64, cropHeight: 48, scale: 0.05...1.25, flip: true, brightness: 1e-5,
          contrast: 0.5)
      },
      {
        ($0.iterations, $0.accumulation, $0.seed) = (7, 2, .max)
        ($0.warmup, $0.clipNorm, $0.biasRate, $0.weightDecay) = (3, 1.5, 2, 1e-8)
      },
    ]
    for change in choices {
      let options = tinyTraining(change)
      let read = try TrainingOptions(decisive: options.decisive)
      #expect(read.decisive == options.decisive)
      var same = options
      (same.threads, same.augmentation) = (read.threads, read.augmentation)
      #expect(read == same)
      #expect(read.augmentation == options.augmentation)
    }
    for (name, value) in [("schedule", "cosine(restarts: 2)"), ("epochs", "x"), ("tilt", "3")] {
      expectError(.corrupt, saying: "option \(name), \"\(value)\"", "another version") {
        _ = try TrainingOptions(decisive: [name: value])
      }
    }
  }

  @Test func aCheckpointWhoseNumbersCannotBeIsDamaged() throws {
    try withFolder { folder in
      let options = tinyTraining { $0.epochs = 1 }
      try train(options, in: folder)
      let path = "\(folder)/checkpoint.safetensors"
      let metadata = try Safetensors(contentsOf: path).metadata
      let weights = try tinyModel().orderedWeights
      for (name, value) in [
        ("epoch", "-1"), ("epoch", "9223372036854775807"), ("best_epoch", "-3"),
        ("best_epoch", "9223372036854775807"), ("seconds", "nan"), ("evaluation_interval", "0"),
        ("pictures", "0"), ("pictures", "four"),
        ("steps", "9223372036854775807"), ("good_steps", "9223372036854775807"),
      ] {
        var damaged = metadata
        damaged["training.\(name)"] = value
        try Safetensors.write(weights, metadata: damaged, to: path)
        expectError(.corrupt, saying: "checkpoint") {
          _ = try trainer(options, in: folder, resume: true)
        }
        guard !name.hasSuffix("steps") else { continue }
        expectError(.corrupt, saying: "training.\(name)") {
          _ = try SavedTraining(folder: folder)
        }
      }
      var damaged = metadata
      damaged["training.option.epochs"] = "9223372036854775807"
      try Safetensors.write(weights, metadata: damaged, to: path)
      expectError(.corrupt, saying: "options", "epochs is 9223372036854775807") {
        _ = try SavedTraining(folder: folder)
      }
    }
    expectError(.invalidArgument, saying: "schedule's step") {
      try tinyTraining { $0.schedule = .step(epochs: .max, factor: 0.5) }.validate(classCount: 2)
    }
  }

  @Test func theEpochsBetweenEvaluationsAreKept() throws {
    try withFolder { folder in
      try train(
        tinyTraining {
          $0.epochs = 1
          $0.evaluationInterval = 7
        }, in: folder)
      let saved = try #require(try SavedTraining(folder: folder))
      #expect(saved.knowsEvaluationInterval)
      #expect(saved.options.evaluationInterval == 7)
    }
  }

  @Test func patienceWithoutPicturesToMeasureByIsRefused() throws {
    try withFolder { folder in
      expectError(.invalidArgument, saying: "the patience is 2 epochs") {
        _ = try Trainer(
          model: tinyModel(), training: Patches(), validation: nil, folder: folder,
          options: tinyTraining { $0.patience = 2 })
      }
    }
  }

  @Test func theIUOfEachClassIsLoggedAtEveryEvaluation() throws {
    try withFolder { folder in
      var last: EpochRecord?
      try train(
        tinyTraining {
          $0.epochs = 3
          $0.evaluationInterval = 2
        }, in: folder
      ) {
        if case .epoch(let record) = $0 { last = record }
        return true
      }
      let lines = String(decoding: try File.read("\(folder)/class-iu.csv"), as: UTF8.self)
        .split(separator: "\n")
      #expect(lines.first == "epoch,dark,bright")
      #expect(lines.dropFirst().compactMap { $0.split(separator: ",").first } == ["2", "3"])
      let values = lines.last?.split(separator: ",").dropFirst().compactMap { Float($0) }
      #expect(values == last?.validation?.classIU.map { Float($0) })
    }
    #expect(
      EpochRecord.classHeader(["a,b", "say \"c\"", "d"]) == "epoch,\"a,b\",\"say \"\"c\"\"\",d")
  }
}
