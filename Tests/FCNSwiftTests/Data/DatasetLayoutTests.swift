import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// Lists, names and label files as people and their tools write them.
@Suite struct DatasetLayoutTests {
  private func dataset() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.writePair("one")
    try folder.writePair("two")
    try folder.write("a\nb\nc\n", to: "class_names.txt")
    return folder
  }

  private func names(_ list: String, _ folder: TemporaryFolder) throws -> [String] {
    try folder.write(list, to: "ImageSets/Segmentation/train.txt")
    let split = try VOCSplit(VOCFolder(path: folder.path), split: "train")
    for index in 0..<split.count { _ = try split.picture(at: index) }
    return split.names
  }

  @Test(arguments: [
    "one\ntwo\n", "one.png\ntwo.png\n", "\u{FEFF}one\r\n\r\ntwo\r\n", "# comment\none\n#\ntwo",
    "one 1\ntwo -1\n", "one  0\ntwo\t1\n", "JPEGImages/one.png\nJPEGImages/two.png\n",
    "JPEGImages/one.png SegmentationClass/one.png\nJPEGImages/two.png\tSegmentationClass/two.png\n",
    "/JPEGImages/one.png /SegmentationClass/one.png\n./JPEGImages/two.png SegmentationClass/two.png\n",
    "one.png,one.png\ntwo.png;two.png\n",
  ])
  func listsOfEveryKindNameTheSamePictures(list: String) throws {
    #expect(try names(list, dataset()) == ["one", "two"])
  }

  @Test func numbersBehindNamesAreRemarkedOn() throws {
    let folder = try dataset()
    try folder.write("one 1\ntwo -1\n", to: "ImageSets/Segmentation/train.txt")
    let split = try VOCSplit(VOCFolder(path: folder.path), split: "train")
    #expect(split.remarks.count == 1)
    #expect(split.remarks.first?.text.contains("numbers") == true)
  }

  @Test func namesMayHaveDotsSpacesAndFolders() throws {
    let folder = try dataset()
    for name in ["v1.2", "my cat 3", "sub/deep/x", "a,b"] { try folder.writePair(name) }
    #expect(
      try names("v1.2\nmy cat 3\nsub/deep/x\na,b\n", folder) == [
        "v1.2", "my cat 3", "sub/deep/x", "a,b",
      ])
    #expect(
      try names("v1.2.png\nmy cat 3.png\nsub/deep/x.png\nmy cat 3 -1\n", folder) == [
        "v1.2", "my cat 3", "sub/deep/x", "my cat 3",
      ])
    #expect(
      try VOCFolder(path: folder.path).labelledNames() == [
        "a,b", "my cat 3", "one", "sub/deep/x", "two", "v1.2",
      ])
  }

  @Test func pathsMayLeadToOtherFoldersOfTheDataset() throws {
    let folder = try dataset()
    try folder.write(File.read(folder.file("JPEGImages/one.png")), to: "images/a.png")
    try folder.write(File.read(folder.file("SegmentationClass/one.png")), to: "masks/a_mask.png")
    #expect(try names("images/a.png masks/a_mask.png\n", folder) == ["images/a"])
    try folder.write("../a.png b.png\n", to: "ImageSets/Segmentation/bad.txt")
    expectError(.invalidArgument, saying: "bad.txt") {
      _ = try VOCFolder(path: folder.path).names(inSplit: "bad")
    }
    try folder.write("images/a.png masks/none.png\n", to: "ImageSets/Segmentation/bad.txt")
    expectError(.notFound, saying: "masks/none.png") {
      _ = try VOCSplit(VOCFolder(path: folder.path), split: "bad")
    }
  }

  @Test func extensionsMayBeInCapitals() throws {
    let folder = try dataset()
    let image = try Image(width: 8, height: 6)
    try folder.write(try image.encodedJPEG(), to: "JPEGImages/big.JPG")
    try folder.write(
      File.read(folder.file("SegmentationClass/one.png")), to: "SegmentationClass/big.PNG")
    #expect(try names("big\nbig.JPG\n", folder) == ["big", "big"])
    #expect(try VOCFolder(path: folder.path).labelledNames().contains("big"))
  }

  @Test func aFileOfAnotherKindIsSpokenOf() throws {
    let folder = try dataset()
    try folder.write([0], to: "JPEGImages/x.tif")
    try folder.write([0], to: "SegmentationClass/x.jpg")
    let voc = try VOCFolder(path: folder.path)
    #expect(errorOf { _ = try voc.image(named: "x") }?.message.contains(".tif") == true)
    #expect(
      errorOf { _ = try voc.labels(named: "x") }?.message.contains("does not keep labels") == true)
  }

  // MARK: Labels

  @Test func colouredMasksAreReadByTheListOfClasses() throws {
    let folder = try dataset()
    try folder.write(
      "background:0,0,0::\nthing:250,50,83::\n", to: "labelmap.txt")
    try folder.write("", to: "class_names.txt")
    try #require(unlink(folder.file("class_names.txt")) == 0)
    var mask = try Image(width: 8, height: 6)
    mask.pixels.replaceSubrange(9..<12, with: [250, 50, 83])
    mask.pixels.replaceSubrange(12..<15, with: [224, 224, 192])
    try folder.write(try mask.encodedPNG(), to: "SegmentationClass/one.png")
    let voc = try VOCFolder(path: folder.path)
    #expect(voc.classNames == ["background", "thing"])
    #expect(try voc.labels(named: "one").labels.prefix(6) == [0, 0, 0, 1, 255, 0])
    mask.pixels.replaceSubrange(27..<30, with: [1, 2, 3])
    try folder.write(try mask.encodedPNG(), to: "SegmentationClass/one.png")
    expectError(.unsupported, saying: "one.png", "(1, 2, 3)", "x 1, y 1", "list of classes") {
      _ = try voc.labels(named: "one")
    }
  }

  @Test func labelmesListIsReadWhereThereIsNoOther() throws {
    let folder = try TemporaryFolder()
    try folder.write("__ignore__\n_background_\nthing\n", to: "labels.txt")
    #expect(try VOCFolder(path: folder.path).classNames == ["background", "thing"])
    try folder.write("one\ntwo\n", to: "labels.txt")
    #expect(try VOCFolder(path: folder.path).classNames == Palette.vocClassNames)
  }

  @Test func blackAndWhiteMasksAreBinaryWhereThatIsWanted() throws {
    let folder = try dataset()
    try folder.write("thing\n", to: "class_names.txt")
    var mask = try Image(width: 8, height: 6)
    mask.pixels.replaceSubrange(3..<6, with: [255, 255, 255])
    try folder.write(try mask.encodedPNG(), to: "SegmentationClass/one.png")
    let voc = try VOCFolder(path: folder.path, reading: .init(binaryMasks: true))
    #expect(voc.classNames == ["background", "thing"])
    #expect(try voc.labels(named: "one").labels.prefix(3) == [0, 1, 0])
    expectError(.corrupt, saying: "two.png", "also has 2") { _ = try voc.labels(named: "two") }
    try folder.write("a\nb\nc\n", to: "class_names.txt")
    expectError(.invalidArgument, saying: "3 classes", "binary") {
      _ = try VOCFolder(path: folder.path, reading: .init(binaryMasks: true))
    }
  }

  /// A NumPy file of version 1.
  private func npy(_ type: String, _ shape: String, fortran: Bool = false, _ data: [UInt8])
    -> [UInt8]
  {
    let order = fortran ? "True" : "False"
    let header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      + data
  }

  @Test func arraysOfIntegersAreLabels() throws {
    func labels(_ bytes: [UInt8]) throws -> [UInt8] {
      let map = try LabelMap(PickledArray(bytes))
      #expect((map.width, map.height) == (3, 2))
      return map.labels
    }
    #expect(try labels(npy("|u1", "(2, 3)", [0, 1, 2, 3, 255, 5])) == [0, 1, 2, 3, 255, 5])
    #expect(try labels(npy("|i1", "(2, 3)", [0, 1, 2, 3, 255, 5])) == [0, 1, 2, 3, 255, 5])
    #expect(try labels(npy("|b1", "(1, 2, 3)", [0, 1, 1, 0, 0, 1])) == [0, 1, 1, 0, 0, 1])
    #expect(
      try labels(npy("|u1", "(2, 3)", fortran: true, [0, 3, 1, 4, 2, 5])) == [0, 1, 2, 3, 4, 5])
    let little: [Int32] = [0, 1, -1, 254, 2, 3]
    let expected: [UInt8] = [0, 1, 255, 254, 2, 3]
    let bytes = little.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    #expect(try labels(npy("<i4", "(2, 3)", bytes)) == expected)
    let big = little.flatMap { value in
      (0..<8).reversed().map { UInt8(truncatingIfNeeded: Int64(value) >> (8 * Int64($0))) }
    }
    #expect(try labels(npy(">i8", "(2, 3)", big)) == expected)
  }

  @Test func arraysThatAreNoLabelsAreRefused() {
    func refuse(_ kind: FCNError.Kind, _ part: String, _ bytes: [UInt8]) {
      expectError(kind, saying: part) { _ = try LabelMap(PickledArray(bytes)) }
    }
    refuse(.unsupported, "[4]", npy("|u1", "(4,)", [0, 0, 0, 0]))
    refuse(.corrupt, "x 1, y 0 is 300", npy("<i2", "(1, 2)", [0, 0, 44, 1]))
    refuse(.corrupt, "x 0, y 0 is -2", npy("|i1", "(1, 1)", [254]))
    refuse(.corrupt, "3 bytes", npy("|u1", "(2, 3)", [0, 0, 0]))
    refuse(.invalidArgument, "0.5", npy("<f4", "(1, 1)", [0, 0, 0, 63]))
  }

  /// `numpy.array([[0, 1, -1], [2, 3, 4]], numpy.int32)`, pickled by the protocols 2 and 4.
  @Test(arguments: [
    "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2Rl"
      + "Y3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwJLA4ZxCmNudW1weQpkdHlw"
      + "ZQpxC1gCAAAAaTRxDImIh3ENUnEOKEsDWAEAAAA8cQ9OTk5K/////0r/////SwB0cRBiiWgDWBwAAAAAAAAAAQAA"
      + "AMO/w7/Dv8O/AgAAAAMAAAAEAAAAcRFoBYZxElJxE3RxFGIu",
    "gASVowAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJh"
      + "eZSTlEsAhZRDAWKUh5RSlChLAUsCSwOGlGgDjAVkdHlwZZSTlIwCaTSUiYiHlFKUKEsDjAE8lE5OTkr/////Sv//"
      + "//9LAHSUYolDGAAAAAABAAAA/////wIAAAADAAAABAAAAJR0lGIu",
  ])
  func pickledArraysAreLabels(pickle: String) throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](try #require(Data(base64Encoded: pickle)))
    try folder.write(bytes, to: "SegmentationClass/x.pkl")
    try folder.write("a\nb\nc\nd\ne\n", to: "class_names.txt")
    let voc = try VOCFolder(path: folder.path)
    #expect(try voc.labels(named: "x").labels == [0, 1, 255, 2, 3, 4])
    #expect(try voc.labelledNames() == ["x"])
  }

  @Test func labelsMayBeNumPyFiles() throws {
    let folder = try dataset()
    try #require(unlink(folder.file("SegmentationClass/one.png")) == 0)
    try folder.write(
      npy("|u1", "(6, 8)", [UInt8](repeating: 2, count: 48)), to: "SegmentationClass/one.npy")
    let voc = try VOCFolder(path: folder.path)
    #expect(try voc.labels(named: "one") == LabelMap(width: 8, height: 6, label: 2))
    #expect(try voc.labelledNames() == ["one", "two"])
  }
}
