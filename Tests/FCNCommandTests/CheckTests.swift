import FCNTestSupport
import Foundation
import Testing

/// `fcn check` without a device.
struct CheckTests {
  @Test func everyInstructionSetIsCheckedAndMeasured() throws {
    let report = try Command.object(Command.succeed("check", "--json"))
    let sets = try #require(report["instruction_sets"] as? [[String: Any]])
    let names = sets.compactMap { $0["name"] as? String }
    #expect(names.first == "portable")
    #expect(names.contains(try #require(report["instruction_set"] as? String)))
    for set in sets {
      #expect(set["float32_gflops"] as? Double ?? 0 > 0)
      #expect(set["int16_gops"] as? Double ?? 0 > 0)
    }
    let findings = try #require(report["findings"] as? [[String: Any]])
    #expect(Set(findings.compactMap { $0["instruction_set"] as? String }) == Set(names))
    #expect(findings.allSatisfy { $0["good"] as? Bool == true })

    let table = try Command.succeed("check", "--precision", "int16").text
    for name in names { #expect(table.contains("\(name) ")) }
    #expect(table.contains(" 0 beyond their tolerance"))
    try Command.fail(
      2, saying: "--precision", "float16", calling: ["check", "--precision", "float16"])
  }
}
