import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// `fcn convert`, from what tools wrote to what the other commands take.
struct ConvertTests {
  private static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../FCNSwiftTests/Goldens/Annotations").standardizedFileURL.path

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    ("labelme", "labelme", "0.4", 3), ("cvat", "cvat.zip", "0.5", 2),
    ("coco", "coco/instances.json", "0", 2), ("cvat", "cvat-images.zip", "0.5", 2),
    ("coco", "panoptic/annotations/panoptic_train.json", "0", 2),
  ])
  func whatIsConvertedIsReadAtOnce(
    tool: String, input: String, validation: String, count: Int
  ) throws {
    let out = folder.file("out")
    let call = ["convert", "--from", tool, "\(Self.goldens)/\(input)", "--val", validation]
    let dry = try Command.run(call + ["--dry-run"])
    #expect(dry.status == 0, "\(dry.errors)")
    #expect(dry.text.hasPrefix("found: "))
    #expect(try File.names(inFolder: folder.path).isEmpty)
    let told = try Command.run(call + ["-o", out])
    #expect(told.status == 0, "\(told.errors)")
    #expect(told.text.hasPrefix(dry.text))
    #expect(told.text.contains("\(out): "))
    let survey = try Command.object(
      Command.succeed("check-data", "--data", out, "--json", "--quiet"))
    let parts = ["train", "val"].compactMap {
      (survey[$0] as? [String: Any])?["pictures"] as? Int
    }
    #expect(parts.reduce(0, +) == count)
    let report = try Command.object(
      Command.run(call + ["-o", out, "--overwrite", "--json"]))
    #expect(report["pictures"] as? Int == count)
    #expect(report["output"] as? String == out)
    #expect(report["classes"] as? [String] == survey["classes"] as? [String])
  }

  @Test func faultsAreToldWithTheOptionThatAnswersThem() throws {
    let out = folder.file("out")
    let call = ["convert", "--from", "labelme", "\(Self.goldens)/labelme", "-o", out]
    let refused = try Command.run(call + ["--classes", "background,cat"])
    #expect(refused.status == 3)
    #expect(refused.errors.contains("\"dog\" (3 regions in 2 pictures"), "\(refused.errors)")
    #expect(refused.errors.contains("--others ignore"))
    #expect(!File.exists(out))
    let taken = try Command.run(call + ["--classes", "background,cat", "--others", "ignore"])
    #expect(taken.status == 0, "\(taken.errors)")
    let again = try Command.run(call)
    #expect(again.status == 3 && again.errors.contains("another set of pictures"))

    let copy = folder.file("in")
    try FileManager.default.copyItem(atPath: "\(Self.goldens)/labelme", toPath: copy)
    try File.write(Array("{".utf8), to: "\(copy)/a.json")
    let bad = ["convert", "--from", "labelme", copy, "-o", folder.file("bad")]
    let stopped = try Command.run(bad)
    #expect(stopped.status == 3)
    #expect(stopped.errors.contains("\(copy)/a.json: JSON, byte 1"), "\(stopped.errors)")
    #expect(stopped.errors.contains("--skip-bad"))
    #expect(!File.exists(folder.file("bad")))
    let skipped = try Command.run(bad + ["--skip-bad"])
    #expect(skipped.status == 0, "\(skipped.errors)")
    #expect(skipped.errors.contains("left out: 1 picture cannot be read"))
  }

  @Test(arguments: [
    ("labelme", "cvat.zip", "there are no JSON files of labelme in it", "what cvat reads"),
    ("cvat", "labelme", "neither a labelmap.txt nor an XML file", "what labelme reads"),
    ("cvat", "coco/instances.json", "neither a folder nor a zip archive", "is read as coco"),
    ("png", "coco/images/a.jpg", "neither a folder nor a zip archive", "name the folder"),
    ("cityscapes", "coco", "no files NAME_gtFine_labelIds.png", "what coco reads"),
    ("coco", "cityscapes", "no JSON files of COCO's", "what cityscapes reads"),
  ])
  func whatAnotherToolWroteIsSaid(tool: String, input: String, lack: String, found: String) throws {
    let call = ["convert", "--from", tool, "\(Self.goldens)/\(input)", "-o", folder.file("out")]
    try Command.fail(3, saying: lack, found, calling: call)
  }

  @Test func labelPicturesThatMeanNothingAreToldWithWhatIsWanted() throws {
    let data = folder.file("in")
    for part in ["images", "masks"] { try File.makeFolder("\(data)/\(part)") }
    let grey = try GreyImage(width: 4, height: 2, pixels: [0, 0, 0, 0, 9, 9, 9, 9]).encodedPNG()
    for part in ["images", "masks"] { try File.write(grey, to: "\(data)/\(part)/a.png") }
    let call = ["convert", data, "-q", "-o", folder.file("out"), "--from"]
    try Command.fail(
      3, saying: "the value 9 in 4 pixels; wanted 0 and 255, or 0 and 1", "--from png",
      calling: call + ["binary"])
    let shifted = try Command.run(call + ["png", "--shift-labels", "-1"])
    #expect(shifted.status == 3)
    #expect(shifted.errors.contains("the value 0 in 4 pixels; wanted"), "\(shifted.errors)")
    #expect(shifted.errors.contains("--ignore-label"))
    // Of labels there are none whose names could be asked for.
    #expect(!shifted.errors.contains("nobody said"), "\(shifted.errors)")
    var pixels = [UInt8](repeating: 0, count: 24)
    pixels[0] = 255
    let red = try Image(width: 4, height: 2, pixels: pixels)
    try File.write(red.encodedPNG(), to: "\(data)/masks/a.png")
    try Command.fail(
      3, saying: "colours that are no grey in 1 pixel", calling: call + ["binary"])
  }

  @Test func aFolderThatCannotBeMadeIsNamedAsItWasGiven() throws {
    let call = ["convert", "--from", "labelme", "\(Self.goldens)/labelme", "-q", "-o", "/proc/x"]
    try Command.fail(3, saying: "/proc/x: cannot be written", calling: call)
  }

  @Test func aCommandLineThatCannotBeMeantIsRefused() throws {
    let input = "\(Self.goldens)/labelme"
    let out = folder.file("out")
    try Command.fail(2, saying: "--from TOOL is missing", calling: ["convert", input, "-o", out])
    try Command.fail(
      2, saying: "wanted one of labelme", calling: ["convert", "--from", "yolo", input, "-o", out])
    try Command.fail(
      2, saying: "--output DIR is missing", calling: ["convert", "--from", "labelme", input])
    try Command.fail(
      2, saying: "--shift-labels is for --from png",
      calling: ["convert", "--from", "labelme", input, "-o", out, "--shift-labels", "1"])
    try Command.fail(
      2, saying: "is where", "is read",
      calling: ["convert", "--from", "labelme", input, "-o", Self.goldens])
    try Command.fail(
      3, saying: "no such folder",
      calling: ["convert", "--from", "labelme", folder.file("none"), "-o", out])
    #expect(try File.names(inFolder: folder.path).isEmpty)
  }
}
