import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// Paths that cannot be meant, suffixes that promise another format, names that a terminal would
/// obey.
struct PathTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    ["scenes", "--count", "1", "-o", ""], ["scenes", "--count", "1", "--output="],
    ["segment", ""], ["segment", "x.png", "--labels", ""], ["segment", "x.png", "--model="],
    ["train", "--data", "", "-o", "x"], ["train", "--data", "x", "-o", ""],
    ["train", "--data", "x", "-o", "y", "--from", ""], ["eval", "--data", ""],
    ["eval", "--data", "x", "--predictions", ""], ["prepare", "", "-o", "x"],
    ["prepare", "x", "-o", ""], ["import", "", "-o", "x"], ["import", "x", "-o", ""],
    ["export", "--onnx", ""], ["info", ""], ["bench", "--model", ""], ["plot", "", "-o", "x.png"],
    ["plot", "x", "-o", ""], ["init", "--classes", "a,b", "-o", ""],
  ])
  func anEmptyPathIsRefused(arguments: [String]) throws {
    try Command.fail(2, saying: "is empty; wanted the path", calling: arguments)
  }

  @Test(arguments: [
    ["info", "-"], ["import", "-", "-o", "x"], ["import", "x", "-o", "-"],
    ["export", "--onnx", "-"],
    ["segment", "x.png", "--model", "-"], ["eval", "--data", "-"], ["prepare", "-", "-o", "x"],
    ["train", "--data", "x", "-o", "-"], ["eval", "--data", "x", "--confusion", "-"],
    ["init", "--classes", "a,b", "-o", "-"], ["scenes", "--count", "1", "-o", "-"],
    ["plot", "-", "-o", "x.png"],
  ])
  func aDashIsNoFileOfThatName(arguments: [String]) throws {
    try Command.fail(2, saying: "standard input", calling: arguments)
    #expect(!File.exists("-"))
  }

  @Test func aSuffixKeepsItsPromise() throws {
    let (picture, model) = (try Fixture.picture(), try Fixture.model())
    func refuses(_ arguments: [String], _ parts: String) throws {
      try Command.fail(2, saying: parts, calling: arguments)
    }
    let call = ["segment", picture, "--model", model, "-q"]
    let x = folder.file("x")
    try refuses(call + ["--labels", "\(x).jpg"], "keeps every label exactly; name it \(x).png")
    try refuses(call + ["--grey-labels", "\(x).JPEG"], "name it \(x).png")
    try refuses(call + ["--scores", "\(x).csv"], "name it \(x).npy")
    try refuses(
      ["eval", "--data", Fixture.scenes(), "--confusion", "\(x).csv"], "name it \(x).npy")
    try refuses(["export", "-m", model, "--onnx", "\(x).pth"], "name it \(x).onnx")
    try refuses(["init", "--classes", "a,b", "-o", "\(x).onnx"], "name it \(x).safetensors")
    try refuses(["import", model, "-o", "\(x).pth"], "name it \(x).safetensors")
    #expect(try File.names(inFolder: folder.path).isEmpty)
    // Suffixes that promise nothing are anybody's own.
    try Command.succeed("segment", picture, "-m", model, "-q", "--labels", folder.file("x.2024"))
  }

  @Test func greyLabelsAreTheSameIndices() throws {
    let (palette, grey) = (folder.file("p.png"), folder.file("g.png"))
    let result = try Command.succeed(
      "segment", Fixture.picture(), "--model", Fixture.model(), "--labels", palette,
      "--grey-labels", grey, "--json")
    #expect(try LabelMap(contentsOf: palette) == LabelMap(contentsOf: grey))
    let bytes = try File.read(grey)
    // Depth and colour type in the header: 8 bits, grey.
    #expect(Array(bytes[24...25]) == [8, 0])
    let entries = try #require(Command.object(result)["pictures"] as? [[String: Any]])
    #expect(entries[0]["grey_labels"] as? String == grey)
    // As a picture it shows the indices too: nothing is scaled.
    let image = try Image(contentsOf: grey)
    #expect(try Int(image.pixels[0]) == Int(LabelMap(contentsOf: palette).labels[0]))
  }

  /// Gives classes of the model at `path` names that `fcn init` refuses.
  private func rename(_ names: [String: String], in path: String) throws {
    let bytes = try File.read(path)
    let length = (0..<8).reduce(0) { $0 + Int(bytes[$1]) << (8 * $1) }
    var header = try #require(
      JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
    var metadata = try #require(header["__metadata__"] as? [String: String])
    let list = try #require(metadata["fcn.classes"])
    let classes = try #require(
      JSONSerialization.jsonObject(with: Data(list.utf8)) as? [String])
    metadata["fcn.classes"] = String(
      decoding: try JSONSerialization.data(
        withJSONObject: classes.map { names[$0] ?? $0 }), as: UTF8.self)
    header["__metadata__"] = metadata
    var text = Array(try JSONSerialization.data(withJSONObject: header))
    while text.count % 8 != 0 { text.append(0x20) }
    let size = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try File.write(size + text + bytes[(8 + length)...], to: path)
  }

  @Test func namesAreNotObeyedByATerminal() throws {
    let escape = "\u{1B}[31m"
    let model = folder.file("m.safetensors")
    try Command.fail(
      2, saying: "control characters",
      calling: ["init", "--classes", "red\(escape),b", "--width", "0.03", "-o", model])
    try Command.succeed(
      "init", "--classes", "red0,c1,bidi,new,ring", "--width", "0.03", "--note",
      "a\(escape)\rb\u{2066}", "-o", model)
    try rename(
      [
        "red0": "red\(escape)", "c1": "c1\u{9B}2J", "bidi": "bidi\u{202E}", "new": "new\nline",
        "ring": "ring\u{7}",
      ], in: model)
    let bad = CharacterSet(charactersIn: "\u{1B}\u{9B}\u{202E}\u{2066}\r\u{7}\u{7F}")
    func isClean(_ text: String) -> Bool { text.rangeOfCharacter(from: bad) == nil }
    let info = try Command.succeed("info", model).text
    #expect(isClean(info))
    #expect(info.contains("red\\u{1B}[31m, c1\\u{9B}2J, bidi\\u{202E}, new\\nline"))
    let json = try Command.succeed("info", model, "--json")
    #expect(isClean(json.text))
    #expect(try Command.object(json)["note"] as? String == "a\(escape)\rb\u{2066}")
    // Files' names, in results and in errors.
    let picture = folder.file("p\(escape)\nx.jpg")
    try FileManager.default.copyItem(atPath: Fixture.picture(), toPath: picture)
    let shown = try Command.succeed("segment", picture, "--model", model)
    #expect(isClean(shown.text) && shown.text.contains("p\\u{1B}[31m\\nx.jpg"))
    let failed = try Command.run(["segment", folder.file("no\(escape)\nfcn: x"), "--model", model])
    #expect(isClean(failed.errors))
    #expect(!failed.errors.contains("\nfcn: x"))
    let unknown = try Command.run(["seg\(escape)"])
    #expect(unknown.status == 2 && isClean(unknown.errors))
  }
}
