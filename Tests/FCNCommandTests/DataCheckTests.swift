import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// What is wrong with data is said before anything is made of it.
struct DataCheckTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A set of `count` pictures of 32×24 to learn from, and two to validate on, of the classes
  /// background and thing; `thing` is the label of the latter.
  private func dataset(
    _ name: String = "data", count: Int = 4, thing: UInt8 = 1,
    classes: String? = "background\nthing\n"
  ) throws -> String {
    for part in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
      try File.makeFolder(folder.file("\(name)/\(part)"))
    }
    let names = (0..<count + 2).map { "p\($0)" }
    for (index, picture) in names.enumerated() {
      let image = try Image(width: 32, height: 24, colour: RGB(UInt8(index * 20), 80, 120))
      try write(try image.encodedPNG(), "\(name)/JPEGImages/\(picture).png")
      try write(labels: [0, 0, thing], "\(name)/SegmentationClass/\(picture).png")
    }
    func list(_ names: ArraySlice<String>) -> [UInt8] { Array(names.joined(separator: "\n").utf8) }
    try write(list(names[..<count]), "\(name)/ImageSets/Segmentation/train.txt")
    try write(list(names[count...]), "\(name)/ImageSets/Segmentation/val.txt")
    if let classes { try write(Array(classes.utf8), "\(name)/class_names.txt") }
    return folder.file(name)
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try File.write(bytes, to: folder.file(name))
  }

  private func write(labels: [UInt8], _ name: String) throws {
    let map = try LabelMap(
      width: 32, height: 24, labels: (0..<32 * 24).map { labels[$0 % labels.count] })
    try write(try map.encodedPNG(palette: Palette.voc(count: 21)), name)
  }

  private func call(_ data: String, _ more: String...) -> [String] {
    [
      "train", "--data", data, "-o", folder.file("out"), "--width", "0.03", "--batch", "2",
      "--epochs", "1", "--threads", "2",
    ] + more
  }

  @Test func everyFaultIsToldBeforeAnythingIsMade() throws {
    let data = try dataset()
    try write(labels: [0, 7], "data/SegmentationClass/p5.png")
    try write(Array(File.read("\(data)/JPEGImages/p1.png").dropLast(15)), "data/JPEGImages/p1.png")
    try Command.fail(
      3, saying: "2 faults", "p1.png", "validation label files", "7 in 1 file",
      "p5.png (first at x 1",
      calling: call(data))
    #expect(!File.exists(folder.file("out")))
    try Command.fail(3, saying: "2 faults", calling: ["check-data", "--data", data])
    let told = try Command.run(["check-data", "--data", data, "--json"])
    #expect(told.status == 3)
    #expect((try Command.object(told)["errors"] as? [String])?.count == 2)
  }

  @Test func binaryMasksAreNamedAndRead() throws {
    let data = try dataset(thing: 255)
    try Command.fail(3, saying: "0 and 255 alone", "--binary-masks", calling: call(data))
    let result = try Command.run(call(data, "--binary-masks", "--json"))
    #expect(result.status == 0, "\(result.errors)")
    let model = folder.file("out/model.safetensors")
    let measures = try Command.object(
      Command.succeed(
        "eval", "--data", data, "--binary-masks", "--model", model, "--json", "--quiet"))
    let perClass = try #require(measures["per_class_iu"] as? [Any])
    #expect(perClass.count == 2 && perClass[1] is Double)
    #expect(measures["classes_in_mean_iu"] as? Int == 2)
    try Command.succeed(
      "prepare", data, "-o", folder.file("p"), "--binary-masks", "--size", "16", "--train-batch",
      "1", "--val-batch", "1", "-q")
    let labels = try File.names(inFolder: folder.file("p/SegmentationClass"))
    let map = try LabelMap(contentsOf: folder.file("p/SegmentationClass/\(labels[0])"))
    #expect(Set(map.labels) == [0, 1])
  }

  @Test func classesCanBeNamedWhereTheDataDoesNot() throws {
    let data = try dataset(classes: nil)
    let assumed = try Command.run(call(data))
    #expect(assumed.status == 0, "\(assumed.errors)")
    #expect(assumed.errors.contains("the 21 classes of PASCAL VOC are assumed"))
    #expect(assumed.errors.contains("--classes"))
    try FileManager.default.removeItem(atPath: folder.file("out"))
    let named = try Command.run(call(data, "--classes", "background,thing"))
    #expect(named.status == 0, "\(named.errors)")
    #expect(!named.errors.contains("assumed"))
    let model = folder.file("out/model.safetensors")
    #expect(try Model(contentsOf: model).description.classNames == ["background", "thing"])
    // A model knows the classes of data that does not.
    try Command.succeed("eval", "--data", data, "--model", model, "--json", "--quiet")
  }

  @Test func classesOfAnotherCountThanTheDataListsAreRefused() throws {
    let data = try dataset()
    for arguments in [call(data), ["check-data", "--data", data]] {
      let told = try Command.run(arguments + ["--classes", "x,y,z"])
      #expect(told.status == 3, "\(told.errors)")
      #expect(told.errors.contains("names 3 classes, but \(data) has 2"))
    }
    #expect(!File.exists(folder.file("out")))
    try Command.succeed("check-data", "--data", data, "--classes", "x,y", "-q")
  }

  @Test func aListThatIsNotThereIsNoClass() throws {
    let output = folder.file("model.safetensors")
    for name in ["nofile.txt", "some/where", "no.such", "a,b,c.txt"] {
      try Command.fail(
        3, saying: name, "no such file of class names",
        calling: ["init", "--classes", name, "-o", output])
    }
    let latin = try folder.write([0x41, 0x0A, 0xE9, 0x0A], "latin.txt")
    try Command.fail(
      3, saying: latin, "line 2", "UTF-8", calling: ["init", "--classes", latin, "-o", output])
    #expect(!File.exists(output))
  }

  @Test func theOnlyListIsTakenAndWithoutListsAllThatHaveLabels() throws {
    let data = try dataset()
    let lists = "\(data)/ImageSets/Segmentation"
    try FileManager.default.removeItem(atPath: "\(lists)/val.txt")
    try FileManager.default.moveItem(atPath: "\(lists)/train.txt", toPath: "\(lists)/default.txt")
    let only = try Command.succeed("check-data", "--data", data, "--json")
    #expect(only.errors.contains("its only list, default, is taken"))
    #expect((try Command.object(only)["train"] as? [String: Any])?["pictures"] as? Int == 4)
    try FileManager.default.removeItem(atPath: "\(lists)/default.txt")
    let all = try Command.succeed("check-data", "--data", data)
    #expect(all.errors.contains("all 6 labelled pictures are taken"))
    #expect(all.text.contains("1 thing"))
  }

  @Test func oddDataIsWarnedOf() throws {
    let data = try dataset()
    let odd = try Command.run(
      [
        "train", "--data", data, "--val-data", "\(data):train", "-o", "\(data)/out", "--width",
        "0.03", "--batch", "9", "--epochs", "1", "--crop", "64x64",
      ])
    #expect(odd.status == 0, "\(odd.errors)")
    for part in [
      "lies within the data", "all of the 4 validation pictures", "minibatch of 9",
      "crops of 64×64",
    ] {
      #expect(odd.errors.contains(part), "\(part)")
    }
  }
}
