import FCNTestSupport
import Foundation
import Testing

/// Files that are missing, damaged or not to be written: exit status 3, and the file's name.
struct FileErrorTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func aModelThatCannotBeReadIsNamed() throws {
    let picture = try Fixture.picture()
    try Command.fail(
      3, saying: "nowhere.st", calling: ["segment", picture, "--model", "nowhere.st"])
    try Command.fail(
      3, saying: picture, "looks like a JPEG picture",
      calling: ["segment", picture, "--model", picture])
    let whole = try Data(contentsOf: URL(fileURLWithPath: Fixture.model()))
    let half = try folder.write(Array(whole.prefix(whole.count / 2)), "half.safetensors")
    try Command.fail(3, saying: half, "cut off", calling: ["info", half])
    try Command.fail(3, saying: half, "cut off", calling: ["segment", picture, "--model", half])
    try Command.fail(3, saying: folder.path, "regular file", calling: ["info", folder.path])
  }

  @Test func withoutAModelTheDefaultOneIsWanted() throws {
    let picture = try Fixture.picture()
    let missing = try Command.run(
      ["segment", picture], environment: ["FCN_MODEL": folder.file("nowhere")])
    #expect(missing.status == 3)
    #expect(missing.errors.contains("FCN_MODEL"))
    let found = try Command.run(
      ["segment", picture, "--json"], environment: ["FCN_MODEL": Fixture.model()])
    #expect(found.status == 0)
    #expect(try Command.object(found)["model"] as? String == Fixture.model())
    let info = try Command.run(
      ["info", "default", "--json"], environment: ["FCN_MODEL": Fixture.model()])
    #expect(try Command.object(info)["file"] as? String == Fixture.model())
  }

  @Test func aPictureThatCannotBeReadIsNamed() throws {
    let model = try Fixture.model()
    let text = try folder.write(Array("hello".utf8), "text.jpg")
    try Command.fail(
      3, saying: "nowhere.jpg", calling: ["segment", "nowhere.jpg", "--model", model])
    try Command.fail(3, saying: text, calling: ["segment", text, "--model", model])
    try Command.fail(3, saying: "standard input", calling: ["segment", "-", "--model", model])
    let empty = folder.file("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    try Command.fail(3, saying: empty, "no .jpg", calling: ["segment", empty, "--model", model])
  }

  @Test func aDatasetThatIsNotWholeIsExplained() throws {
    let (scenes, model) = (try Fixture.scenes(), try Fixture.model())
    try Command.fail(
      3, saying: "nowhere", calling: ["eval", "--data", "nowhere", "--model", model])
    try Command.fail(
      3, saying: "test", "train, val",
      calling: ["eval", "--data", "\(scenes):test", "--model", model])
    try Command.fail(
      3, saying: folder.path, calling: ["train", "--data", folder.path, "-o", folder.file("out")])
    let copy = folder.file("scenes")
    try FileManager.default.copyItem(atPath: scenes, toPath: copy)
    try FileManager.default.removeItem(atPath: "\(copy)/SegmentationClass/street_0007.png")
    try Command.fail(
      3, saying: "street_0007",
      calling: ["eval", "--data", copy, "--split", "val", "--model", model])
  }

  @Test func anOutputThatCannotBeWrittenIsNamed() throws {
    let (picture, model) = (try Fixture.picture(), try Fixture.model())
    let file = try folder.write([1], "file")
    for output in [folder.file("no/such/folder.png"), "\(file)/x.png"] {
      try Command.fail(
        3, saying: output,
        calling: ["segment", picture, "--model", model, "--labels", output, "--quiet"])
    }
    try Command.fail(
      3, saying: "/dev/full", "No space left",
      calling: ["segment", picture, "--model", model, "--labels", "/dev/full", "--quiet"])
    try Command.fail(
      3, saying: file,
      calling: ["train", "--data", Fixture.scenes(), "-o", file, "--width", "0.03"])
    try Command.fail(3, saying: file, calling: ["scenes", "--count", "1", "-o", file])
  }

  @Test func whatOthersMadeIsNotOverwrittenUnasked() throws {
    let scenes = try Fixture.scenes()
    try Command.fail(
      3, saying: scenes, "another set",
      calling: ["scenes", "--count", "2", "--size", "96x64", "-o", scenes])
    try Command.fail(2, saying: scenes, calling: ["prepare", scenes, "-o", scenes])
  }

  @Test func nobodyReadingStandardOutputIsNoError() throws {
    let process = try Command.process(["info", "--json"])
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try output.fileHandleForReading.close()
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == 141)
    #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
  }
}
