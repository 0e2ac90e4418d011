import FCNTestSupport
import Testing

@testable import FCNSwift

/// Checkpoints that say something which is not understood, and must not pass for one that is silent.
struct CheckpointTests {
  @Test func aPlaceThatIsNotUnderstoodIsNotNoPlace() throws {
    let names = ["training.device", "training.precision"]
    #expect(try TrainingPlace(metadata: [:]) == nil)
    for texts in [["cuda:x", "float32"], ["cuda:0", "float8"], ["cuda:0"]] {
      let metadata = Dictionary(uniqueKeysWithValues: zip(names, texts))
      expectError(.corrupt, saying: texts[texts.count - 1], "not understood") {
        _ = try TrainingPlace(metadata: metadata)
      }
    }
    let place = try TrainingPlace(metadata: ["training.device": "cuda:1", names[1]: "float16"])
    #expect(place?.device == .cuda(1) && place?.precision == .float16)
  }

  @Test func aLimitThatIsNoCountIsNotNoLimit() throws {
    var checkpoint = Checkpoint(
      epoch: 1, seconds: 0, options: [:], description: try tinyModel().description,
      parameters: [:], optimizerState: [:])
    #expect(try checkpoint.iterationLimit() == .max)
    checkpoint.options = ["iterations": "70"]
    #expect(try checkpoint.iterationLimit() == 70)
    for text in ["", "7e1", "-3", "0"] {
      checkpoint.options = ["iterations": text]
      expectError(.corrupt, saying: "iterations") { _ = try checkpoint.iterationLimit() }
    }
  }
}
