import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// The table of a training's options, and what follows from it.
@Suite struct TrainingOptionTests {
  /// A new property belongs to the table, or here, where nothing is checked and nothing decides.
  @Test func everyPropertyIsInTheTable() {
    let free: Set = ["device", "precision"]
    let properties = Mirror(reflecting: TrainingOptions()).children.compactMap(\.label)
    let names = TrainingOption.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(names).union(free) == Set(properties))
    #expect(free.isDisjoint(with: names))
  }

  @Test func everyRowReadsAndWritesItsOwnProperty() throws {
    func value(_ name: String, _ options: TrainingOptions) -> String {
      let child = Mirror(reflecting: options).children.first { $0.label == name }
      return child.map { "\($0.value)" } ?? ""
    }
    let others = [
      "optimizer": "adamW(beta1: 0.5, beta2: 0.25)", "layerRates": "conv1=0.5",
      "schedule": "step(epochs: 3, factor: 0.2)", "lossReduction": "sum",
      "classWeights": "explicit([0.5, 2e-07])",
      "augmentation": "Augmentation(cropWidth: 64, cropHeight: 48, scale: ClosedRange(0.6...1.6), "
        + "flip: true, brightness: 0.25, contrast: 0.5)",
      "keepsEveryEpoch": "true", "elementType": "F16",
    ]
    for option in TrainingOption.all {
      var options = TrainingOptions()
      let before = options
      option.read(&options, others[option.name] ?? "7")
      for row in TrainingOption.all {
        #expect((value(row.name, options) != value(row.name, before)) == (row.name == option.name))
      }
      let unread = options
      option.read(&options, "nonsense")
      #expect(options == unread || option.name == "layerRates", "\(option.name)")
    }
  }

  /// The very texts that checkpoints of earlier versions hold.
  @Test func textsStayAsTheyWere() throws {
    var options = TrainingOptions()
    #expect(
      options.decisive == [
        "epochs": "62", "batchSize": "10", "optimizer": "sgd(momentum: 0.9)",
        "learningRate": "0.01", "weightDecay": "0.0005", "biasRate": "1.0", "biasDecay": "0.0",
        "layerRates": "", "schedule": "constant", "warmup": "0", "clipNorm": "0.0",
        "lossReduction": "mean", "classWeights": "none", "seed": "1",
        "augmentation":
          "Augmentation(cropWidth: 0, cropHeight: 0, scale: ClosedRange(1.0...1.0), flip: false, "
          + "brightness: 0.0, contrast: 0.0)",
      ])
    (options.iterations, options.accumulation, options.lossReduction) = (5, 2, .sum)
    options.layerRates = ["score": 2.5, "conv": 0]
    options.optimizer = .adamW()
    let text = options.decisive
    #expect((text["iterations"], text["accumulation"]) == ("5", "2"))
    #expect((text["lossReduction"], text["layerRates"]) == ("sum", "conv=0.0,score=2.5"))
    #expect(text["optimizer"] == "adamW(beta1: 0.9, beta2: 0.999)")
    // Where the work is done, when it is looked at and how long it may take decide nothing.
    (options.threads, options.evaluationInterval, options.patience) = (3, 4, 5)
    options.timeLimit = 6
    #expect(options.decisive == text)
  }

  @Test func whatIsToldNamesEveryChangeOfSomething() {
    var options = Recipe.modern.options
    #expect(options.words(on: .length) == "60 epochs")
    #expect(options.words(on: .minibatch) == "8 pictures")
    #expect(options.words(on: .optimizer) == "AdamW, weight decay 0.01")
    #expect(
      options.words(on: .rate)
        == "0.002, falling to 0 with power 0.9, warmed up over 100 iterations")
    #expect(options.words(on: .loss) == "cross-entropy, mean over labelled pixels")
    #expect(options.words(on: .biases).isEmpty && options.words(on: .models).isEmpty)
    #expect(
      options.words(on: .pictures)
        == "scaled 0.6…1.6, cropped to 256×256, every second one mirrored, brightness ± 0.2, "
        + "contrast ± 0.2")
    (options.iterations, options.patience, options.timeLimit) = (2000, 3, 90)
    (options.evaluationInterval, options.accumulation, options.biasRate) = (2, 4, 2)
    (options.lossReduction, options.clipNorm, options.classWeights) = (.sum, 1, .enet)
    (options.layerRates, options.schedule) = (["conv1": 0], .step(epochs: 1, factor: 0.5))
    (options.augmentation, options.elementType) = (Augmentation(), .float16)
    #expect(
      options.words(on: .length)
        == "2,000 iterations, ended by 3 epochs without a better mean IU, at most 1:30, an evaluation "
        + "every 2 epochs")
    #expect(options.words(on: .minibatch) == "8 pictures, gradients of 4 minibatches a step")
    #expect(options.words(on: .biases) == "rate × 2.0, weight decay × 0.0")
    #expect(
      options.words(on: .rate)
        == "0.002, × 0.5 every epoch, warmed up over 100 iterations; conv1… × 0.0")
    #expect(
      options.words(on: .loss)
        == "cross-entropy, summed over pixels, weighted by class; gradients clipped to 1.0")
    #expect(options.words(on: .pictures) == "as they are")
    #expect(options.words(on: .models) == "stored as float16")
  }

  /// No door's spelling stands in the table, and what it refers to exists.
  @Test func helpsNameOptionsOfTheTableAlone() {
    let names = Set(TrainingOption.all.map(\.name))
    for option in TrainingOption.all {
      #expect(!option.help.contains("--"), "\(option.name)")
      let parts = option.help.split(separator: "`", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() where index % 2 == 1 {
        #expect(names.contains(String(part)), "\(option.name): \(part)")
      }
    }
  }

  @Test func whatIsOutOfRangeIsRefusedByNameAndTheEdgesAreTaken() throws {
    func message(_ change: (inout TrainingOptions) -> Void) -> String? {
      var options = TrainingOptions()
      change(&options)
      do {
        try options.validate(classCount: 2)
        return nil
      } catch {
        return (error as? FCNError)?.message ?? "\(error)"
      }
    }
    for (change, wanted) in [
      ({ $0.epochs = 0 }, "epochs is 0; it must be 1…1000000"),
      ({ $0.batchSize = 1025 }, "batch size is 1025; it must be 1…1024"),
      ({ $0.learningRate = 0 }, "learning rate is 0.0; it must be above 0, at most 1000"),
      ({ $0.learningRate = .nan }, "learning rate is nan; it must be above 0, at most 1000"),
      ({ $0.clipNorm = .infinity }, "clip norm is inf; it must be at least 0"),
      ({ $0.timeLimit = -1 }, "time limit is -1.0; it must be 0…1000000000"),
      ({ $0.threads = 1025 }, "threads is 1025; it must be 0…1024"),
      ({ $0.optimizer = .sgd(momentum: 1) }, "momentum is 1.0; it must be 0…0.9999"),
      ({ $0.optimizer = .adamW(beta2: 1) }, "beta2 is 1.0; it must be 0…0.999999"),
      (
        { $0.schedule = .step(factor: 0) },
        "the schedule's factor is 0.0; it must be above 0, at most 1"
      ),
      (
        { $0.schedule = .poly(power: 11) },
        "the schedule's power is 11.0; it must be above 0, at most 10"
      ),
      ({ $0.layerRates = ["conv": -1] }, "the rate of layers conv… is -1.0; it must be 0…1000"),
      (
        { $0.classWeights = .explicit([1, .nan]) },
        "the weight of class 1 is nan; it must be 0…1000000"
      ),
      (
        { $0.classWeights = .explicit([1]) },
        "the number of class weights is 1; it must be 2, one for each class"
      ),
      ({ $0.augmentation.cropWidth = -1 }, "a side of the crop is -1; it must be 0…65536"),
      ({ $0.augmentation.contrast = 2 }, "the contrast is 2.0; it must be 0…1"),
    ] as [((inout TrainingOptions) -> Void, String)] {
      #expect(message(change) == wanted)
    }
    #expect(message { ($0.epochs, $0.learningRate, $0.clipNorm) = (1_000_000, 1000, 1e38) } == nil)
    #expect(message { ($0.epochs, $0.threads, $0.iterations) = (1, 1024, 1_000_000_000) } == nil)
  }

  @Test func aFactorForLayersThatTheNetworkLacksIsRefused() throws {
    let folder = temporaryFolder()
    expectError(.invalidArgument, saying: "layers conf…", "no layer whose name begins so") {
      try train(tinyTraining { $0.layerRates = ["conv": 0, "conf": 0] }, in: folder)
    }
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  @Test func aRateGoesWithItsOptimizer() {
    var options = TrainingOptions()
    (options.learningRate, options.weightDecay) = (0.5, 0.25)
    options.setOptimizer(.sgd(momentum: 0.5))
    #expect((options.learningRate, options.weightDecay) == (0.5, 0.25))
    options.setOptimizer(.adamW())
    #expect((options.learningRate, options.weightDecay) == (0.001, 0.25))
    options.setOptimizer(.sgd())
    #expect((options.learningRate, options.weightDecay) == (0.01, 5e-4))
  }
}
