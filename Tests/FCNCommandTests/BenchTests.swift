import FCNTestSupport
import Foundation
import Testing

struct BenchTests {
  private func bench(
    _ options: [String], environment: [String: String] = [:]
  ) throws -> Command.Result {
    try Command.run(
      ["bench", "--model", Fixture.model(), "--size", "64x48", "--runs", "3"] + options,
      environment: environment)
  }

  @Test func itTellsTimesAndTheFormOfEveryLayer() throws {
    let result = try bench(["--json", "--layers", "--threads", "2", "--batch", "2"])
    let object = try Command.object(result)
    #expect(object["width"] as? Int == 64 && object["height"] as? Int == 48)
    #expect(object["threads"] as? Int == 2 && object["batch"] as? Int == 2)
    let runs = try #require(object["runs_ms"] as? [Double])
    #expect(runs.count == 3 && runs.allSatisfy { $0 > 0 })
    let median = try #require(object["median_ms"] as? Double)
    let best = try #require(object["best_ms"] as? Double)
    #expect(best == runs.min() && median == runs.sorted()[1])
    for name in ["load_ms", "first_ms", "activation_bytes"] {
      #expect((object[name] as? Double ?? 0) > 0, "\(name)")
    }
    let layers = try #require(object["layers"] as? [[String: Any]])
    let first = try #require(layers.first { $0["layers"] as? String == "conv1_1 + relu1_1" })
    #expect((first["form"] as? String ?? "").hasPrefix("convolution."))
    #expect((first["gflops"] as? Double ?? 0) > 0)
    #expect((object["peak_gflops"] as? Double ?? 0) > 0)
    #expect(["products", "memory"].contains(first["bound"] as? String))
  }

  @Test func aPrecisionCanBeChosen() throws {
    let object = try Command.object(try bench(["--json", "--precision", "int16"]))
    #expect(object["precision"] as? String == "int16")
  }

  @Test func theTableHasALineForEveryStep() throws {
    let text = try bench(["--layers"]).text
    #expect(text.contains("median") && text.contains("GFLOP/s"))
    #expect(text.contains("conv1_1 + relu1_1"))
    #expect(!(try bench([]).text.contains("conv1_1")))
  }

  @Test func anInstructionSetCanBeNamed() throws {
    let result = try bench(["--json"], environment: ["FCN_CPU": "portable"])
    #expect(try Command.object(result)["instruction_set"] as? String == "portable")
    let wrong = try bench([], environment: ["FCN_CPU": "z80"])
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("FCN_CPU=z80") && wrong.errors.contains("portable"))
  }

  @Test(arguments: [
    ["--size", "64"], ["--batch", "65"], ["--runs", "0"], ["--disable", "x.y"],
    ["--precision", "int4"],
  ])
  func wrongOptionsAreRefused(_ options: [String]) throws {
    let result = try bench(options)
    #expect(result.status == 2)
    #expect(!result.errors.isEmpty)
  }
}
