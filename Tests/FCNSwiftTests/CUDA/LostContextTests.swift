import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Errors of a device that end a context, for everybody who is in it.
  struct LostContextTests {
    private let fake: FakeCUDA
    private let model: Model
    private let picture: Image
    private let wanted: [UInt8]

    init() throws {
      fake = try FakeDevice.fake()
      fake.failNothing()
      model = try DeviceFixture.model(width: 0.02)
      picture = try DeviceFixture.picture(8, 7)
      let session = try FakeDevice.session(model)
      try session.run([picture])
      wanted = try session.labelMap(0).labels
    }

    private func expectLabels(
      _ session: Session, _ what: String, at location: SourceLocation = #_sourceLocation
    ) throws {
      try session.run([picture])
      #expect(try session.labelMap(0).labels == wanted, "\(what)", sourceLocation: location)
    }

    /// CUDA_ERROR_ILLEGAL_ADDRESS in the first, the recorded and the replayed run.
    @Test(arguments: [
      ("cuLaunchKernel", 0), ("cuStreamSynchronize", 0), ("cuMemAlloc_v2", 0),
      ("cuModuleLoadData", 0), ("cuLaunchKernel", 1), ("cuStreamEndCapture", 1),
      ("cuGraphLaunch", 2), ("cuMemcpyDtoHAsync_v2", 0), ("cuStreamSynchronize", 2),
    ])
    func whoMetTheErrorIsOverAndOthersGoOn(call: String, runsBefore: Int) throws {
      let before = fake.liveObjectCount
      do {
        let runtime = try FakeDevice.makeRuntime()
        let unlucky = try FakeDevice.session(model, on: runtime)
        let others = try (0..<2).map { _ in try FakeDevice.session(model, on: runtime) }
        try expectLabels(others[0], "before")
        for run in 0..<runsBefore { try expectLabels(unlucky, "run \(run)") }

        fake.resetCounts()
        // Kernels of the context are loaded already.
        let isLoading = call == "cuModuleLoadData"
        let victim = isLoading ? try FakeDevice.session(model, .float16, on: runtime) : unlucky
        fake.fail(call, nth: call == "cuLaunchKernel" ? 3 : 1, result: 700)
        expectError(.deviceFailure, saying: "CUDA_ERROR_ILLEGAL_ADDRESS") {
          try victim.run([picture])
        }
        fake.failNothing()
        #expect(victim.resultCount == 0)
        for _ in 0..<2 {
          expectError(
            .invalidState, saying: "make a new one", "CUDA_ERROR_ILLEGAL_ADDRESS"
          ) { try victim.run([picture]) }
        }
        #expect(fake.callCount("cuCtxCreate_v2") == 0)
        for run in 0..<3 {
          for other in others { try expectLabels(other, "another session, run \(run)") }
        }
        try withExtendedLifetime(others) {
          try expectLabels(FakeDevice.session(model, on: runtime), "a new session")
        }
        #expect(fake.callCount("cuCtxCreate_v2") == 1)
      }
      #expect(fake.liveObjectCount == before)
    }

    @Test(arguments: [214, 700, 716, 717, 718, 719] as [Int32])
    func everyErrorThatEndsAContextIsKnown(result: Int32) throws {
      let runtime = try FakeDevice.makeRuntime()
      let session = try FakeDevice.session(model, on: runtime)
      fake.fail("cuStreamSynchronize", result: result)
      expectError(.deviceFailure, saying: "cuStreamSynchronize: CUDA_ERROR_") {
        try session.run([picture])
      }
      expectError(.invalidState) { try session.run([picture]) }
      try expectLabels(FakeDevice.session(model, on: runtime), "a new session")
    }

    /// Labels are with the host already; scores went with the context.
    @Test func resultsOfALostContextSayWhatIsLeft() throws {
      let before = fake.liveObjectCount
      do {
        let runtime = try FakeDevice.makeRuntime()
        let (first, second) = (
          try FakeDevice.session(model, on: runtime), try FakeDevice.session(model, on: runtime)
        )
        try first.run([picture])
        try second.run([picture])
        fake.fail("cuLaunchKernel", result: 700)
        expectError(.deviceFailure, saying: "export_scores") { _ = try first.scores() }
        expectError(.deviceFailure, saying: "CUDA_ERROR_ILLEGAL_ADDRESS") {
          _ = try second.scores()
        }
        #expect(try second.labelMap(0).labels == wanted)
        try expectLabels(first, "the one that met the error while it copied")
        try expectLabels(second, "the other one")
        _ = try first.scores()
      }
      #expect(fake.liveObjectCount == before)
    }

    @Test func sessionsMayGoWhereTheirContextIsLost() throws {
      let before = fake.liveObjectCount
      do {
        let runtime = try FakeDevice.makeRuntime()
        let sessions = try (0..<3).map { _ in try FakeDevice.session(model, on: runtime) }
        for session in sessions[..<2] {
          for _ in 0..<3 { try expectLabels(session, "before") }
        }
        fake.fail("cuGraphLaunch", result: 719)
        expectError(.deviceFailure) { try sessions[0].run([picture]) }
      }
      #expect(fake.liveObjectCount == before)
    }

    /// A device that loses every context keeps saying so, and is not asked forever.
    @Test func aDeviceThatStaysBrokenFailsEveryRun() throws {
      let before = fake.liveObjectCount
      do {
        let runtime = try FakeDevice.makeRuntime()
        let sessions = try (0..<3).map { _ in try FakeDevice.session(model, on: runtime) }
        for session in sessions {
          fake.fail("cuMemcpyHtoDAsync_v2", result: 700)
          expectError(.deviceFailure) { try session.run([picture]) }
        }
        fake.fail("cuCtxCreate_v2", result: 46)
        expectError(
          .deviceFailure, saying: "cuCtxCreate on device 0", "CUDA_ERROR_DEVICE_UNAVAILABLE"
        ) { _ = try FakeDevice.session(model, on: runtime) }
        try expectLabels(FakeDevice.session(model, on: runtime), "a new session")
      }
      #expect(fake.liveObjectCount == before)
    }
  }
}
