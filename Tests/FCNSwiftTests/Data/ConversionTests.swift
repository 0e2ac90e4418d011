@testable import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// What annotation tools' own libraries wrote, and the labels that these read in it:
/// Goldens/Annotations/make_annotations.py.
struct ConversionTests {
  static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../Goldens/Annotations").standardizedFileURL.path

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func conversion(_ source: Conversion.Source, _ input: String) -> Conversion {
    Conversion(source, inputs: ["\(Self.goldens)/\(input)"])
  }

  /// Writes `conversion`, and checks that its pictures are `names` and have the labels in `expected`.
  private func expectGoldens(
    _ conversion: Conversion, _ names: [String], in expected: String
  ) throws -> (folder: VOCFolder, report: ConversionReport) {
    let survey = try conversion.survey(threads: 2)
    try survey.write(to: folder.file("out"), threads: 2)
    let data = try VOCFolder(path: folder.file("out"))
    #expect(try data.labelledNames() == names)
    for name in names {
      let labels = try data.labels(named: name)
      let wanted = try LabelMap(contentsOf: "\(Self.goldens)/expected/\(expected)/\(name).png")
      let differing = zip(labels.labels, wanted.labels).filter { $0 != $1 }.count
      #expect(labels.width == wanted.width && labels.height == wanted.height, "\(name)")
      #expect(differing == 0, "\(name): \(differing) pixels differ")
      // Sizes agree, and the picture can be read.
      _ = try data.picture(named: name)
    }
    return (data, survey.report)
  }

  @Test func labelmeIsDrawnAsItsOwnExportDraws() throws {
    let (data, report) = try expectGoldens(
      conversion(.labelme, "labelme"), ["a", "turned", "within"], in: "labelme")
    #expect(data.classNames == ["background", "cat", "dog"])
    #expect(try data.splits() == ["train", "val"])
    let told = report.findings.map(\.text)
    #expect(told.contains("left out: 1 shape without area, point"))
    #expect(told.contains("left out: 1 shape without area, line"))
    #expect(told.contains { $0.contains("are those of the upright picture") })
    // A picture is copied byte by byte, one within an annotation as it was put there.
    let copied = try File.read(folder.file("out/JPEGImages/turned.jpg"))
    #expect(copied == (try File.read("\(Self.goldens)/labelme/turned.jpg")))
    #expect(try Image(contentsOf: folder.file("out/JPEGImages/within.png")).width == 64)
  }

  @Test func cocoIsDrawnAsPycocotoolsDraws() throws {
    let (data, report) = try expectGoldens(
      conversion(.coco, "coco/instances.json"), ["a", "b"], in: "coco")
    #expect(data.classNames == ["background", "person", "tree", "dog"])
    #expect(report.findings.contains { $0.kind == .overlap && $0.text.contains("smaller") })
    #expect(report.findings.contains { $0.kind == .empty && $0.count == 1 })
    #expect(report.errors(leavingOutFaulty: false).isEmpty)
  }

  @Test func cvatIsReadByItsColoursOutOfItsArchive() throws {
    var conversion = conversion(.cvat, "cvat.zip")
    conversion.classes = try ClassList(names: ["background", "road", "tree", "pole", "sky"])
    let (data, report) = try expectGoldens(conversion, ["day/0", "day/1"], in: "cvat")
    #expect(data.classNames == ["background", "road", "tree", "pole", "sky"])
    #expect(report.findings.contains { $0.kind == .absentClasses && $0.text.hasSuffix("sky") })
    // The palette is the tool's colours.
    let png = try File.read(folder.file("out/SegmentationClass/day/0.png"))
    let colours = try Image(decoding: png)
    #expect(Array(colours.pixels.suffix(3)) == [128, 64, 128])
  }

  @Test func imagesOfCVATAreDrawnAsItsMasksAreByDepth() throws {
    let (data, report) = try expectGoldens(
      conversion(.cvat, "cvat-images.zip"), ["1", "day/0"], in: "cvat-images")
    #expect(data.classNames == ["background", "road", "tree", "pole", "A & B"])
    let told = report.findings.map(\.text)
    #expect(told.contains("left out: 1 shape without area, polyline"))
    #expect(told.contains("left out: 1 shape without area, tag"))
    #expect(told.contains("boxes are drawn as what they enclose: 2 regions of 6 regions"))
    // The palette is the tool's colours: pixel (40, 28) of the turned box.
    let png = try File.read(folder.file("out/SegmentationClass/day/0.png"))
    let colours = try Image(decoding: png)
    #expect(Array(colours.pixels[3 * (28 * 64 + 40)..<3 * (28 * 64 + 41)]) == [70, 130, 180])
  }

  @Test func segmentsOfCOCOAreTheirCategories() throws {
    let input = "panoptic/annotations/panoptic_train.json"
    var panoptic = conversion(.coco, input)
    panoptic.validationShare = 0.5
    let (data, report) = try expectGoldens(panoptic, ["0", "1"], in: "panoptic")
    #expect(data.classNames == ["background", "road", "tree", "pole"])
    #expect(report.errors(leavingOutFaulty: false).isEmpty)
    panoptic.unlabelled = .ignore
    let sparse = try panoptic.survey().report
    #expect(sparse.classNames == ["road", "tree", "pole"])
    #expect(sparse.ignoredPixels == report.classPixels[0])
  }

  @Test func cityscapesHasNineteenClassesFromEitherKindOfFile() throws {
    let (data, report) = try expectGoldens(
      conversion(.cityscapes, "cityscapes"),
      ["bonn/bonn_000000_000019", "ulm/ulm_000000_000019"], in: "cityscapes")
    #expect(data.classNames.count == 19)
    #expect(data.classNames.first == "road" && data.classNames.last == "bicycle")
    #expect(try data.names(inSplit: "train") == ["bonn/bonn_000000_000019"])
    #expect(try data.names(inSplit: "val") == ["ulm/ulm_000000_000019"])
    #expect(report.ignoredPixels > 0)
  }

  @Test func classesCanBeChosenAndOthersMustBeSpokenOf() throws {
    var conversion = conversion(.labelme, "labelme")
    conversion.classes = try ClassList(names: ["dog"])
    let refused = try conversion.survey()
    let errors = refused.report.errors(leavingOutFaulty: true)
    #expect(errors.map(\.kind) == [.unlistedLabels])
    #expect(errors.first?.text.contains("\"cat\" (2 regions in 1 picture, first ") == true)
    expectError(.corrupt, saying: "cat") { try refused.write(to: folder.file("out")) }
    #expect(!File.exists(folder.file("out")))
    conversion.unlisted = .ignore
    let ignoring = try conversion.survey()
    #expect(ignoring.report.classNames == ["background", "dog"])
    conversion.unlisted = .background
    let drawing = try conversion.survey()
    #expect(drawing.report.ignoredPixels < ignoring.report.ignoredPixels)
    conversion.unlabelled = .ignore
    #expect(errorOf { _ = try conversion.survey() }?.message.contains("background") == true)
    conversion.unlisted = .ignore
    let sparse = try conversion.survey()
    #expect(sparse.report.classNames == ["dog"])
    #expect(sparse.report.ignoredPixels > ignoring.report.ignoredPixels)
  }

  @Test func aDivisionFollowsFromSeedAndNamesAlone() throws {
    let home = try AnnotationFiles(path: folder.path)
    func pictures(_ count: Int) -> [AnnotatedPicture] {
      (0..<count).map {
        AnnotatedPicture(
          name: "p\($0)", picture: AnnotationFile(files: home, name: ""), size: nil,
          content: .regions([]), split: nil, origin: "")
      }
    }
    var conversion = Conversion(.labelme, inputs: [])
    func validated(_ count: Int) -> Set<String> {
      Set(conversion.divided(pictures(count)).first { $0.name == "val" }?.pictures ?? [])
    }
    let first = validated(100)
    #expect(first.count == 20)
    #expect(first == validated(100))
    // More pictures leave most where they are.
    #expect(validated(105).intersection(first).count >= 16)
    conversion.seed = 1
    #expect(validated(100) != first)
    conversion.validationShare = 0
    #expect(conversion.divided(pictures(9)).map(\.name) == ["train"])
    conversion.validationShare = 1
    #expect(conversion.divided(pictures(9)).map(\.name) == ["val"])
    conversion.validationShare = 0.01
    #expect(validated(9).count == 1)
    #expect(conversion.divided(pictures(1)).map(\.name) == ["train"])
  }

  @Test func aFolderIsWrittenWholeOrNotAtAll() throws {
    let survey = try conversion(.coco, "coco").survey()
    let out = folder.file("out")
    expectError(.aborted, saying: "stopped") {
      try survey.write(to: out, threads: 1) { _, _ in false }
    }
    #expect(try File.names(inFolder: folder.path).isEmpty)
    try survey.write(to: out)
    expectError(.invalidState, saying: "another set of pictures") { try survey.write(to: out) }
    try folder.write("mine", to: "out/notes.txt")
    var other = conversion(.coco, "coco")
    other.unlabelled = .ignore
    try other.survey().write(to: out, overwrite: true)
    #expect(try VOCFolder(path: out).classNames == ["person", "tree", "dog"])
    #expect(
      try File.names(inFolder: out) == [
        "ImageSets", "JPEGImages", "SegmentationClass", "class_names.txt", "description.txt",
        "notes.txt",
      ])
    try folder.write("no conversion's", to: "full/file")
    expectError(.invalidState, saying: "no conversion wrote") {
      try survey.write(to: folder.file("full"), overwrite: true)
    }
    try File.makeFolder(folder.file("empty"))
    let copy = folder.file("in")
    try FileManager.default.copyItem(atPath: "\(Self.goldens)/coco", toPath: copy)
    let linked = try Conversion(.coco, inputs: [copy]).survey()
    try linked.write(to: folder.file("empty/"), linking: true)
    let attributes = try FileManager.default.attributesOfItem(
      atPath: folder.file("empty/JPEGImages/a.jpg"))
    #expect((attributes[.referenceCount] as? Int ?? 0) > 1)
  }
}
