import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// `segment --raw`: frames in, frames out.
struct SegmentStreamTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func call(_ input: String = "-") throws -> [String] {
    ["segment", "--raw", "96x64", input, "--model", try Fixture.model()]
  }

  private func frames(_ count: Int) throws -> Data {
    try (1...count).reduce(into: Data()) { data, number in
      data += try Image(contentsOf: Fixture.picture(number)).pixels
    }
  }

  @Test func framesAreSegmentedAsPicturesAre() throws {
    let result = try Command.run(
      call() + ["--labels", "-", "--overlay", folder.file("o.rgb"), "--class", "sky"]
        + ["--cutout", folder.file("c.rgba"), "--mask", folder.file("m"), "--confidence"]
        + [folder.file("s.raw")], input: frames(3))
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("3 frames"))
    let plane = 96 * 64
    #expect(result.output.count == 3 * plane)
    for (name, size) in [("o.rgb", 3), ("c.rgba", 4), ("m", 1), ("s.raw", 1)] {
      let data = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
      #expect(data.count == 3 * size * plane, "\(name)")
    }
    let png = try Command.succeed(
      "segment", try Fixture.picture(2), "-m", try Fixture.model(), "--labels", "-", "-q")
    #expect(
      try LabelMap(decoding: Array(png.output)).labels
        == Array(result.output.dropFirst(plane).prefix(plane)))
    // From a file of frames too.
    let path = try folder.write([UInt8](frames(3)), "in.rgb")
    #expect(try Command.run(call(path) + ["-q", "--labels", "-"]).output == result.output)
  }

  @Test func aFrameThatIsCutShortIsAnErrorAfterThoseBefore() throws {
    let input = try frames(2).dropLast(7)
    let labels = folder.file("labels.raw")
    let result = try Command.run(call() + ["--labels", labels], input: input)
    #expect(result.status == 3)
    #expect(
      result.errors.contains("ends within frame 2, after 18425 of its bytes")
        && result.errors.contains("96×64") && result.errors.contains("1 whole frame"),
      "\(result.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: labels)).count == 96 * 64)
    let empty = try Command.run(call() + ["--labels", "-"])
    #expect(empty.status == 3 && empty.errors.contains("it is empty"), "\(empty.errors)")
  }

  @Test func whatHasNoFramesIsRefused() throws {
    try Command.fail(2, saying: "--labels -", calling: call())
    try Command.fail(2, saying: "--scores has no frames", calling: call() + ["--scores", "-"])
    try Command.fail(2, saying: "--polygons has", calling: call() + ["--polygons", "-"])
    try Command.fail(2, saying: "--json", calling: call() + ["--labels", "-", "--json"])
    try Command.fail(2, saying: "x.raw", calling: call() + ["--overlay", "x.png"])
    try Command.fail(2, saying: "one stream", calling: call() + ["b", "--labels", "-"])
    try Command.fail(
      2, saying: "only one of", calling: call() + ["--labels", "-", "--overlay", "-"])
    let path = try folder.write([1], "v")
    try Command.fail(2, saying: "as the video", calling: call(path) + ["--labels", path])
    try Command.fail(2, saying: "WIDTHxHEIGHT", calling: ["segment", "-", "--raw", "0x4"])
    try Command.fail(3, saying: "nowhere", calling: call("nowhere") + ["--labels", "-"])
  }

  /// A reader that has seen enough ends the command without a word, as it ends `cat`.
  @Test func aReaderThatStopsEndsItQuietly() throws {
    let path = try folder.write([UInt8](frames(9)), "in.rgb")
    let process = try Command.process(call(path) + ["--overlay", "-"])
    let output = Pipe()
    let errors = Pipe()
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    _ = try output.fileHandleForReading.read(upToCount: 100)
    try output.fileHandleForReading.close()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 141)
    #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
  }
}
