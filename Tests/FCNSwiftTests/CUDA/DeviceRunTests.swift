import Dispatch
import FCNTestSupport
import Synchronization
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Runs of one session after another, and of several side by side.
  struct DeviceRunTests {
    private let fake: FakeCUDA
    init() throws { fake = try FakeDevice.fake() }

    private var captures: Int { fake.callCount("cuStreamBeginCapture_v2") }
    private var replays: Int { fake.callCount("cuGraphLaunch") }

    @Test func theSecondRunOfASizeIsRecordedAndLaterOnesReplayIt() throws {
      let model = try DeviceFixture.model()
      let device = try FakeDevice.session(model)
      let processor = try Session.onProcessor(model)
      fake.resetCounts()
      func run(_ width: Int, _ height: Int, seed: UInt64) throws {
        let picture = try DeviceFixture.picture(width, height, seed: seed)
        try device.run([picture])
        try processor.run([picture])
        try expectAgreement(device, processor, within: 1e-4, "\(width)×\(height), seed \(seed)")
      }
      for seed in 1...4 {
        try run(40, 33, seed: UInt64(seed))
        #expect((captures, replays) == (seed == 1 ? (0, 0) : (1, seed - 1)))
      }
      try run(24, 50, seed: 5)
      #expect((captures, replays) == (1, 3))
      try run(40, 33, seed: 6)
      #expect((captures, replays) == (1, 3))
      // Of the same input shape, but laid out in another way.
      try run(39, 33, seed: 7)
      #expect((captures, replays) == (1, 3))
      try run(39, 33, seed: 8)
      try run(39, 33, seed: 9)
      #expect((captures, replays) == (2, 5))
    }

    @Test func batchesAndScaledPicturesAreReplayedToo() throws {
      let model = try DeviceFixture.model { $0.preprocessing.size = .atMost(40) }
      let device = try FakeDevice.session(model)
      let processor = try Session.onProcessor(model)
      fake.resetCounts()
      for seed in 1...3 as ClosedRange<UInt64> {
        let pictures = try [(80, 60), (40, 30), (38, 27)].map {
          try DeviceFixture.picture($0.0, $0.1, seed: seed * 10)
        }
        try device.run(pictures)
        try processor.run(pictures)
        for index in pictures.indices {
          try expectAgreement(device, processor, index, within: 1e-4, "\(index) of run \(seed)")
          expectClose(
            try device.probabilities(index), try processor.probabilities(index), absolute: 2e-4)
        }
      }
      #expect((captures, replays) == (1, 2))
    }

    /// The block for scores grows when they are first asked for; what was recorded stays good.
    @Test func askingForScoresDoesNotDisturbWhatIsRecorded() throws {
      let session = try FakeDevice.session(try DeviceFixture.model())
      let picture = try DeviceFixture.picture(40, 33)
      fake.resetCounts()
      try session.run([picture])
      let first = try session.scores()
      let probabilities = try session.probabilities()
      for _ in 0..<3 {
        try session.run([picture])
        #expect(try session.scores() == first)
        #expect(try session.probabilities() == probabilities)
        #expect(try session.scores() == first)
      }
      #expect((captures, replays) == (1, 3))
    }

    @Test func progressIsToldBeforeEveryStepAndMayStop() throws {
      let model = try DeviceFixture.model()
      let session = try FakeDevice.session(model)
      let picture = try DeviceFixture.picture(40, 33)
      var told: [Session.Progress] = []
      try session.run([picture, picture]) { progress in
        told.append(progress)
        return true
      }
      #expect(told.popLast()?.fraction == 1)
      #expect(told.map(\.layersDone) == Array(0..<told.count))
      #expect(told.allSatisfy { $0.layerCount == told.count && $0.batchCount == 2 })
      #expect(told.count > 10 && Set(told.map(\.layerName)).count == told.count)
      let wanted = try session.scores(1)

      for stop in [0, 5, told.count - 1] {
        var calls = 0
        expectError(.aborted, saying: told[stop].layerName) {
          try session.run([picture, picture]) { progress in
            calls += 1
            return progress.layersDone < stop
          }
        }
        #expect(calls == stop + 1)
        #expect(session.resultCount == 0)
        try session.run([picture, picture])
        #expect(try session.scores(1) == wanted)
      }
    }

    @Test func aRunWithProgressMayStandBetweenReplays() throws {
      let session = try FakeDevice.session(try DeviceFixture.model())
      let pictures = try (1...6).map { try DeviceFixture.picture(33, 20, seed: $0) }
      var wanted: [[Float]] = []
      for picture in pictures {
        let alone = try FakeDevice.session(session.model)
        try alone.run([picture])
        wanted.append(try alone.scores())
      }
      for (index, picture) in pictures.enumerated() {
        try session.run([picture], progress: index == 3 ? { _ in true } : nil)
        #expect(try session.scores() == wanted[index], "run \(index)")
      }
    }

    @Test func aPicturesScoresDoNotDependOnItsBatch() throws {
      let model = try DeviceFixture.model()
      let session = try FakeDevice.session(model, .float16)
      let pictures = try (1...3).map { try DeviceFixture.picture(40, 33, seed: $0) }
      try session.run(pictures)
      let together = try pictures.indices.map { try session.scores($0) }
      for (index, picture) in pictures.enumerated() {
        try session.run([picture])
        #expect(try session.scores() == together[index])
      }
    }

    @Test func sessionsOfAModelShareItsWeights() throws {
      let model = try DeviceFixture.model(width: 0.25)
      let picture = try DeviceFixture.picture(8, 8)
      let runtime = try FakeDevice.makeRuntime()
      func used(_ body: () throws -> Void) rethrows -> Int {
        let before = fake.allocatedByteCount
        try body()
        return fake.allocatedByteCount - before
      }
      let (first, second) = (
        try FakeDevice.session(model, on: runtime), try FakeDevice.session(model, on: runtime)
      )
      let weights = model.parameterCount * 4
      #expect(try used { try first.run([picture]) } > weights)
      #expect(try used { try second.run([picture]) } < weights / 4)
      #expect(try first.scores() == second.scores())
      // Another size needs no weights either, nor does a session of half precision need these.
      #expect(try used { try first.run([try DeviceFixture.picture(16, 8)]) } < weights / 4)
      let half = try FakeDevice.session(model, .float16, on: runtime)
      let halved = try used { try half.run([picture]) }
      #expect(halved > weights / 2 && halved < weights)
    }

    @Test func sessionsRunSideBySide() throws {
      let model = try DeviceFixture.model()
      let pictures = try (1...4).map { try DeviceFixture.picture(33, 20, seed: $0) }
      let alone = try FakeDevice.session(model)
      let wanted = try pictures.map { picture in
        try alone.run([picture])
        return try alone.scores()
      }
      let runtime = try FakeDevice.makeRuntime()
      let problems = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 2) { thread in
        do {
          let session = try FakeDevice.session(model, on: runtime)
          for round in 0..<8 {
            let index = (round + thread) % 4
            try session.run([pictures[index]])
            guard try session.scores() != wanted[index] else { continue }
            problems.withLock { $0.append("thread \(thread), round \(round)") }
          }
        } catch {
          problems.withLock { $0.append("thread \(thread): \(error)") }
        }
      }
      #expect(problems.withLock { $0 } == [])
    }

    @Test func everyDeviceHasAContextOfItsOwn() throws {
      try fake.with(.devices, "3") {
        let before = fake.liveObjectCount
        do {
          let runtime = try FakeDevice.makeRuntime()
          #expect(runtime.devices.map(\.name) == (0..<3).map { "Fake CUDA device \($0)" })
          let model = try DeviceFixture.model()
          let picture = try DeviceFixture.picture(20, 20)
          fake.resetCounts()
          let sessions = try [0, 2, 2].map {
            try FakeDevice.session(model, device: $0, on: runtime)
          }
          for session in sessions { try session.run([picture]) }
          #expect(fake.callCount("cuCtxCreate_v2") == 2)
          #expect(try sessions[0].scores() == sessions[1].scores())
        }
        #expect(fake.liveObjectCount == before)
      }
    }
  }
}
