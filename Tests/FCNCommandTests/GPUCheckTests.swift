import FCNTestSupport
import Foundation
import Testing

/// `scripts/gpu-check`, as it runs on a machine with a device, on a fake one.
struct GPUCheckTests {
  // Training steps are timed through the Python module.
  @Test(
    .enabled(
      if: Python.canImport("numpy"),
      "scripts/gpu-check: python3 has no NumPy (apt install python3-numpy, or pip install numpy)"))
  func itChecksAndMeasuresAndWritesWhatCameOut() throws {
    let fake = try FakeCUDA.shared.get()
    let folder = try TemporaryFolder()
    let document = folder.file("gpu.md")
    let (before, after) = ("# Before\n", "\n# After\n")
    try "\(before)<!-- gpu-check begins -->\nold\n<!-- gpu-check ends -->\(after)"
      .write(toFile: document, atomically: true, encoding: .utf8)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    process.executableURL = root.appendingPathComponent("scripts/gpu-check")
    process.arguments = ["--quick", "--fcn", Command.path, "--out", document]
    process.environment = ProcessInfo.processInfo.environment.merging(fake.environment) { $1 }
      .merging(["FCN_CUDA_LIBRARIES": fake.allFolder]) { $1 }
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(errors)")

    let text = try String(contentsOfFile: document, encoding: .utf8)
    #expect(text.hasPrefix(before) && text.hasSuffix(after))
    #expect(!text.contains("old"))
    #expect(text.contains("Fake CUDA device 0"))
    for precision in ["float32", "tf32", "float16", "bfloat16"] {
      let row = try Regex("\\| \(precision)( \\| [1-9][0-9]*){3} \\| none \\|")
      #expect(text.contains(row), "\(text)")
    }
    #expect(text.contains(try Regex("\\| float16( \\| [0-9.]+){4} \\| yes \\|")), "\(text)")
    #expect(text.contains(try Regex("\\| fcn-simple \\| 64×48 \\| 2 \\| [0-9.]+ \\|")), "\(text)")
    #expect(text.contains(try Regex("\\| 1 \\| [0-9.]+ \\| not run \\|")), "\(text)")
  }
}
