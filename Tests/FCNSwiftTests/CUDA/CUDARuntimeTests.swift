import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What is said where libraries or devices are missing, or are not what they should be.
  struct CUDARuntimeTests {
    private let fake: FakeCUDA
    private let folder: TemporaryFolder

    init() throws {
      fake = try FakeDevice.fake()
      folder = try TemporaryFolder()
    }

    private func runtime(in folder: String) throws -> CUDARuntime {
      try CUDARuntime(LibrarySearch(folder: folder, looksElsewhere: false), kernelCache: nil)
    }

    /// A library of the C source `text`, named `name`.
    private func compile(_ text: String, _ name: String) throws {
      let source = try folder.write(Array(text.utf8), "source.c")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["cc", "-shared", "-fPIC", "-o", folder.file(name), source]
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
    }

    private func copy(_ name: String) throws {
      try FileManager.default.copyItem(
        atPath: "\(fake.folder)/\(name)", toPath: folder.file(name))
    }

    @Test func anEmptyFolderHasNoDriver() throws {
      expectError(.unavailable, saying: "NVIDIA's driver", "libcuda.so.1 was not found") {
        _ = try runtime(in: folder.path)
      }
    }

    @Test func aDriverAloneIsNotEnough() throws {
      try copy("libcuda.so.1")
      expectError(
        .unavailable, saying: "NVRTC", "libnvrtc.so.12 or libnvrtc.so.13 was not found"
      ) { _ = try runtime(in: folder.path) }
    }

    @Test func aFileThatIsNoLibraryIsNamed() throws {
      _ = try folder.write(Array("not a library".utf8), "libcuda.so.1")
      expectError(.unavailable, saying: "NVIDIA's driver", folder.file("libcuda.so.1")) {
        _ = try runtime(in: folder.path)
      }
    }

    @Test func aLibraryThatLacksAFunctionIsNamed() throws {
      try compile("int unrelated(void) { return 0; }", "libcuda.so.1")
      expectError(.unavailable, saying: folder.file("libcuda.so.1"), "no function cuInit") {
        _ = try runtime(in: folder.path)
      }
    }

    @Test func aLibraryThatIsTooOldIsNamed() throws {
      try compile("int cuInit(unsigned flags) { return flags ? 1 : 0; }", "libcuda.so.1")
      expectError(
        .unavailable, saying: folder.file("libcuda.so.1"), "no function cu", "newer version"
      ) { _ = try runtime(in: folder.path) }
    }

    @Test func theCompilerIsCheckedInTheSameWay() throws {
      try copy("libcuda.so.1")
      try compile("int nvrtcVersion(int *a, int *b) { return !a || !b; }", "libnvrtc.so.12")
      expectError(.unavailable, saying: "NVRTC", "no function nvrtc", "newer version") {
        _ = try runtime(in: folder.path)
      }
    }

    /// The newer compiler is tried first; where it is damaged, the other one serves.
    @Test func aDamagedLibraryIsPassedOverWhereThereIsAnother() throws {
      _ = try folder.write([1, 2, 3], "libnvrtc.so.13")
      try copy("libcuda.so.1")
      try copy("libnvrtc.so.12")
      let runtime = try runtime(in: folder.path)
      #expect(runtime.compiler.library.name == "libnvrtc.so.12")
      #expect(runtime.compiler.library.path == folder.file("libnvrtc.so.12"))
    }

    @Test func aMachineWithoutDevicesIsExplained() throws {
      fake.with(.devices, "0") {
        expectError(.unavailable, saying: "NVIDIA's driver", "cuInit", "CUDA_ERROR_NO_DEVICE") {
          _ = try FakeDevice.makeRuntime()
        }
      }
    }

    @Test(arguments: [
      "cuInit", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute",
      "cuDeviceTotalMem_v2",
    ])
    func aDriverThatFailsAtOnceIsUnavailable(call: String) throws {
      fake.fail(call, result: 999)
      defer { fake.failNothing() }
      let name = call.replacingOccurrences(of: "_v2", with: "")
      expectError(.unavailable, saying: "\(name): CUDA_ERROR_UNKNOWN (unknown error)") {
        _ = try FakeDevice.makeRuntime()
      }
      fake.failNothing()
      #expect(try FakeDevice.makeRuntime().devices.count == 1)
    }

    @Test func onlyDevicesThatAreThereCanBeUsed() throws {
      let model = try DeviceFixture.model()
      for index in [1, 99, -1] {
        expectError(.notFound, saying: "no CUDA device \(index)", "there are 1") {
          _ = try FakeDevice.session(model, device: index, on: FakeDevice.makeRuntime())
        }
      }
    }

    @Test func anOldDeviceIsRefused() throws {
      let model = try DeviceFixture.model()
      try fake.with(.architecture, "60") {
        let runtime = try FakeDevice.makeRuntime()
        expectError(.unavailable, saying: "Fake CUDA device 0", "6.0", "7.0 or later") {
          _ = try FakeDevice.session(model, on: runtime)
        }
      }
    }

    @Test(arguments: [70, 75])
    func olderDevicesHaveFewerPrecisions(architecture: Int) throws {
      try fake.with(.architecture, "\(architecture)") {
        let runtime = try FakeDevice.makeRuntime()
        for precision in [Precision.tf32, .bfloat16] {
          expectError(.unsupported, saying: precision.rawValue, "8.0", "float16") {
            _ = try FakeDevice.session(try DeviceFixture.model(), precision, on: runtime)
          }
        }
        // Each kind of device has its kernels compiled anew.
        try expectAgreement(architecture == 70 ? [.float32, .float16] : [.float16], on: runtime)
      }
    }

    /// The compiler knows nothing beyond 9.0; the driver translates what it makes for that.
    @Test func aDeviceThatIsNewerThanTheCompilerRuns() throws {
      try fake.with(.architecture, "120") {
        let runtime = try FakeDevice.makeRuntime()
        #expect(try runtime.compiler.target(for: runtime.devices[0].capability) == "compute_90")
        try expectAgreement([.bfloat16], on: runtime)
      }
    }

    private func expectAgreement(
      _ precisions: [Precision], on runtime: CUDARuntime
    ) throws {
      let model = try DeviceFixture.model()
      let picture = try DeviceFixture.picture(40, 33)
      let processor = try Session.onProcessor(model)
      try processor.run([picture])
      for precision in precisions {
        let session = try FakeDevice.session(model, precision, on: runtime)
        try session.run([picture])
        try FCNSwiftTests.expectAgreement(
          session, processor, within: precision.scoreTolerance, "\(precision)")
      }
    }

    @Test func aDeviceThatTheCompilerHasForgottenIsNamed() throws {
      let compiler = try FakeDevice.makeRuntime().compiler
      #expect(try compiler.target(for: 80) == "sm_80")
      #expect(try compiler.target(for: 87) == "compute_86")
      expectError(.unavailable, saying: "6.1", "libnvrtc.so.12", "install an older one") {
        _ = try compiler.target(for: 61)
      }
    }

    @Test func precisionsBelongToWhatRunsThem() throws {
      let model = try DeviceFixture.model()
      expectError(.invalidArgument, saying: "int16", "float32, tf32, float16") {
        _ = try FakeDevice.session(model, .int16)
      }
      for precision in [Precision.tf32, .float16, .bfloat16] {
        expectError(.invalidArgument, saying: precision.rawValue, "float32, int16 or int8") {
          _ = try Session(model: model, options: .init(threads: 1, precision: precision))
        }
      }
    }

    @Test func whatWasFoundIsDescribed() throws {
      try fake.with(.driverVersion, "13010") {
        let runtime = try FakeDevice.makeRuntime()
        #expect(runtime.driver.versionText == "13.1")
        #expect(runtime.driver.library.path == "\(fake.folder)/libcuda.so.1")
        #expect(runtime.compiler.versionText.hasPrefix("12."))
        #expect(
          runtime.devices[0].text
            == "Fake CUDA device 0, compute capability 8.0, 4 multiprocessors, 4 GiB")
      }
    }
  }
}
