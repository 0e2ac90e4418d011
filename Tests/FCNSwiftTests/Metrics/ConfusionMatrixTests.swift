import Testing

@testable import FCNSwift

private func map(_ labels: [UInt8]) throws -> LabelMap {
  try LabelMap(width: labels.count, height: 1, labels: labels)
}

@Suite struct ConfusionMatrixTests {
  /// Three classes of which the third neither occurs nor is predicted; worked out by hand and with
  /// the papers' `score.py` formulas.
  @Test func measuresAreThePapers() throws {
    var matrix = try ConfusionMatrix(classCount: 3)
    try matrix.add(truth: map([0, 0, 0, 1, 1, 255]), prediction: map([0, 0, 1, 1, 0, 2]))
    #expect(matrix.counts == [2, 1, 0, 1, 1, 0, 0, 0, 0])
    #expect(matrix.pixelAccuracy == 3.0 / 5)
    #expect(abs(matrix.meanAccuracy - (2.0 / 3 + 1.0 / 2) / 2) < 1e-12)
    #expect(matrix.perClassIU[0] == 2.0 / 4)
    #expect(matrix.perClassIU[1] == 1.0 / 3)
    #expect(matrix.perClassIU[2].isNaN)
    #expect(abs(matrix.meanIU - (0.5 + 1.0 / 3) / 2) < 1e-12)
    #expect(abs(matrix.frequencyWeightedIU - (0.6 * 0.5 + 0.4 / 3)) < 1e-12)
  }

  @Test func aClassThatIsOnlyPredictedCountsForIUAndNotForAccuracy() throws {
    var matrix = try ConfusionMatrix(classCount: 3)
    try matrix.add(truth: map([0, 0]), prediction: map([0, 2]))
    #expect(matrix.perClassIU[2] == 0)
    #expect(matrix.meanIU == 0.25)
    #expect(matrix.meanAccuracy == 0.5)
  }

  /// Labels of one class and ignored pixels alone, and a network that always says that class.
  @Test func thereIsNoMeanOverOneClassOfSeveral() throws {
    var matrix = try ConfusionMatrix(classCount: 2)
    try matrix.add(truth: map([0, 0, 255, 255]), prediction: map([0, 0, 0, 0]))
    #expect(matrix.perClassIU[0] == 1)
    #expect(matrix.perClassIU[1].isNaN)
    #expect(matrix.measuredClassCount == 1)
    #expect(matrix.meanIU.isNaN)
    #expect(matrix.pixelAccuracy == 1)
    var only = try ConfusionMatrix(classCount: 1)
    try only.add(truth: map([0]), prediction: map([0]))
    #expect(only.meanIU == 1)
  }

  @Test func picturesCountAlikeInTheirMeanWhateverTheirSize() throws {
    var matrix = try ConfusionMatrix(classCount: 2)
    #expect(try matrix.add(truth: map([0]), prediction: map([0])) == 1)
    #expect(try matrix.add(truth: map([0, 0, 0, 0]), prediction: map([1, 1, 1, 0])) == 0.25)
    #expect(try matrix.add(truth: map([255]), prediction: map([1])).isNaN)
    #expect(matrix.meanPictureAccuracy == 0.625)
    #expect(matrix.pictureCount == 2)
    #expect(matrix.pixelAccuracy == 0.4)
  }

  @Test func sumsOfMatricesAreMatricesOfAll() throws {
    var (a, b) = (try ConfusionMatrix(classCount: 2), try ConfusionMatrix(classCount: 2))
    try a.add(truth: map([0, 1]), prediction: map([0, 0]))
    try b.add(truth: map([1]), prediction: map([1]))
    try a.add(b)
    #expect(a.counts == [1, 0, 1, 1])
    #expect(a.meanPictureAccuracy == 0.75)
  }

  @Test func nothingAddedIsNotANumber() throws {
    let matrix = try ConfusionMatrix(classCount: 2)
    #expect(matrix.pixelAccuracy.isNaN)
    #expect(matrix.meanIU.isNaN)
    #expect(matrix.meanPictureAccuracy.isNaN)
  }

  @Test func labelsBeyondTheClassesAreRefused() throws {
    var matrix = try ConfusionMatrix(classCount: 2)
    #expect(throws: FCNError.self) { try matrix.add(truth: map([2]), prediction: map([0])) }
    #expect(throws: FCNError.self) { try matrix.add(truth: map([0]), prediction: map([255])) }
    #expect(throws: FCNError.self) { try matrix.add(truth: map([0, 1]), prediction: map([0])) }
  }
}
