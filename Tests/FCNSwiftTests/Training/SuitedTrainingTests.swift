import Testing

@testable import FCNSwift

/// What is chosen for somebody who names nothing.
@Suite struct SuitedTrainingTests {
  /// Twenty pictures of eleven classes, one of them rare, on two cores; changed by `change`.
  private func suited(_ change: (inout TrainingFacts) -> Void = { _ in }) -> SuitedTraining {
    var facts = TrainingFacts(
      pictures: 20, size: .init(480, 360), classPixels: [500, 300, 190, 10], validationPictures: 20,
      cores: 2)
    change(&facts)
    return SuitedTraining(facts)
  }

  @Test func twentyPicturesOnTwoCores() {
    let choice = suited()
    #expect(choice.width == 0.25)
    #expect(choice.batchNorm)
    #expect(choice.longestSide == nil)
    let options = choice.options
    #expect(options.batchSize == 4)
    #expect(options.epochs == 240)
    #expect((options.augmentation.cropWidth, options.augmentation.cropHeight) == (256, 256))
    #expect(options.learningRate == 0.002)
    #expect(options.clipNorm == 0)
    #expect(options.warmup == 100)
    #expect(options.classWeights == .enet)
    #expect(choice.rarestClass?.index == 3)
    #expect(choice.rarestClass?.share == 0.01)
    #expect(options.evaluationInterval == 6)
    if case .poly = options.schedule {} else { Issue.record("\(options.schedule)") }
  }

  @Test(arguments: [
    // pictures, minibatch, epochs
    (1, 1, 300), (7, 1, 300), (8, 2, 300), (16, 4, 300), (31, 4, 155), (32, 8, 150), (200, 8, 24),
    (800, 8, 12), (2913, 8, 6), (1_000_000, 8, 5),
  ])
  func theLengthFollowsFromThePictures(pictures: Int, batch: Int, epochs: Int) {
    let options = suited { $0.pictures = pictures }.options
    #expect(options.batchSize == batch)
    #expect(options.epochs == epochs)
  }

  @Test(arguments: [(1, Float(0.25)), (7, 0.25), (8, 0.5), (31, 0.5), (32, 1)])
  func theWidthFollowsFromTheCores(cores: Int, width: Float) {
    #expect(suited { $0.cores = cores }.width == width)
    #expect(
      suited {
        $0.cores = cores
        $0.usesDevice = true
      }.width == 1)
  }

  @Test func largePicturesAreSeenSmallerAndSmallOnesWhole() {
    let large = suited { $0.size = .init(4000, 3000) }
    #expect(large.longestSide == 640)
    #expect(large.options.augmentation.cropWidth == 256)
    let small = suited { $0.size = .init(96, 64) }
    #expect(small.longestSide == nil)
    let crop = small.options.augmentation
    #expect((crop.cropWidth, crop.cropHeight) == (96, 64))
    // A narrow one, once it is scaled.
    let narrow = suited { $0.size = .init(4000, 400) }.options.augmentation
    #expect((narrow.cropWidth, narrow.cropHeight) == (256, 64))
  }

  @Test(arguments: [
    (Preprocessing.SizeRule.native, 3000, 2000), (.exact(width: 1024, height: 1024), 1024, 1024),
    (.longestSide(600), 600, 400), (.atMost(1500), 1500, 1000), (.atMost(5000), 3000, 2000),
  ])
  func theSizeThatAModelSeesIsKept(rule: Preprocessing.SizeRule, width: Int, height: Int) throws {
    let tiny = try tinyModel()
    var description = tiny.description
    description.preprocessing.size = rule
    let model = try Model(description: description, weights: tiny.orderedWeights)
    var facts = TrainingFacts(
      pictures: 20, size: .init(3000, 2000), classPixels: [1, 1], validationPictures: 0, cores: 2)
    facts = facts.of(model)
    #expect(facts.size == .init(width, height))
    #expect(facts.settled.longestSide == max(width, height))
    let choice = SuitedTraining(facts)
    #expect(choice.longestSide == nil)
    let crop = choice.options.augmentation
    #expect((crop.cropWidth, crop.cropHeight) == (256, 256))
  }

  @Test func whatIsSettledIsKeptAndTheRestFollows() {
    let options = suited {
      $0.settled.epochs = 2
      $0.settled.batchSize = 5
      ($0.settled.cropWidth, $0.settled.cropHeight) = (64, 0)
    }.options
    #expect(options.epochs == 2)
    #expect(options.batchSize == 5)
    #expect((options.augmentation.cropWidth, options.augmentation.cropHeight) == (64, 0))
    #expect(options.warmup == 0)
    #expect(options.evaluationInterval <= 2)
    #expect(suited { $0.settled.iterations = 50 }.options.warmup == 5)
    #expect(suited { $0.settled.iterations = 50 }.options.iterations == 50)
  }

  @Test func weightsThatWereTrainedTakeASmallerRateAndStayAsTheyAre() {
    let trained = suited { $0.startsTrained = true }
    #expect(trained.width == 1)
    #expect(!trained.batchNorm)
    #expect(trained.options.learningRate == 0.0001)
    #expect(trained.options.clipNorm == 1)
    let normalised = suited {
      $0.startsTrained = true
      $0.settled.batchNorm = true
    }
    #expect(normalised.options.learningRate == 0.0005)
    #expect(normalised.options.clipNorm == 0)
    #expect(suited { $0.settled.batchNorm = false }.options.learningRate == 0.0001)
    let always = suited {
      $0.offersBatchNorm = false
      $0.alwaysHasBatchNorm = true
    }
    #expect(!always.batchNorm)
    #expect(always.options.learningRate == 0.002)
  }

  @Test(arguments: [
    ([500, 500], false), ([900, 100], false), ([901, 99], true), ([0, 500, 500], false),
    ([0, 1000], false), ([], false), ([400, 400, 140, 60], false), ([400, 400, 160, 40], true),
  ])
  func classesAreWeighedWhereOneIsRare(pixels: [Int], isWeighed: Bool) {
    let options = suited { $0.classPixels = pixels }.options
    #expect(options.classWeights == (isWeighed ? .enet : .none))
  }

  @Test func everyChoiceIsValid() throws {
    for pictures in [1, 3, 100, 100_000] {
      for size in [(1, 1), (30, 2000), (65_536, 65_536)] {
        for settled in [1, nil, 1_000_000] {
          let options = suited {
            $0.pictures = pictures
            $0.size = .init(size.0, size.1)
            $0.validationPictures = 50_000
            $0.settled.epochs = settled
          }.options
          try options.validate(classCount: 4)
          try options.augmentation.validate()
        }
      }
    }
  }
}
