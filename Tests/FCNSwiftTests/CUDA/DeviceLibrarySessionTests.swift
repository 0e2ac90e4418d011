import FCNTestSupport
import Testing

@testable import FCNSwift

private func model() throws -> Model {
  try Model.fresh(
    ModelDescription(
      architecture: "fcn-simple",
      options: ArchitectureOptions(classes: 4, width: 0.05, batchNorm: true),
      classNames: ["a", "b", "c", "d"],
      palette: (0..<4).map { RGB(UInt8($0 * 60), 0, 0) }, preprocessing: .torchvision), seed: 11)
}

private func picture() throws -> Image {
  var generator = SeededGenerator(seed: 1)
  return try Image(
    width: 35, height: 31,
    pixels: (0..<35 * 31 * 3).map { _ in UInt8(generator.integer(in: 0..<256)) })
}

private func session(
  _ runtime: CUDARuntime?, _ precision: Session.Precision = .float32, without: Set<String> = []
) throws -> Session {
  try Session(
    model: model(),
    options: .init(
      threads: 1, disabledForms: without, precision: precision,
      device: runtime == nil ? .processor : .cuda(0))
  ) { try #require(runtime) }
}

private func scores(_ session: Session) throws -> [Float] {
  let size = try session.resultSize(0)
  return try [Float](unsafeUninitializedCapacity: 4 * size.width * size.height) { buffer, count in
    try session.copyScores(0, to: buffer)
    count = 4 * size.width * size.height
  }
}

extension DeviceLibraryTests {
  @Suite(.serialized) struct Sessions {
    private let own = "convolution.cuda_implicit_gemm"
    private let both: Set<String> = ["convolution.cudnn", "convolution.cublaslt"]

    private func convolutions(_ session: Session) -> Set<String> {
      Set(session.steps.map(\.form).filter { $0.hasPrefix("convolution.") })
    }

    private func difference(_ actual: [Float], _ expected: [Float]) -> Float {
      let range = (expected.max() ?? 0) - (expected.min() ?? 0)
      return zip(actual, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / range
    }

    @Test(arguments: [
      (Session.Precision.float32, Float(1e-5)), (.tf32, 0.01), (.float16, 0.01), (.bfloat16, 0.08),
    ])
    func networksRunThroughLibrariesAndGraphs(
      _ precision: Session.Precision, _ tolerance: Float
    ) throws {
      let reference = try session(nil)
      try reference.run([picture()])
      let runtime = try FakeLibraries.runtime()
      let session = try session(runtime, precision)
      var first: [Float]?
      // The third run is a recorded one.
      for _ in 0..<4 {
        try session.run([picture()])
        let found = try scores(session)
        #expect(difference(found, try scores(reference)) < tolerance)
        #expect(found == first ?? found)
        first = found
      }
      #expect(convolutions(session) == both)
      #expect(try FakeLibraries.Library.driver.count("cuGraphLaunch") > 0)
    }

    @Test func formsCanBeSwitchedOffAndLibrariesCanLack() throws {
      let runtime = try FakeLibraries.runtime()
      for off in [both, ["convolution.cudnn"], ["convolution.cublaslt"]] {
        let session = try session(runtime, without: off)
        try session.run([picture()])
        let left = both.subtracting(off)
        #expect(convolutions(session).isDisjoint(with: off))
        #expect(convolutions(session).isSuperset(of: left))
        #expect(convolutions(session).contains(own) == off.contains("convolution.cudnn"))
      }
      let bare = try FakeLibraries.runtime(without: ["libcudnn.so.9", "libcublasLt.so.12"])
      let session = try session(bare)
      try session.run([picture()])
      #expect(convolutions(session) == [own])
      #expect(
        bare.libraries.findings.map(\.description) == [
          "not found: libcudnn.so.9 was not found; our own kernels are used",
          "not found: libcublasLt.so.12 or libcublasLt.so.13 was not found; our own kernels are used",
        ])
      #expect(runtime.libraries.findings.map(\.name) == ["cuDNN", "cuBLASLt"])
      #expect(
        runtime.libraries.findings.map(\.description).map { $0.prefix(6) } == ["9.1.0,", "12.4.1"])
    }

    @Test func librariesThatDoNotStartAreDoneWithout() throws {
      let runtime = try FakeLibraries.runtime()
      try FakeLibraries.Library.cudnn.fail("cudnnCreate", with: 1001)
      try FakeLibraries.Library.cublasLt.fail("cublasLtCreate", with: 1)
      let working = try session(runtime)
      try working.run([picture()])
      #expect(convolutions(working) == [own])
      // Where nothing else may serve, it is told why they do not.
      try FakeLibraries.Library.cudnn.fail("cudnnCreate", with: 1001)
      let failing = try session(runtime, without: [own])
      expectError(
        .unsupported, saying: "convolution.cudnn: cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED"
      ) { try failing.run([picture()]) }
    }

    @Test func failuresInARunAreToldAndTheNextRunIsWell() throws {
      let runtime = try FakeLibraries.runtime()
      let session = try session(runtime)
      try session.run([picture()])
      let expected = try scores(session)
      let failures: [(FakeLibraries.Library, String, Int32, String)] = [
        (.cudnn, "cudnnBackendExecute", 5000, "CUDNN_STATUS_EXECUTION_FAILED (told to fail)"),
        (.cublasLt, "cublasLtMatmul", 13, "status 13 (execution failed)"),
      ]
      for (library, call, status, text) in failures {
        // The plan is there, so nothing but the run calls it.
        try session.run([picture()])
        try library.fail(call, with: status)
        expectError(.deviceFailure, saying: "layer ", call, text) {
          try session.run([picture()]) { _ in true }
        }
        try session.run([picture()])
        #expect(try scores(session) == expected)
      }
    }

    @Test func nothingIsLeft() throws {
      do {
        let runtime = try FakeLibraries.runtime()
        let sessions = try (0..<2).map { _ in try session(runtime, .float16) }
        for session in sessions { try session.run([picture()]) }
        let counts = try withExtendedLifetime(sessions) {
          try [FakeLibraries.Library.cudnn, .cublasLt].map { try $0.liveObjectCount }
        }
        #expect(counts.allSatisfy { $0 > 0 })
      }
      #expect(try FakeLibraries.Library.cudnn.liveObjectCount == 0)
      #expect(try FakeLibraries.Library.cublasLt.liveObjectCount == 0)
      #expect(try FakeLibraries.Library.driver.liveObjectCount == 0)
    }
  }
}
