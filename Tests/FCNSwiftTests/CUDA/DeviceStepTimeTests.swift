import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What is told of a run's steps and their times.
  struct DeviceStepTimeTests {
    private let fake: FakeCUDA

    init() throws {
      fake = try FakeDevice.fake()
      fake.failNothing()
    }

    private func expectSteps(
      _ times: [StepTime], of session: Session, end: [[String]],
      at location: SourceLocation = #_sourceLocation
    ) {
      let found = times.map { [$0.step.layers, $0.step.form] }
      let layers = session.steps.map { [$0.layers, $0.form] }
      #expect(
        found == [["pictures", "upload"], ["input", "preprocessing.cuda"]] + layers + end,
        sourceLocation: location)
      #expect(times.allSatisfy { $0.seconds > 0 }, sourceLocation: location)
      for time in times where time.step.form.hasPrefix("convolution.") {
        #expect(time.step.nominalOperations > 0, sourceLocation: location)
        #expect(time.step.bytes > 0, sourceLocation: location)
      }
    }

    @Test(arguments: [Precision.float32, .float16])
    func everythingThatIsHandedOverIsATimedStep(precision: Precision) throws {
      let model = try DeviceFixture.model()
      let session = try FakeDevice.session(model, precision)
      let pictures = try (1...2).map { try DeviceFixture.picture(40, 33, seed: $0) }
      try session.run(pictures)
      fake.resetCounts()
      let times = try session.stepTimes(pictures)
      let last = try #require(model.network.layers.last).name
      expectSteps(
        times, of: session, end: [["\(last) + labels", "labels.cuda"], ["labels", "download"]])
      #expect(fake.callCount("cuStreamSynchronize") == 1)
      #expect(fake.callCount("cuEventRecord") == times.count + 1)
      #expect(session.resultCount == 0)
    }

    /// Where scores are scaled back they are made whole before.
    @Test func scalingPicturesAndScoresBackAreStepsOfTheirOwn() throws {
      let model = try DeviceFixture.model { $0.preprocessing.size = .atMost(24) }
      let session = try FakeDevice.session(model)
      let times = try session.stepTimes([try DeviceFixture.picture(40, 33)])
      let last = try #require(model.network.layers.last).name
      #expect(
        times.prefix(3).map(\.step.form) == ["upload", "resizing.cuda", "preprocessing.cuda"])
      #expect(times.suffix(3).map(\.step.layers) == [last, "labels", "labels"])
      #expect(times.suffix(2).map(\.step.form) == ["labels.cuda", "download"])
    }

    @Test func batchesFollowEachOther() throws {
      let session = try FakeDevice.session(try DeviceFixture.model(), largestBatch: 2)
      let pictures = try (1...3).map { try DeviceFixture.picture(24, 17, seed: $0) }
      let one = try session.stepTimes([pictures[0]]).map(\.step.layers)
      #expect(try session.stepTimes(pictures).map(\.step.layers) == one + one)
      #expect(try session.stepTimes([PixelView]()) == [])
    }

    @Test func timingDisturbsNoOtherRun() throws {
      let session = try FakeDevice.session(try DeviceFixture.model())
      let picture = try DeviceFixture.picture(40, 33)
      var wanted: [Float]?
      for run in 0..<4 {
        try session.run([picture])
        let scores = try session.scores()
        #expect(scores == wanted ?? scores, "run \(run)")
        wanted = scores
        if run > 0 { _ = try session.stepTimes([picture]) }
      }
      expectError(.aborted, saying: "stopped before layer") {
        _ = try session.stepTimes([picture]) { $0.layersDone < 5 }
      }
      try session.run([picture])
      #expect(try session.scores() == wanted)
    }

    @Test(arguments: [
      "cuEventCreate", "cuEventRecord", "cuEventSynchronize", "cuEventElapsedTime",
    ])
    func aFailureIsToldAndTheSessionGoesOn(call: String) throws {
      // The context that all tests share.
      _ = try FakeDevice.context()
      let before = fake.liveObjectCount
      do {
        let session = try FakeDevice.session(
          try DeviceFixture.model(width: 0.02), on: FakeDevice.makeRuntime())
        let picture = try DeviceFixture.picture(8, 7)
        fake.resetCounts()
        let count = try session.stepTimes([picture]).count
        let calls = fake.callCount(call)
        #expect(
          calls == (call == "cuEventSynchronize" ? 1 : count + (call.hasSuffix("Time") ? 0 : 1)))
        for nth in Set([1, calls]) {
          fake.fail(call, nth: nth, result: 999)
          expectError(.deviceFailure, saying: call, "CUDA_ERROR_UNKNOWN") {
            _ = try session.stepTimes([picture])
          }
          fake.failNothing()
          #expect(try session.stepTimes([picture]).count == count)
          try session.run([picture])
          #expect(session.resultCount == 1)
        }
      }
      #expect(fake.liveObjectCount == before)
    }
  }
}
