import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// `fcn import` of ONNX files, as users run it.
struct ImportONNXTests {
  private let folder: TemporaryFolder
  private static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("FCNSwiftTests/Goldens/onnx")

  init() throws { folder = try TemporaryFolder() }

  private func golden(_ name: String) -> String {
    Self.goldens.appendingPathComponent("\(name).onnx").path
  }

  @Test func aGraphBecomesAModelThatSegments() throws {
    let path = folder.file("model.safetensors")
    let result = try Command.object(
      Command.succeed(
        "import", golden("skip-dynamo18"), "-o", path, "--classes", "road,sky", "--preprocessing",
        "unit", "--json"))
    #expect(result["kind"] as? String == "model")
    #expect(result["preprocessing_assumed"] as? Bool == false)
    let model = try Model(contentsOf: path)
    #expect(model.description.classNames == ["road", "sky"])
    #expect(model.description.preprocessing == .unit)
    let labels = folder.file("labels.png")
    try Command.succeed("segment", Fixture.picture(), "--model", path, "--labels", labels)
    #expect(FileManager.default.fileExists(atPath: labels))
    let again = folder.file("again.onnx")
    try Command.succeed("export", "--onnx", again, "--model", path)
    try Command.succeed("import", again, "-o", folder.file("again.safetensors"), "--quiet")
  }

  @Test func whatWasTakenAndLeftOutIsTold() throws {
    let path = folder.file("model.safetensors")
    let several = try Command.object(
      Command.succeed("import", golden("two-outputs-dynamo18"), "-o", path, "--json"))
    #expect(several["output_taken"] as? String == "scores")
    #expect(several["auxiliary_outputs"] as? [String] == ["auxiliary"])
    let ended = try Command.object(
      Command.succeed("import", golden("argmax-ts13"), "-o", path, "--json"))
    #expect(ended["left_out_at_the_end"] as? [String] == ["argmax"])
    let other = try Command.object(
      Command.succeed(
        "import", golden("two-outputs-dynamo18"), "-o", path, "--graph-output", "auxiliary",
        "--json"))
    #expect(other["output_taken"] as? String == "auxiliary")
  }

  @Test func whatCannotBeIsRefusedAndNothingWritten() throws {
    let path = folder.file("model.safetensors")
    try Command.fail(
      3, saying: "NonZero", "there is no layer for it",
      calling: ["import", golden("refused-operation"), "-o", path])
    try Command.fail(
      3, saying: "no output \"none\"", "\"scores\"",
      calling: ["import", golden("two-outputs-dynamo18"), "-o", path, "--graph-output", "none"])
    try Command.fail(
      2, saying: "holds its own network",
      calling: ["import", golden("skip-ts11"), "-o", path, "--architecture", "fcn8s"])
    try Command.fail(
      2, saying: "13×9", "no others",
      calling: ["import", golden("skip-fixed-dynamo18"), "-o", path, "--size", "32x32"])
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  /// A model of other classes starts from what an imported one has learned.
  @Test func trainingGoesOnWithOtherClasses() throws {
    let path = folder.file("model.safetensors")
    try Command.succeed("import", golden("skip-dynamo18"), "-o", path, "--quiet")
    let output = folder.file("run")
    try Command.succeed(
      "train", "--from", path, "--data", Fixture.scenes(), "-o", output, "--iterations", "2",
      "--quiet")
    let trained = try Model(contentsOf: output + "/model.safetensors")
    #expect(trained.description.classNames.count == 11)
  }
}
