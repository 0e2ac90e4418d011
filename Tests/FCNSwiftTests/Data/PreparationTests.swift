import FCNSwift
import FCNTestSupport
import Testing

@Suite struct PreparationTests {
  @Test(arguments: [
    (2913, 2330, 580, true), (3, 2, 1, false), (2, 1, 1, false), (5, 4, 1, false),
    (12, 9, 3, false), (24, 10, 5, true), (25, 20, 5, true), (60, 40, 10, true),
  ])
  func picturesAreDividedAndCut(count: Int, training: Int, test: Int, whole: Bool) throws {
    let counts = try Preparation().counts(of: count)
    #expect(counts.training == training)
    #expect(counts.test == test)
    #expect(counts.areWholeMinibatches == whole)
  }

  @Test func tooFewPicturesOrSenselessOptionsAreRefused() {
    var options = Preparation()
    #expect(errorOf { _ = try options.counts(of: 1) }?.kind == .invalidArgument)
    options.testMinibatch = 0
    #expect(errorOf { _ = try options.counts(of: 100) }?.kind == .invalidArgument)
    options = Preparation()
    options.size = 0
    #expect(errorOf { _ = try options.counts(of: 100) }?.kind == .invalidArgument)
  }

  private func dataset(count: Int) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let names = (0..<count).map { "p\($0)" }
    for (index, name) in names.enumerated() {
      try folder.writePair(name, width: 20 + index % 3, height: 14, classes: 4)
    }
    try folder.write(names.joined(separator: "\n"), to: "ImageSets/Segmentation/all.txt")
    return folder
  }

  @Test func aPreparedFolderIsADatasetOfSquares() throws {
    let source = try dataset(count: 17)
    let target = try TemporaryFolder()
    var options = Preparation()
    options.size = 8
    options.trainingMinibatch = 4
    options.testMinibatch = 3
    let voc = try VOCFolder(path: source.path)
    let result = try options.run(voc, to: target.path)
    #expect(result.training.count == 12)
    #expect(result.test.count == 3)
    #expect(result.leftOver == 2)
    #expect(result.note == nil)
    #expect(Set(result.training + result.test).count == 15)
    #expect(result.training != result.training.sorted())

    let prepared = try VOCFolder(path: target.path)
    #expect(try prepared.names(inSplit: "train") == result.training)
    #expect(try prepared.names(inSplit: "val") == result.test)
    #expect(prepared.classNames == voc.classNames)
    let picture = try VOCSplit(prepared, split: "val").picture(at: 0)
    let original = try voc.picture(named: picture.name)
    #expect(picture.image == (try original.image.centredSquare().resized(width: 8, height: 8)))
    #expect(picture.labels == (try original.labels.centredSquare().resized(width: 8, height: 8)))
  }

  @Test func threePicturesInListOrderAreEnough() throws {
    let source = try dataset(count: 3)
    let target = try TemporaryFolder()
    var options = Preparation()
    options.size = 8
    options.seed = nil
    let voc = try VOCFolder(path: source.path)
    let result = try options.run(voc, split: "all", to: target.path + "/prepared")
    #expect(result.training == ["p0", "p1"])
    #expect(result.test == ["p2"])
    #expect(result.note?.contains("2 are kept for training") == true)
  }

  @Test func anotherSetIsOverwrittenOnlyWhenAsked() throws {
    let source = try dataset(count: 6)
    let target = try TemporaryFolder()
    let voc = try VOCFolder(path: source.path)
    var options = Preparation()
    options.size = 8
    let stopped = errorOf { _ = try options.run(voc, to: target.path) { done, _ in done < 2 } }
    #expect(stopped?.kind == .aborted)
    let first = try options.run(voc, to: target.path)
    options.seed = 4
    #expect(errorOf { _ = try options.run(voc, to: target.path) }?.kind == .invalidState)
    #expect(try VOCFolder(path: target.path).names(inSplit: "train") == first.training)
    let second = try options.run(voc, to: target.path, overwrite: true)
    #expect(second.training != first.training)
    let itself = errorOf { _ = try options.run(voc, to: source.path + "/.", overwrite: true) }
    #expect(itself?.kind == .invalidState)
  }

  @Test func aPictureWithoutItsFileStopsPreparingBeforeAnythingIsWritten() throws {
    let source = try dataset(count: 3)
    let target = try TemporaryFolder()
    try source.write("p0\np1\nlost\n", to: "ImageSets/Segmentation/all.txt")
    let voc = try VOCFolder(path: source.path)
    let error = errorOf { _ = try Preparation().run(voc, split: "all", to: target.path) }
    #expect(error?.message.contains("lost") == true)
    #expect(try File.names(inFolder: target.path).isEmpty)
  }
}
