import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Every call of the driver that a session makes, failing at many places.
  struct DeviceFailureTests {
    private let fake: FakeCUDA
    private let model: Model
    private let picture: Image
    private let wanted: [UInt8]

    /// The first run of a size is handed over call by call, the second recorded, the third replayed.
    private static let runs = 3

    init() throws {
      fake = try FakeDevice.fake()
      fake.failNothing()
      model = try DeviceFixture.model(width: 0.02)
      picture = try DeviceFixture.picture(8, 7)
      let session = try FakeDevice.session(model)
      try session.run([picture])
      wanted = try session.labelMap(0).labels
      let processor = try Session.onProcessor(model)
      try processor.run([picture])
      try expectAgreement(session, processor, within: 1e-4)
    }

    private func expectLabels(
      _ session: Session, _ what: String, at location: SourceLocation = #_sourceLocation
    ) throws {
      try session.run([picture])
      #expect(try session.labelMap(0).labels == wanted, "\(what)", sourceLocation: location)
    }

    /// Makes a session of its own context and runs it; returns what went wrong. Whatever does, the
    /// same session or, where there is none, the next one must do its work, and nothing may stay
    /// behind.
    private func failure(of call: String, nth: Int, _ result: Int32) throws -> FCNError? {
      let before = fake.liveObjectCount
      var failure: FCNError?
      do {
        let runtime = try FakeDevice.makeRuntime()
        fake.fail(call, nth: nth, result: result)
        defer { fake.failNothing() }
        var session: Session?
        do {
          let made = try FakeDevice.session(model, on: runtime)
          session = made
          for run in 0..<Self.runs { try expectLabels(made, "\(call) \(nth), run \(run)") }
        } catch let error as FCNError {
          failure = error
          #expect(session?.resultCount ?? 0 == 0)
        }
        if failure != nil {
          try expectLabels(
            session ?? FakeDevice.session(model, on: runtime), "\(call) \(nth), once more")
        }
      }
      #expect(fake.liveObjectCount == before, "\(call) \(nth) leaves something behind")
      return failure
    }

    /// How often a session that is well makes `call`.
    private func count(of call: String) throws -> Int {
      fake.resetCounts()
      let session = try FakeDevice.session(model, on: FakeDevice.makeRuntime())
      for _ in 0..<Self.runs { try session.run([picture]) }
      return fake.callCount(call)
    }

    /// The first calls and the last one. Those between are many and alike, and each is a session that
    /// is made anew.
    private func places(of call: String) throws -> [Int] {
      let count = try count(of: call)
      return Array(1...max(1, min(count, 40))) + (count > 40 ? [count] : [])
    }

    @Test(arguments: [
      "cuCtxCreate_v2", "cuCtxPushCurrent_v2", "cuStreamCreate", "cuMemAlloc_v2",
      "cuMemHostAlloc", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemsetD8Async",
      "cuStreamSynchronize", "cuStreamBeginCapture_v2", "cuStreamEndCapture",
      "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuModuleLoadData", "cuModuleGetFunction",
      "cuLaunchKernel",
    ])
    func everyFailedCallIsAnErrorAndNotTheEnd(call: String) throws {
      for nth in try places(of: call) {
        guard let error = try failure(of: call, nth: nth, 999) else {
          // Contexts are also entered to free what is in them, where nobody can be told.
          #expect(call == "cuCtxPushCurrent_v2" && nth > 1, "\(nth)")
          continue
        }
        #expect(error.kind == .deviceFailure)
        #expect(error.message.contains("CUDA_ERROR_UNKNOWN (unknown error)"), "\(error)")
        let name = call.prefix { $0 != "_" }
        #expect(error.message.contains("\(name)"), "\(error) does not name \(name)")
      }
    }

    @Test(arguments: [
      "cuCtxCreate_v2", "cuStreamCreate", "cuMemAlloc_v2", "cuMemHostAlloc", "cuModuleLoadData",
      "cuGraphInstantiateWithFlags", "cuGraphLaunch",
    ])
    func withoutMemoryTheErrorSaysSo(call: String) throws {
      for nth in try places(of: call) {
        let error = try #require(try failure(of: call, nth: nth, 2))
        #expect(error.kind == .outOfMemory)
        #expect(error.message.contains("CUDA_ERROR_OUT_OF_MEMORY"), "\(error)")
      }
    }

    /// Nobody can be told of them, and what they did not free goes with the context.
    @Test(arguments: [
      "cuMemFree_v2", "cuMemFreeHost", "cuStreamDestroy_v2", "cuGraphDestroy",
      "cuGraphExecDestroy", "cuCtxPopCurrent_v2",
    ])
    func whatFailsToBeFreedDisturbsNobody(call: String) throws {
      for nth in try places(of: call) { #expect(try failure(of: call, nth: nth, 999) == nil) }
    }

    @Test(arguments: ["cuLaunchKernel", "cuMemcpyDtoHAsync_v2", "cuMemHostAlloc", "cuMemAlloc_v2"])
    func scoresThatCannotBeHadLeaveTheSessionUsable(call: String) throws {
      let session = try FakeDevice.session(model, on: FakeDevice.makeRuntime())
      try session.run([picture])
      fake.fail(call, result: 999)
      expectError(.deviceFailure, saying: "CUDA_ERROR_UNKNOWN") { _ = try session.scores() }
      #expect(try session.labelMap(0).labels == wanted)
      _ = try session.scores()
      for run in 0..<Self.runs { try expectLabels(session, "run \(run)") }
    }

    @Test func aDeviceThatIsTooSmallSaysHowSmallItIs() throws {
      let before = fake.liveObjectCount
      do {
        let session = try fake.with(.memory, "20000") {
          let session = try FakeDevice.session(model, on: FakeDevice.makeRuntime())
          for _ in 0..<2 {
            expectError(.outOfMemory, saying: "cuMemAlloc of", "device 0, which has 20000") {
              try session.run([picture])
            }
          }
          return session
        }
        try expectLabels(session, "with more memory")
      }
      #expect(fake.liveObjectCount == before)
    }

    @Test func whatTheCompilerSaysIsPassedOn() throws {
      let before = fake.liveObjectCount
      do {
        let session = try FakeDevice.session(model, on: FakeDevice.makeRuntime())
        fake.with(.compilerFails, "1") {
          expectError(
            .deviceFailure, saying: "nvrtcCompileProgram of", ".cu for sm_80",
            "NVRTC_ERROR_COMPILATION", "error: FAKE_NVRTC_FAIL is 1"
          ) { try session.run([picture]) }
        }
        try expectLabels(session, "with a compiler")
      }
      #expect(fake.liveObjectCount == before)
      #expect(fake.liveProgramCount == 0)
    }

    /// Results of several batches are copied into the host's memory, which may run out too.
    @Test func theHostsMemoryMayRunOut() throws {
      let allocator = Allocator(allocate: { _, _ in nil }, release: Allocator.system.release)
      let runtime = try FakeDevice.makeRuntime()
      let session = try Session(
        model: model, options: .init(threads: 1, largestBatch: 1, device: .cuda(0)),
        allocator: allocator, findRuntime: { runtime })
      expectError(.outOfMemory) { try session.run([picture, picture]) }
      #expect(session.resultCount == 0)
      try expectLabels(session, "one picture")
    }
  }
}
