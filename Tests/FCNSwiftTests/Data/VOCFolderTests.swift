import FCNSwift
import FCNTestSupport
import Foundation
import Testing

@Suite struct VOCFolderTests {
  private func dataset(classes: String? = "a\nb\nc\n") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.writePair("one")
    try folder.writePair("two", width: 5, height: 4)
    try folder.write("one\r\ntwo  \r\n\r\n", to: "ImageSets/Segmentation/train.txt")
    try folder.write("two\n", to: "ImageSets/Segmentation/val.txt")
    if let classes { try folder.write(classes, to: "class_names.txt") }
    return folder
  }

  @Test func aSplitListsItsPicturesWhateverItsLineEnds() throws {
    let folder = try dataset()
    let voc = try VOCFolder(path: folder.path)
    #expect(try voc.names(inSplit: "train") == ["one", "two"])
    #expect(try voc.splits() == ["train", "val"])
    #expect(try voc.labelledNames() == ["one", "two"])
    let split = try VOCSplit(voc, split: "train")
    #expect(split.count == 2)
    #expect(split.name(at: 1) == "two")
    let picture = try split.picture(at: 1)
    #expect(picture.image.width == 5)
    #expect(picture.labels.labels[4] == 1)
    #expect(errorOf { _ = try split.picture(at: 2) }?.kind == .invalidArgument)
  }

  @Test(arguments: [
    ("a\n\n  b \r\nc", ["a", "b", "c"]),
    ("\u{FEFF}__ignore__\n_background_\ncat\n", ["background", "cat"]),
    ("_background_\ncat\n", ["background", "cat"]),
  ])
  func classNamesAreReadAsPeopleAndLabelmeWriteThem(text: String, names: [String]) throws {
    let folder = try dataset(classes: text)
    #expect(try VOCFolder(path: folder.path).classNames == names)
  }

  @Test func withoutAListTheClassesAreThoseOfVOC() throws {
    let folder = try dataset(classes: nil)
    #expect(try VOCFolder(path: folder.path).classNames == Palette.vocClassNames)
  }

  @Test(arguments: ["", "\n\n", "a\nb\na\n", (0...255).map(String.init).joined(separator: "\n")])
  func aListOfClassesThatCannotBeMeantIsRefused(text: String) throws {
    let folder = try dataset(classes: text)
    let error = errorOf { _ = try VOCFolder(path: folder.path) }
    #expect(error?.kind == .corrupt)
    #expect(error?.message.contains("class_names.txt") == true)
  }

  @Test func aSplitThatIsNotThereIsAnsweredWithThoseThatAre() throws {
    let folder = try dataset()
    let voc = try VOCFolder(path: folder.path)
    let error = errorOf { _ = try voc.names(inSplit: "test") }
    #expect(error?.kind == .notFound)
    #expect(error?.message.contains("train, val") == true)
    #expect(errorOf { _ = try VOCFolder(path: folder.path + "/no") }?.kind == .notFound)
  }

  @Test(arguments: ["../secret", "a/../b", "..", "."])
  func aNameThatLeadsOutOfTheFolderIsRefused(name: String) throws {
    let folder = try dataset()
    try folder.write("one\n\(name)\n", to: "ImageSets/Segmentation/bad.txt")
    let voc = try VOCFolder(path: folder.path)
    #expect(errorOf { _ = try voc.names(inSplit: "bad") }?.message.contains("bad.txt") == true)
    #expect(errorOf { _ = try voc.names(inSplit: name) }?.kind == .invalidArgument)
    #expect(errorOf { _ = try voc.image(named: name) }?.kind == .invalidArgument)
    #expect(errorOf { _ = try voc.labels(named: name) }?.kind == .invalidArgument)
  }

  @Test func missingFilesAreAllReportedBeforeAnythingIsRead() throws {
    let folder = try dataset()
    let lonely = (1...9).map { "lonely\($0)" }
    try folder.write(
      (["one"] + lonely).joined(separator: "\n"), to: "ImageSets/Segmentation/all.txt")
    let voc = try VOCFolder(path: folder.path)
    try voc.validatePairs(split: "train")
    let error = errorOf { _ = try VOCSplit(voc, split: "all") }
    #expect(error?.kind == .notFound)
    #expect(error?.message.contains("9 of the 10") == true)
    #expect(error?.message.contains("JPEGImages/lonely1.jpg") == true)
    #expect(error?.message.contains("SegmentationClass/lonely1.png") == true)
    #expect(error?.message.contains("4 more") == true)
    #expect(
      errorOf { _ = try voc.image(named: "lonely1") }?.message.contains("lonely1.jpg") == true)
    #expect(errorOf { _ = try voc.labels(named: "lonely1") }?.kind == .notFound)
  }

  @Test func aFileOfAnotherKindIsNamedInWordsForPicturesOrForLabels() throws {
    let folder = try dataset()
    for name in ["JPEGImages/odd.bmp", "SegmentationClass/odd.jpg", "SegmentationClass/two.json"] {
      try folder.write("", to: name)
    }
    try folder.write("odd\n", to: "ImageSets/Segmentation/odd.txt")
    let voc = try VOCFolder(path: folder.path)
    let picture = "JPEGImages/odd.jpg (or .jpeg, .png) (there is one ending in .bmp, which must be"
    let labels = "SegmentationClass/odd.png (there is one ending in .jpg, which does not keep"
    expectError(.notFound, saying: picture, "no such picture") { _ = try voc.image(named: "odd") }
    expectError(.notFound, saying: labels, "no labels") { _ = try voc.labels(named: "odd") }
    expectError(.notFound, saying: picture, labels) { try voc.validatePairs(split: "odd") }
  }

  @Test func aLabelBeyondTheClassesIsNamedWithItsPlace() throws {
    let folder = try dataset(classes: "a\nb\n")
    let voc = try VOCFolder(path: folder.path)
    let error = errorOf { _ = try voc.labels(named: "one") }
    #expect(error?.kind == .corrupt)
    for part in ["one.png", "x 2, y 0", "is 2", "2 classes"] {
      #expect(error?.message.contains(part) == true, "\(part)")
    }
  }

  @Test func ignoredPixelsAreNoStrayLabels() throws {
    let folder = try dataset()
    let labels = try LabelMap(width: 8, height: 6, label: LabelMap.ignore)
    try folder.write(
      try labels.encodedPNG(palette: Palette.voc(count: 3)), to: "SegmentationClass/one.png")
    #expect(try VOCFolder(path: folder.path).labels(named: "one") == labels)
  }

  @Test func aPictureAndLabelsOfTwoSizesAreRefused() throws {
    let folder = try dataset()
    let labels = try LabelMap(width: 7, height: 6)
    try folder.write(
      try labels.encodedPNG(palette: Palette.voc(count: 3)), to: "SegmentationClass/one.png")
    let error = errorOf { _ = try VOCFolder(path: folder.path).picture(named: "one") }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.message.contains("8×6") == true)
    #expect(error?.message.contains("7×6") == true)
  }

  @Test func aLinkToAFolderAboveIsNotFollowed() throws {
    let folder = try dataset()
    let names = try VOCFolder(path: folder.path).labelledNames()
    for (link, target) in [("here", "."), ("above", "..")] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.file("SegmentationClass/\(link)"), withDestinationPath: target)
    }
    let found = try VOCFolder(path: folder.path).labelledNames()
    #expect(Set(names).isSubset(of: found))
    #expect(!found.contains { $0.hasPrefix("here/") || $0.contains("above/SegmentationClass") })
  }

  @Test func setsOfTheSameClassesAreCombinedInOrder() throws {
    let first = try dataset()
    let second = try dataset()
    let sets = [
      try VOCSplit(VOCFolder(path: first.path), split: "train"),
      try VOCSplit(VOCFolder(path: second.path), split: "val"),
    ]
    let all = try CombinedPictures(sets)
    #expect(all.count == 3)
    #expect((0..<3).map { all.name(at: $0) } == ["one", "two", "two"])
    #expect(try all.picture(at: 2) == sets[1].picture(at: 0))
    #expect(errorOf { _ = try all.picture(at: 3) }?.kind == .invalidArgument)
    #expect(errorOf { _ = try CombinedPictures([]) }?.kind == .invalidArgument)
    let other = try dataset(classes: "a\nb\nd\n")
    let stranger = try VOCSplit(VOCFolder(path: other.path), split: "val")
    let error = errorOf { _ = try CombinedPictures([sets[0], stranger]) }
    #expect(error?.message.contains("a, b, d") == true)
  }
}
