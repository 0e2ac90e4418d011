@testable import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// Folders of pictures with label pictures, and what is wrong with them.
struct LabelPictureConversionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func picture(_ name: String, width: Int = 4, height: Int = 3) throws {
    let image = try Image(width: width, height: height, colour: RGB(9, 80, 200))
    try folder.write(image.encodedPNG(), to: name)
  }

  private func greys(_ values: [UInt8], width: Int = 4, height: Int = 3) throws -> [UInt8] {
    let all = (0..<width * height).map { values[$0 % values.count] }
    return try LabelMap(width: width, height: height, labels: all).encodedGreyPNG()
  }

  private func colours(_ values: [RGB], width: Int = 4, height: Int = 3) throws -> [UInt8] {
    let all = (0..<width * height).flatMap { index -> [UInt8] in
      let colour = values[index % values.count]
      return [colour.red, colour.green, colour.blue]
    }
    return try Image(width: width, height: height, pixels: all).encodedPNG()
  }

  private func labels(_ conversion: Conversion) throws -> [String: [UInt8]] {
    let survey = try conversion.survey()
    let out = folder.file("out-\(UUID().uuidString)")
    try survey.write(to: out)
    let data = try VOCFolder(path: out)
    return Dictionary(
      uniqueKeysWithValues: try data.labelledNames().map {
        ($0, Array(try data.labels(named: $0).labels.prefix(3)))
      })
  }

  @Test func masksOfEveryKindAreReadAlike() throws {
    for name in ["grey", "ones", "rgb", "palette", "indices", "empty"] {
      try picture("images/\(name).png")
    }
    let (black, white) = (RGB(0, 0, 0), RGB(255, 255, 255))
    try folder.write(greys([0, 255]), to: "masks/grey_mask.png")
    try folder.write(greys([0, 1]), to: "masks/ones.png")
    try folder.write(colours([black, white]), to: "masks/rgb-mask.png")
    let map = try LabelMap(width: 4, height: 3, labels: (0..<12).map { UInt8($0 % 2) })
    try folder.write(map.encodedPNG(palette: [black, white]), to: "masks/palette.png")
    // Neither black nor white: the indices count.
    try folder.write(map.encodedPNG(palette: Palette.voc(count: 2)), to: "masks/indices.png")
    try folder.write(greys([0]), to: "masks/empty.png")
    var conversion = Conversion(.binary, inputs: [folder.path])
    conversion.classes = try ClassList(names: ["crack"])
    let found = try labels(conversion)
    #expect(found.count == 6)
    for (name, labels) in found {
      #expect(labels == (name == "empty" ? [0, 0, 0] : [0, 1, 0]), "\(name)")
    }
    let report = try conversion.survey().report
    #expect(report.classNames == ["background", "crack"])
    #expect(report.findings.contains { $0.kind == .empty && $0.count == 1 })
    // The same in two folders that are named.
    conversion.inputs = [folder.file("masks")]
    conversion.images = folder.file("images")
    #expect(try labels(conversion) == found)
    conversion.classes = try ClassList(names: ["crack", "stain"])
    expectError(.invalidArgument, saying: "crack, stain") { _ = try conversion.survey() }
  }

  @Test func masksBesideTheirPicturesAreToldByTheirNames() throws {
    try picture("a.png")
    try picture("b.png")
    try folder.write(greys([0, 255]), to: "a_mask.png")
    let report = try Conversion(.binary, inputs: [folder.path]).survey().report
    #expect(report.pictureCount == 1)
    #expect(report.findings.contains { $0.kind == .unannotated && $0.text.hasSuffix("b.png") })
    try FileManager.default.removeItem(atPath: folder.file("a_mask.png"))
    expectError(.notFound, saying: "a_mask.png") {
      _ = try Conversion(.binary, inputs: [folder.path]).survey()
    }
  }

  @Test func whatWouldGiveWrongLabelsIsAnErrorOrLeftOut() throws {
    for name in ["good", "soft", "small", "cut", "photo"] { try picture("images/\(name).png") }
    try folder.write(greys([0, 255]), to: "masks/good.png")
    try folder.write(greys([0, 255, 17]), to: "masks/soft.png")
    try folder.write(greys([0, 255], width: 3), to: "masks/small.png")
    try folder.write(Array(greys([0, 255]).dropLast(20)), to: "masks/cut.png")
    try folder.write(
      Image(width: 4, height: 3).encodedJPEG(), to: "masks/photo.jpg")
    try folder.write(greys([0, 255]), to: "masks/lonely.png")
    let survey = try Conversion(.binary, inputs: [folder.path]).survey()
    let errors = survey.report.errors(leavingOutFaulty: false)
    #expect(
      errors.map(\.kind) == [.unreadable, .missingPicture, .sizesDiffer, .unknownValues])
    #expect(errors.map(\.count) == [2, 1, 1, 1])
    let told = errors.map(\.text).joined(separator: "\n")
    for part in [
      "masks/cut.png", "masks/photo.jpg", "JPEG", "masks/lonely.png", "masks/small.png", "3×3",
      "4×3", "masks/soft.png: the value 17 in 4 pixels",
    ] {
      #expect(told.contains(part), "\(told) lacks \(part)")
    }
    #expect(survey.report.faultyCount == 5)
    expectError(.corrupt) { try survey.write(to: folder.file("out")) }
    try survey.write(to: folder.file("out"), leavingOutFaulty: true)
    #expect(try VOCFolder(path: folder.file("out")).labelledNames() == ["good"])
  }

  @Test func labelsAreShiftedAndLeftOutAsItIsSaid() throws {
    try picture("images/a.png")
    try folder.write(greys([1, 3, 9]), to: "labels/a.png")
    var conversion = Conversion(.png, inputs: [folder.path])
    let unnamed = try conversion.survey().report
    #expect(unnamed.errors(leavingOutFaulty: true).first?.text.contains("1, 3, 9") == true)
    conversion.classes = try ClassList(names: ["a", "b", "c"])
    conversion.labelShift = -1
    let beyond = try conversion.survey().report.errors(leavingOutFaulty: true)
    #expect(beyond.first?.text.contains("\"the value 9\" (4 pixels in 1 picture") == true)
    conversion.ignoredLabels = [9]
    #expect(try labels(conversion) == ["a": [0, 2, 255]])
    conversion.ignoredLabels = []
    conversion.unlisted = .ignore
    #expect(try labels(conversion) == ["a": [0, 2, 255]])
    // What is shifted below 0 is no label at all.
    conversion.labelShift = -2
    let below = try conversion.survey().report
    #expect(below.errors(leavingOutFaulty: false).map(\.kind) == [.nothing, .unknownValues])
    #expect(below.pictureCount == 0)
  }

  @Test func coloursAreReadWhereTheListOfClassesHasThem() throws {
    try picture("images/a.png")
    try folder.write(colours([RGB(1, 2, 3), RGB(7, 7, 9)]), to: "labels/a.png")
    var conversion = Conversion(.png, inputs: [folder.path])
    conversion.classes = try ClassList(names: ["a", "b"])
    let refused = try conversion.survey().report.errors(leavingOutFaulty: false)
    #expect(refused.contains { $0.kind == .unreadable && $0.text.contains("coloured") })
    let table = try folder.write(Array("a,7,7,9\nb,1,2,3\n".utf8), "classes.csv")
    conversion.classes = try ClassList(contentsOf: table)
    // As in every list with colours, black is background where no class has it.
    #expect(conversion.classes?.names == ["background", "a", "b"])
    #expect(try labels(conversion) == ["a": [2, 1, 2]])
  }

  @Test func labelsOfAStoredPictureAreTurnedWithIt() throws {
    let turned = "\(ConversionTests.goldens)/labelme/turned.jpg"
    try folder.write(File.read(turned), to: "images/stored.jpg")
    try folder.write(File.read(turned), to: "images/upright.jpg")
    // Stored as 64×48, shown as 48×64.
    try folder.write(greys([0, 1], width: 64, height: 48), to: "labels/stored.png")
    try folder.write(greys([0, 0, 1], width: 48, height: 64), to: "labels/upright.png")
    var conversion = Conversion(.png, inputs: [folder.path])
    conversion.classes = try ClassList(names: ["a", "b"])
    // A quarter turn clockwise: columns of the stored map are rows.
    #expect(try labels(conversion) == ["stored": [0, 0, 0], "upright": [0, 0, 1]])
    let told = try conversion.survey().report.findings.map(\.text)
    #expect(told.contains { $0.contains("as it is stored, and are turned with it") })
    #expect(told.contains { $0.contains("upright picture") })
  }

  @Test func picturesOfOneNameAreToldApart() throws {
    for name in ["x", "y"] {
      try picture("\(name)/images/a.png")
      try folder.write(greys([0, 255]), to: "\(name)/masks/a.png")
    }
    // In one folder the paths differ, in two they do not.
    #expect(try Conversion(.binary, inputs: [folder.path]).survey().report.pictureCount == 2)
    let two = try Conversion(.binary, inputs: [folder.file("x"), folder.file("y")]).survey()
    #expect(two.report.errors(leavingOutFaulty: false).map(\.kind) == [.names])
    // Nor is one picture taken for two masks that have its name.
    var flat = Conversion(.binary, inputs: [folder.path])
    flat.images = folder.file("x/images")
    let one = try flat.survey().report
    #expect(one.pictureCount == 1)
    #expect(one.errors(leavingOutFaulty: false).contains { $0.text.contains("y/masks/a.png") })
  }
}
