import FCNSwift
import FCNTestSupport
import Foundation
import Testing

struct SegmentTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func aPictureIsSegmentedIntoEveryKindOfFile() throws {
    let (picture, model) = (try Fixture.picture(), try Fixture.model())
    let (labels, overlay) = (folder.file("labels.png"), folder.file("overlay.jpg"))
    let scores = folder.file("scores.npy")
    let result = try Command.succeed(
      "segment", picture, "--model", model, "--labels", labels, "--overlay", overlay, "--scores",
      scores, "--json")
    let map = try LabelMap(contentsOf: labels)
    #expect((map.width, map.height) == (96, 64))
    let image = try Image(contentsOf: overlay)
    #expect((image.width, image.height) == (96, 64))
    #expect(try Data(contentsOf: URL(fileURLWithPath: overlay)).prefix(2) == Data([0xFF, 0xD8]))
    #expect(try Data(contentsOf: URL(fileURLWithPath: scores)).count == 128 + 11 * 64 * 96 * 4)

    let object = try Command.object(result)
    #expect((object["classes"] as? [String])?.count == 11)
    let entries = try #require(object["pictures"] as? [[String: Any]])
    #expect(entries.count == 1)
    #expect(entries[0]["file"] as? String == picture)
    #expect(entries[0]["width"] as? Int == 96)
    #expect(entries[0]["height"] as? Int == 64)
    #expect(entries[0]["areas"] as? [Int] == map.areas(classCount: 11))
    #expect(entries[0]["labels"] as? String == labels)
  }

  /// The largest score at each pixel names the class on the label map.
  @Test func theScoresAreThoseOfTheLabels() throws {
    let (picture, model) = (try Fixture.picture(2), try Fixture.model())
    let npy = try Command.succeed("segment", picture, "-m", model, "--scores", "-").output
    let png = try Command.succeed("segment", picture, "-m", model, "--labels=-").output
    let map = try LabelMap(decoding: Array(png))
    let scores = npy.dropFirst(128).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    let plane = 64 * 96
    let isLargest = (0..<plane).allSatisfy { pixel in
      let chosen = scores[Int(map.labels[pixel]) * plane + pixel]
      return (0..<11).allSatisfy { scores[$0 * plane + pixel] <= chosen }
    }
    #expect(isLargest)
  }

  @Test func tilesGiveTheSameLabels() throws {
    let model = try Fixture.model()
    let picture = folder.file("large.png")
    var generator = SeededGenerator(seed: 3)
    let pixels = (0..<700 * 530 * 3).map { _ in UInt8(generator.integer(in: 0..<256)) }
    try File.write(
      try Image(width: 700, height: 530, pixels: pixels).encodedPNG(), to: picture)
    let (whole, tiled, grey) = (
      folder.file("whole.png"), folder.file("tiled.png"), folder.file("grey.png")
    )
    try Command.succeed("segment", picture, "--model", model, "--labels", whole)
    let result = try Command.succeed(
      "segment", picture, "--model", model, "--labels", tiled, "--grey-labels", grey, "--tiles",
      "512", "--overlay", folder.file("over.png"), "--opacity", "0.3", "--json")
    let (expected, found) = (
      try LabelMap(contentsOf: whole).labels, try LabelMap(contentsOf: tiled).labels
    )
    #expect(zip(expected, found).count { $0 != $1 } <= expected.count / 20_000)
    #expect(try LabelMap(contentsOf: grey).labels == found)
    let entries = try #require(try Command.object(result)["pictures"] as? [[String: Any]])
    let tiles = try #require(entries[0]["tiles"] as? [String: Any])
    #expect(tiles["across"] as? Int ?? 0 > 1 && tiles["side"] as? Int ?? 0 <= 512)
    let map = try LabelMap(width: 700, height: 530, labels: found)
    #expect(entries[0]["areas"] as? [Int] == map.areas(classCount: 11))
    let over = try Image(contentsOf: picture).overlaying(
      map, palette: try Model(contentsOf: model).description.palette, opacity: 0.3)
    #expect(try Image(contentsOf: folder.file("over.png")) == over)
  }

  @Test func whatDoesNotGoWithTilesIsRefused() throws {
    let (picture, model) = (try Fixture.picture(), try Fixture.model())
    let call = ["segment", picture, "--model", model, "--tiles", "512"]
    try Command.fail(
      2, saying: "takes the whole picture", calling: call + ["--confidence", folder.file("o.png")])
    try Command.fail(
      2, saying: "ends in .png", calling: call + ["--overlay", folder.file("o.jpg")])
    try Command.fail(
      2, saying: "500M", calling: ["segment", picture, "-m", model, "--memory", "much"])
    try Command.fail(
      2, saying: "tiles of 7×7 pixels are too small",
      calling: ["segment", picture, "-m", model, "--tiles", "7"])
    try Command.fail(
      2, saying: "name the file", calling: ["segment", "-", "-m", model, "--tiles", "auto"])
    let wide = folder.file("wide.safetensors")
    try Command.succeed("init", "-o", wide, "--width", "0.25", "--classes", "a,b")
    try Command.fail(
      1, saying: "bytes; the limit is 1048576, and",
      calling: [
        "segment", picture, "-m", wide, "--memory", "1M", "--labels", folder.file("l.png"),
      ])
    #expect(!File.exists(folder.file("l.png")))
  }

  @Test func standardInputIsTheSamePicture() throws {
    let (picture, model) = (try Fixture.picture(), try Fixture.model())
    let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
    let fromFile = try Command.succeed("segment", picture, "--model", model, "--labels", "-")
    let fromInput = try Command.succeed(
      "segment", "-", "--model", model, "--labels", "-", input: bytes)
    #expect(fromInput.output == fromFile.output)
    let single = try Command.succeed(
      "segment", picture, "--model", model, "--labels", "-", "--threads", "1")
    #expect(single.output == fromFile.output)
  }

  @Test func severalPicturesMakeAFolderOfFiles() throws {
    let model = try Fixture.model()
    let labels = folder.file("labels/deep")
    let pictures = "\(try Fixture.scenes())/JPEGImages"
    let result = try Command.succeed(
      "segment", pictures, "--model", model, "--labels", labels, "--overlay",
      folder.file("overlays") + "/")
    let names = (1...9).map { "street_000\($0).png" }
    #expect(try File.names(inFolder: labels) == names)
    #expect(try File.names(inFolder: folder.file("overlays")) == names)
    #expect(result.text.contains("street_0009.jpg  96×64"))
    try Command.fail(
      2, saying: "name two places",
      calling: ["segment", pictures, "--model", model, "--labels", labels, "--overlay", labels])
    try Command.fail(
      2, saying: "one name",
      calling: ["segment", pictures, try Fixture.picture(), "--model", model, "--labels", labels])
    try Command.fail(
      2, saying: "--labels -", calling: ["segment", pictures, "--model", model, "--labels", "-"])
  }

  @Test func onePictureThatFailsDoesNotKeepOthersFromBeingSegmented() throws {
    let text = try folder.write(Array("hello".utf8), "text.png")
    let result = try Command.run([
      "segment", text, try Fixture.picture(), "nowhere.png", "--model", try Fixture.model(),
      "--labels", folder.file("labels"), "--json",
    ])
    #expect(result.status == 3)
    #expect(result.errors.contains("fcn segment: \(text)"))
    #expect(result.errors.contains("2 of 3 pictures were not segmented"))
    let entries = try #require(Command.object(result)["pictures"] as? [[String: Any]])
    #expect(entries.map { $0["error"] != nil } == [true, false, true])
    #expect(try File.names(inFolder: folder.file("labels")) == ["street_0001.png"])
  }

  @Test func whatCannotGoTogetherIsRefused() throws {
    let call = ["segment", try Fixture.picture(), "--model", try Fixture.model()]
    try Command.fail(2, saying: "only one", calling: call + ["--labels", "-", "--json"])
    try Command.fail(2, saying: "only one", calling: call + ["--labels", "-", "--overlay", "-"])
    try Command.fail(2, saying: ".gif", calling: call + ["--overlay", "x.gif"])
    try Command.fail(2, saying: "no.such.form", calling: call + ["--disable", "no.such.form"])
  }

  @Test func fastFormsCanBeSwitchedOff() throws {
    let call = ["segment", try Fixture.picture(), "--model", try Fixture.model(), "--labels", "-"]
    let fast = try LabelMap(decoding: Array(try Command.run(call).output))
    let slow = try LabelMap(
      decoding: Array(
        try Command.run(
          call + ["--disable", "convolution.winograd4", "--disable=batch_norm.folding"]
        )
        .output))
    let same = zip(fast.labels, slow.labels).filter { $0 == $1 }.count
    #expect(same >= fast.labels.count * 99 / 100)
  }
}
