import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// The command on CUDA devices, those of the fake libraries.
struct DeviceTests {
  let fake: FakeCUDA
  let folder: TemporaryFolder

  init() throws {
    fake = try FakeCUDA.shared.get()
    folder = try TemporaryFolder()
  }

  private func run(
    _ arguments: [String], _ variables: [String: String] = [:]
  ) throws -> Command.Result {
    try Command.run(arguments, environment: fake.environment.merging(variables) { $1 })
  }

  private func segment(_ options: String...) throws -> [String] {
    ["segment", try Fixture.picture(), "--model", try Fixture.model(), "--labels", "-"] + options
  }

  @Test func aPictureIsSegmentedOnADevice() throws {
    let processor = try LabelMap(decoding: Array(try run(segment()).output))
    for options in [["cuda"], ["cuda:0"], ["cuda", "--precision", "float16"]] {
      let result = try run(segment("--device") + options)
      #expect(result.status == 0, "\(options): \(result.errors)")
      let device = try LabelMap(decoding: Array(result.output))
      let same = zip(device.labels, processor.labels).count { $0 == $1 }
      #expect(same >= processor.labels.count * 98 / 100, "\(options): \(same)")
    }
  }

  @Test func aDatasetIsEvaluatedOnADevice() throws {
    let call = [
      "eval", "--data", try Fixture.scenes(), "--split", "val", "--model", try Fixture.model(),
      "--json", "--quiet",
    ]
    let processor = try Command.object(run(call))
    let device = try Command.object(run(call + ["--device", "cuda"]))
    let accuracies = try [processor, device].map { try #require($0["pixel_accuracy"] as? Double) }
    #expect(abs(accuracies[0] - accuracies[1]) < 0.02)
    #expect(device["pictures"] as? Int == 3)
  }

  @Test func layersAreTimedOnADevice() throws {
    let call = [
      "bench", "--model", try Fixture.model(), "--size", "64x48", "--runs", "3", "--layers",
      "--device", "cuda", "--precision", "float16",
    ]
    let object = try Command.object(run(call + ["--json", "--batch", "2"]))
    let layers = try #require(object["layers"] as? [[String: Any]])
    let names = layers.compactMap { $0["layers"] as? String }
    #expect(names.first == "pictures" && names.last == "labels")
    #expect(names.contains("conv1_1 + relu1_1"))
    #expect(layers.allSatisfy { ($0["median_ms"] as? Double ?? 0) > 0 })
    #expect(layers.allSatisfy { $0["bound"] as? String == "" })
    #expect(layers.contains { ($0["gflops"] as? Double ?? 0) > 0 })
    #expect(object["peak_gflops"] as? Double == 0)
    let sum = layers.reduce(0) { $0 + ($1["median_ms"] as? Double ?? 0) }
    #expect(sum <= 10 * (object["median_ms"] as? Double ?? 0))

    let text = try run(call).text
    for part in ["GFLOP/s", "preprocessing.cuda", "labels.cuda", "download"] {
      #expect(text.contains(part), "\(text) does not say \(part)")
    }
    for part in ["peak", "bound"] { #expect(!text.contains(part), "\(text) says \(part)") }
  }

  @Test(arguments: ["gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:1:2", "cuda:256", "cpu:0"])
  func aWrongNameIsExplained(name: String) throws {
    let result = try run(segment("--device", name))
    #expect(result.status == 2)
    #expect(
      result.errors.contains("--device is \"\(name)\"; wanted cpu, cuda or cuda:N"),
      "\(result.errors)")
  }

  @Test func aDeviceThatIsNotThereIsNamed() throws {
    let result = try run(segment("--device", "cuda:1"))
    #expect(result.status == 3)
    #expect(result.errors.contains("there is no CUDA device 1; there are 1"), "\(result.errors)")
    let several = try run(segment("--device", "cuda:1"), ["FAKE_CUDA_DEVICES": "2"])
    #expect(several.status == 0, "\(several.errors)")
  }

  @Test func whatADeviceCannotDoIsLeftToTheProcessor() throws {
    let result = try run(
      segment("--device", "cuda", "--disable", "convolution.cuda_implicit_gemm"))
    #expect(result.status == 3)
    for part in ["layer conv1_1: ", "on a device", "; use the processor (--device cpu)"] {
      #expect(result.errors.contains(part), "\(result.errors) does not say \(part)")
    }
  }

  @Test func precisionsAreThoseOfTheDevice() throws {
    for (device, precision) in [("cpu", "float16"), ("cuda", "int16")] {
      let result = try run(segment("--device", device, "--precision", precision))
      #expect(result.status == 2)
      #expect(result.errors.contains(precision), "\(result.errors)")
    }
    let old = try run(
      segment("--device", "cuda", "--precision", "bfloat16"), ["FAKE_CUDA_SM": "75"])
    #expect(old.status == 3)
    #expect(old.errors.contains("compute capability 7.5"), "\(old.errors)")
  }

  @Test func withoutADeviceTheMessageIsTheSameEverywhere() throws {
    let variables = ["FAKE_CUDA_DEVICES": "0"]
    let result = try run(segment("--device", "cuda"), variables)
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("CUDA_ERROR_NO_DEVICE"), "\(result.errors)")
    let info = try Command.object(run(["info", "--json"], variables))
    let problem = try #require(info["cuda"] as? String)
    #expect(problem.hasPrefix("not available: NVIDIA's driver"))
    #expect(result.errors.contains(problem.dropFirst("not available: ".count)))
  }

  /// Whether libraries are installed here or not, `segment` finds what `info` finds.
  @Test func withoutAFolderOnlyInstalledLibrariesAreFound() throws {
    let variables = ["FCN_CUDA_LIBRARIES": folder.path]
    let info = try Command.object(run(["info", "--json"], variables))
    let result = try run(segment("--device", "cuda"), variables)
    if let problem = info["cuda"] as? String {
      #expect(result.status == 1)
      #expect(result.errors.contains(problem.dropFirst("not available: ".count)))
    } else {
      #expect(result.status == 0, "\(result.errors)")
    }
  }

  @Test func aDeviceThatFailsIsAFailure() throws {
    let result = try run(
      segment("--device", "cuda"), ["FAKE_CUDA_FAIL": "cuStreamSynchronize:3:719"])
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("CUDA_ERROR_LAUNCH_FAILED"), "\(result.errors)")
  }

  @Test func infoTellsWhatWasFound() throws {
    let text = try run(["info"]).text
    for part in [
      "\(fake.folder)/libcuda.so.1", "\(fake.folder)/libnvrtc.so.12", "driver: CUDA 12.4, ",
      "device 0: Fake CUDA device 0, compute capability 8.0, 4 multiprocessors, 4 GiB",
      "cuda: float32, tf32, float16, bfloat16",
    ] { #expect(text.contains(part), "\(text) does not say \(part)") }
    let object = try Command.object(run(["info", "--json"], ["FAKE_CUDA_DEVICES": "2"]))
    let cuda = try #require(object["cuda"] as? [String: String])
    #expect(Set(cuda.keys) == ["driver", "compiler", "cuDNN", "cuBLASLt", "device 0", "device 1"])
    #expect(cuda["device 1"]?.hasPrefix("Fake CUDA device 1, ") == true)
  }

  @Test func kernelsAreKeptWhereTheEnvironmentSays() throws {
    let kernels = folder.file("kernels")
    let first = try run(segment("--device", "cuda"), ["FCN_KERNEL_CACHE": kernels])
    #expect(first.status == 0, "\(first.errors)")
    #expect(try !File.names(inFolder: kernels).isEmpty)
    let fails = ["FAKE_NVRTC_FAIL": "1"]
    let second = try run(
      segment("--device", "cuda"), fails.merging(["FCN_KERNEL_CACHE": kernels]) { $1 })
    #expect(second.output == first.output)
    let without = try run(segment("--device", "cuda"), fails)
    #expect(without.status == 1)
    #expect(without.errors.contains("FAKE_NVRTC_FAIL is 1"), "\(without.errors)")
  }
}
