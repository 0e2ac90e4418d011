import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Whole networks through cuDNN and cuBLASLt.
  struct DeviceLibrarySessionTests {
    private let own = "convolution.cuda_implicit_gemm"
    private let both: Set<String> = ["convolution.cudnn", "convolution.cublaslt"]

    private func convolutions(_ session: Session) -> Set<String> {
      Set(session.steps.map(\.form).filter { $0.hasPrefix("convolution.") })
    }

    private func session(
      _ runtime: CUDARuntime, _ precision: Precision = .float32,
      without disabledForms: Set<String> = []
    ) throws -> Session {
      try FakeDevice.session(
        DeviceFixture.model(), precision, without: disabledForms, on: runtime)
    }

    @Test(arguments: Precision.onDevices)
    func networksRunThroughLibrariesAndGraphs(precision: Precision) throws {
      let picture = try DeviceFixture.picture(35, 31)
      let processor = try Session.onProcessor(DeviceFixture.model())
      try processor.run([picture])
      let device = try session(FakeLibraries.makeRuntime(), precision)
      let launches = try FakeDevice.fake().callCount("cuGraphLaunch")
      var first: [Float]?
      // The third run is a recorded one.
      for _ in 0..<4 {
        try device.run([picture])
        try expectAgreement(device, processor, within: precision.scoreTolerance)
        let found = try device.scores()
        #expect(found == first ?? found)
        first = found
      }
      #expect(convolutions(device) == both)
      #expect(try FakeDevice.fake().callCount("cuGraphLaunch") > launches)
    }

    @Test func formsCanBeSwitchedOffAndLibrariesCanLack() throws {
      let picture = try DeviceFixture.picture(35, 31)
      let runtime = try FakeLibraries.makeRuntime()
      for off in [both, ["convolution.cudnn"], ["convolution.cublaslt"]] {
        let device = try session(runtime, without: off)
        try device.run([picture])
        let left = both.subtracting(off)
        #expect(convolutions(device).isDisjoint(with: off))
        #expect(convolutions(device).isSuperset(of: left))
        #expect(convolutions(device).contains(own) == off.contains("convolution.cudnn"))
      }
      #expect(runtime.libraries.findings.map(\.name) == ["cuDNN", "cuBLASLt"])
      #expect(
        runtime.libraries.findings.map(\.description).map { $0.prefix(6) } == ["9.1.0,", "12.4.1"])

      let bare = try FakeDevice.makeRuntime()
      let device = try session(bare)
      try device.run([picture])
      #expect(convolutions(device) == [own])
      #expect(
        bare.libraries.findings.map(\.description) == [
          "not found: libcudnn.so.9 was not found; our own kernels are used",
          "not found: libcublasLt.so.12 or libcublasLt.so.13 was not found; our own kernels are used",
        ])
    }

    @Test func librariesThatDoNotStartAreDoneWithout() throws {
      let picture = try DeviceFixture.picture(35, 31)
      let runtime = try FakeLibraries.makeRuntime()
      try FakeLibraries.Library.cudnn.fail("cudnnCreate", with: 1001)
      try FakeLibraries.Library.cublasLt.fail("cublasLtCreate", with: 1)
      let working = try session(runtime)
      try working.run([picture])
      #expect(convolutions(working) == [own])
      // Where nothing else may serve, it is told why they do not.
      try FakeLibraries.Library.cudnn.fail("cudnnCreate", with: 1001)
      let failing = try session(runtime, without: [own])
      expectError(
        .unsupported, saying: "convolution.cudnn: cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED"
      ) { try failing.run([picture]) }
    }

    @Test(arguments: [
      (
        FakeLibraries.Library.cudnn, "cudnnBackendExecute", Int32(5000),
        "CUDNN_STATUS_EXECUTION_FAILED (told to fail)"
      ), (.cublasLt, "cublasLtMatmul", 13, "status 13 (execution failed)"),
    ])
    func failuresInARunAreToldAndTheNextRunIsWell(
      _ library: FakeLibraries.Library, call: String, status: Int32, text: String
    ) throws {
      let picture = try DeviceFixture.picture(35, 31)
      let device = try session(FakeLibraries.makeRuntime())
      try device.run([picture])
      let expected = try device.scores()
      // The plan is there, so nothing but the run calls it.
      try library.fail(call, with: status)
      expectError(.deviceFailure, saying: "layer ", call, text) {
        try device.run([picture]) { _ in true }
      }
      try device.run([picture])
      #expect(try device.scores() == expected)
    }

    @Test func nothingIsLeft() throws {
      // The context that all tests share.
      _ = try FakeDevice.context()
      let before = try FakeDevice.fake().liveObjectCount
      do {
        let runtime = try FakeLibraries.makeRuntime()
        let sessions = try (0..<2).map { _ in try session(runtime, .float16) }
        for session in sessions { try session.run([DeviceFixture.picture(35, 31)]) }
        let counts = try withExtendedLifetime(sessions) {
          try [FakeLibraries.Library.cudnn, .cublasLt].map { try $0.liveObjectCount }
        }
        #expect(counts.allSatisfy { $0 > 0 })
      }
      #expect(try FakeLibraries.Library.cudnn.liveObjectCount == 0)
      #expect(try FakeLibraries.Library.cublasLt.liveObjectCount == 0)
      #expect(try FakeDevice.fake().liveObjectCount == before)
    }
  }
}
