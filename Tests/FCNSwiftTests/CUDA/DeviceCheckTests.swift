import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What `fcn check` runs, on the fake device.
  struct DeviceCheckTests {
    /// What a check of one precision finds, none of it bad.
    private func goodFindings(
      _ precision: Precision, _ runtime: CUDARuntime
    ) throws -> [DeviceCheck.Finding] {
      var findings: [DeviceCheck.Finding] = []
      try DeviceCheck(device: 0, precisions: [precision], runtime: runtime).run {
        findings.append($0)
        return true
      }
      let bad = findings.filter { !$0.isGood }
      #expect(bad.isEmpty, "\(bad)")
      return findings
    }

    @Test(arguments: [Precision.float32, .float16])
    func aDeviceThatIsRightIsFoundToBe(precision: Precision) throws {
      let findings = try goodFindings(precision, FakeDevice.makeRuntime())
      let names = Set(findings.map(\.name))
      #expect(names.isSuperset(of: DeviceCheck.architectures))
      #expect(names.isSuperset(of: DeviceCheckCase.all.map(\.name)))
      #expect(findings.contains { $0.part == "step of training" })
    }

    @Test func everyFormIsChecked() throws {
      let findings = try goodFindings(.tf32, FakeLibraries.makeRuntime())
      func count(_ end: String, _ part: String) -> Int {
        findings.count { $0.name.hasSuffix(end) && $0.part.hasPrefix(part) }
      }
      #expect(count(" by cuDNN", "output") == 11)
      #expect(count(" by cuDNN", "gradient") == 22)
      #expect(count(" by cuBLASLt", "output") == 1)
      #expect(count(" by our own kernels", "scores") == DeviceCheck.architectures.count + 3)
    }

    @Test func aLibraryThatDoesNothingIsAFailure() throws {
      let check = try DeviceCheck(
        device: 0, precisions: [.float16], runtime: FakeLibraries.makeRuntime())
      // As one that is of another version than its parts.
      let cudnn = FakeLibraries.Library.cudnn
      expectError(.deviceFailure, saying: "cuDNN was found but", "cudnnCreate") {
        try cudnn.fail("cudnnCreate", with: 1001)
        try check.run { _ in
          try cudnn.fail("cudnnCreate", with: 1001)
          return true
        }
      }
      try cudnn.failNoMore()
    }

    @Test func aCheckCanBeStopped() throws {
      let check = try DeviceCheck(
        device: 0, precisions: [.float32], runtime: FakeDevice.makeRuntime())
      expectError(.aborted) { try check.run { _ in false } }
    }
  }
}
