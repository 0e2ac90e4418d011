import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What `fcn check` runs, on the fake device.
  struct DeviceCheckTests {
    @Test(arguments: [Session.Precision.float32, .float16])
    func aDeviceThatIsRightIsFoundToBe(precision: Session.Precision) throws {
      let check = try DeviceCheck(
        device: 0, precisions: [precision], runtime: FakeDevice.makeRuntime())
      var findings: [DeviceCheck.Finding] = []
      try check.run {
        findings.append($0)
        return true
      }
      let bad = findings.filter { !$0.isGood }
      #expect(bad.isEmpty, "\(bad)")
      let names = Set(findings.map(\.name))
      #expect(names.isSuperset(of: Architecture.all.map(\.name)))
      #expect(names.isSuperset(of: DeviceCheckCase.all.map(\.name)))
      #expect(findings.contains { $0.part == "step of training" })
    }

    @Test func aCheckCanBeStopped() throws {
      let check = try DeviceCheck(
        device: 0, precisions: [.float32], runtime: FakeDevice.makeRuntime())
      expectError(.aborted) { try check.run { _ in false } }
    }
  }
}
