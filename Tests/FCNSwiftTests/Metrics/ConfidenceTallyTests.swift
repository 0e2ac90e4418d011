import Testing

@testable import FCNSwift

struct ConfidenceTallyTests {
  private func tally(
    _ truth: [UInt8], _ prediction: [UInt8], _ confidence: [Float]
  ) throws -> ConfidenceTally {
    var tally = ConfidenceTally()
    try confidence.withUnsafeBufferPointer {
      try tally.add(
        truth: try LabelMap(width: truth.count, height: 1, labels: truth),
        prediction: try LabelMap(width: prediction.count, height: 1, labels: prediction),
        confidence: $0)
    }
    return tally
  }

  @Test func whatIsKeptFollowsFromTheThreshold() throws {
    let tally = try tally(
      [0, 1, 1, 0, LabelMap.ignore], [0, 1, 0, 0, 0], [0.95, 0.9, 0.6, 0.3, 0.99])
    let all = tally.kept(atLeast: 0)
    #expect(all.coverage == 1 && all.accuracy == 0.75)
    // A pixel of just the threshold stays.
    let sure = tally.kept(atLeast: 0.9)
    #expect(sure.coverage == 0.5 && sure.accuracy == 1)
    let half = tally.kept(atLeast: 0.5)
    #expect(half.coverage == 0.75 && abs(half.accuracy - 2.0 / 3) < 1e-12)
    let none = tally.kept(atLeast: 1)
    #expect(none.coverage == 0 && none.accuracy.isNaN)
    #expect(ConfidenceTally().kept(atLeast: 0).coverage.isNaN)
  }

  @Test func confidenceThatIsAccuracyHasNoCalibrationError() throws {
    let truth = [UInt8](repeating: 1, count: 10)
    let right = try tally(
      truth, [1, 1, 1, 1, 1, 1, 1, 1, 1, 0], [Float](repeating: 0.9, count: 10))
    #expect(right.calibrationError < 1e-3)
    let wrong = try tally(
      truth, [UInt8](repeating: 0, count: 10), [Float](repeating: 1, count: 10))
    #expect(abs(wrong.calibrationError - 1) < 1e-3)
    #expect(ConfidenceTally().calibrationError.isNaN)
  }

  @Test func whatIsNoProbabilityCountsAsNone() throws {
    let tally = try tally([0, 0, 0], [0, 0, 0], [.nan, -1, 2])
    #expect(tally.pixels.first == 2 && tally.pixels.last == 1)
    #expect(fcnError { _ = try self.tally([0, 0], [0, 0], [1]) }?.kind == .shapeMismatch)
  }
}
