import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// What `segment` writes besides labels, overlay and scores.
struct SegmentResultTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func call() throws -> [String] {
    ["segment", try Fixture.picture(), "--model", try Fixture.model(), "--quiet"]
  }

  /// The samples of a PNG, by Pillow's or by nobody's rule: here our own, of one or four bytes a pixel.
  private func greys(_ path: String) throws -> [UInt8] {
    try LabelMap(contentsOf: path).labels
  }

  @Test func confidenceMaskAndCutoutAgreeWithTheLabels() throws {
    let names = ["labels.png", "sure.png", "mask.png", "cutout.png", "soft.png"].map(folder.file)
    let result = try Command.succeed(
      "segment", try Fixture.picture(), "--model", try Fixture.model(), "--labels", names[0],
      "--confidence", names[1], "--class", "road,8", "--class", "sky", "--mask", names[2],
      "--cutout", names[3], "--json")
    let map = try LabelMap(contentsOf: names[0])
    #expect(try greys(names[2]) == map.labels.map { [0, 3, 8].contains($0) ? 255 : 0 })
    // The largest of eleven probabilities is never below an eleventh.
    #expect(try greys(names[1]).allSatisfy { $0 >= 23 })
    let cutout = try Data(contentsOf: URL(fileURLWithPath: names[3]))
    // Colour type 6, RGB with alpha.
    #expect(Array(cutout[24...25]) == [8, 6])
    #expect(
      try Image(contentsOf: names[3]).pixels == (try Image(contentsOf: Fixture.picture())).pixels)
    let entry = try #require(
      (Command.object(result)["pictures"] as? [[String: Any]])?.first)
    #expect(entry["confidence"] as? String == names[1] && entry["cutout"] as? String == names[3])

    try #require(
      Command.run(call() + ["--class", "0", "--soft", "--mask", names[4]]).status == 0)
    let soft = try greys(names[4])
    #expect(Set(soft).count > 2)
    let sure = try greys(names[1])
    #expect(map.labels.indices.allSatisfy { map.labels[$0] != 0 || soft[$0] == sure[$0] })
  }

  @Test func classesAndOptionsThatGoWithNothingAreRefused() throws {
    try Command.fail(2, saying: "--class", calling: call() + ["--mask", "-"])
    try Command.fail(2, saying: "--mask", "--cutout", calling: call() + ["--class", "sky"])
    try Command.fail(2, saying: "--soft", calling: call() + ["--soft"])
    try Command.fail(2, saying: "--polygons", calling: call() + ["--simplify", "2"])
    try Command.fail(
      2, saying: "no class \"roads\"", "did you mean road",
      calling: call() + ["--mask", "-", "--class", "sky,roads"])
    try Command.fail(2, saying: "no class \"11\"", calling: call() + ["--mask=-", "--class", "11"])
    try Command.fail(2, saying: "x.json", calling: call() + ["--polygons", "x.png"])
    try Command.fail(2, saying: "x.png", calling: call() + ["--cutout", "x.jpg", "--class", "sky"])
  }

  @Test func polygonsAreAFileOfLabelmesBesideAnyFolder() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("a/b"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Fixture.picture(), toPath: folder.file("a/picture.jpg"))
    let output = folder.file("a/b/out.json")
    try Command.succeed(
      "segment", folder.file("a/picture.jpg"), "-m", Fixture.model(), "-q", "--polygons", output,
      "--simplify", "0", "--smallest", "1", "--labels", folder.file("labels.png"))
    let data = try Data(contentsOf: URL(fileURLWithPath: output))
    let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["imagePath"] as? String == "../picture.jpg")
    #expect(object["imageWidth"] as? Int == 96 && object["imageHeight"] as? Int == 64)
    #expect(object["imageData"] is NSNull)
    let shapes = try #require(object["shapes"] as? [[String: Any]])
    #expect(shapes.allSatisfy { $0["shape_type"] as? String == "polygon" })
    let names = Set(shapes.compactMap { $0["label"] as? String })
    let map = try LabelMap(contentsOf: folder.file("labels.png"))
    #expect(names.count == map.areas(classCount: 11).count { $0 > 0 })
    let parts = try Command.run(call() + ["--polygons", "-"]).output
    #expect(parts.count < data.count)
  }

  /// labelme's own rule: Pillow fills each polygon, one over the other.
  @Test(.enabled(if: Python.canImport("PIL"), "needs Python's Pillow"))
  func pillowDrawsTheLabelsAgain() throws {
    let (polygons, labels) = (folder.file("p.json"), folder.file("l.png"))
    try #require(
      Command.run(
        call() + [
          "--polygons", polygons, "--grey-labels", labels, "--simplify", "0", "--smallest", "1",
        ]
      ).status == 0)
    let script = """
      import json, sys
      from PIL import Image, ImageDraw
      file = json.load(open(sys.argv[1])); truth = Image.open(sys.argv[2])
      names = open(sys.argv[3]).read().split()
      image = Image.new("L", truth.size, 255); draw = ImageDraw.Draw(image)
      for shape in file["shapes"]:
          value = names.index(shape["label"])
          draw.polygon([tuple(p) for p in shape["points"]], outline=value, fill=value)
      print(sum(a != b for a, b in zip(image.tobytes(), truth.tobytes())))
      """
    let result = try Python.run(script, polygons, labels, "\(Fixture.scenes())/class_names.txt")
    #expect(result.status == 0 && result.output == "0\n", "\(result.output)")
  }

  @Test func severalPicturesMakeFoldersOfFiles() throws {
    let pictures = "\(try Fixture.scenes())/JPEGImages"
    try Command.succeed(
      "segment", pictures, "--model", try Fixture.model(), "-q", "--polygons", folder.file("p"),
      "--confidence", folder.file("c"))
    #expect(try File.names(inFolder: folder.file("p")).first == "street_0001.json")
    #expect(try File.names(inFolder: folder.file("c")).last == "street_0009.png")
  }
}
