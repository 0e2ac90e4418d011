import FCNTestSupport
import Testing

@testable import FCNSwift

@Suite struct DatasetSurveyTests {
  /// Four pictures to learn from and two to validate on, of 8×6 pixels and the classes a, b and c.
  private func dataset() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for index in 0..<6 { try folder.writePair("p\(index)", shade: UInt8(40 * index)) }
    try folder.write("p0\np1\np2\np3\n", to: "ImageSets/Segmentation/train.txt")
    try folder.write("p4\np5\n", to: "ImageSets/Segmentation/val.txt")
    try folder.write("a\nb\nc\n", to: "class_names.txt")
    return folder
  }

  private func write(_ labels: [UInt8], of name: String, to folder: TemporaryFolder) throws {
    let map = try LabelMap(
      width: 8, height: 6,
      labels: (0..<48).map { labels[$0 % labels.count] })
    try folder.write(
      try map.encodedPNG(palette: Palette.voc(count: 21)), to: "SegmentationClass/\(name).png")
  }

  private func survey(
    _ folder: TemporaryFolder, _ reading: VOCFolder.Reading = .init(), threads: Int = 2
  ) throws -> DatasetSurvey {
    let voc = try VOCFolder(path: folder.path, reading: reading)
    return try DatasetSurvey.of(
      training: VOCSplit(voc, split: "train", requiringFiles: false),
      validation: VOCSplit(voc, split: "val", requiringFiles: false), threads: threads)
  }

  private func text(_ kind: DatasetSurvey.Finding.Kind, _ survey: DatasetSurvey) -> String {
    survey.findings.filter { $0.kind == kind }.map(\.text).joined(separator: "\n")
  }

  @Test(arguments: [1, 3])
  func soundDataIsCounted(threads: Int) throws {
    let folder = try dataset()
    try write([0, 0, 2, 255], of: "p1", to: folder)
    let survey = try survey(folder, threads: threads)
    #expect(survey.findings.isEmpty, "\(survey.findings)")
    #expect(survey.training.pictureCount == 4)
    #expect(survey.training.classPixels == [3 * 16 + 24, 3 * 16, 3 * 16 + 12])
    #expect(survey.training.classPictures == [4, 3, 4])
    #expect(survey.training.ignoredPixels == 12)
    #expect(survey.training.median == .init(8, 6))
    #expect(survey.validation?.classPixels == [32, 32, 32])
    try survey.requireNoErrors()
  }

  @Test func allThatIsWrongIsToldTogether() throws {
    let folder = try dataset()
    let png = try File.read(folder.file("JPEGImages/p0.png"))
    try folder.write(Array(png.dropLast(20)), to: "JPEGImages/p0.png")
    try write([0, 1, 7], of: "p1", to: folder)
    try write([7, 9], of: "p2", to: folder)
    try folder.write("p0\np1\np2\np3\nlost\n", to: "ImageSets/Segmentation/train.txt")
    try folder.write(Array("no PNG".utf8), to: "SegmentationClass/p4.png")
    let map = try LabelMap(width: 6, height: 8, label: 1)
    try folder.write(
      try map.encodedPNG(palette: Palette.voc(count: 3)), to: "SegmentationClass/p5.png")

    let survey = try survey(folder)
    #expect(
      survey.errors.map(\.kind) == [
        .missingFiles, .unreadableFiles, .labelsBeyondClasses, .unreadableFiles, .sizesDiffer,
      ])
    #expect(text(.missingFiles, survey).contains("JPEGImages/lost.jpg"))
    #expect(text(.missingFiles, survey).contains("SegmentationClass/lost.png"))
    #expect(text(.unreadableFiles, survey).contains("JPEGImages/p0.png"))
    #expect(text(.unreadableFiles, survey).contains("SegmentationClass/p4.png"))
    let stray = text(.labelsBeyondClasses, survey)
    #expect(stray.contains("2 of the 5 training label files"))
    #expect(stray.contains("3 classes, 0…2"))
    #expect(
      stray.contains("7 in 2 files, \(folder.path)/SegmentationClass/p1.png (first at x 2, y 0)"))
    #expect(
      stray.contains("9 in 1 file, \(folder.path)/SegmentationClass/p2.png (first at x 1, y 0)"))
    #expect(text(.sizesDiffer, survey).contains("p5 is 8×6, its labels 6×8"))
    expectError(.corrupt, saying: "lost", "p0.png", "p1.png", "p4.png", "p5 is 8×6") {
      try survey.requireNoErrors()
    }
  }

  @Test func labelFilesAreCountedWhateverTheirFoldersAreCalled() throws {
    let folder = try dataset()
    for name in ["data (1)/one", "data (1)/two"] { try folder.writePair(name) }
    for name in ["data (1)/one", "data (1)/two"] { try write([0, 7, 9], of: name, to: folder) }
    try folder.write(
      "p0\ndata (1)/one\ndata (1)/two\n", to: "ImageSets/Segmentation/train.txt")
    let stray = text(.labelsBeyondClasses, try survey(folder))
    #expect(stray.contains("2 of the 3 training label files hold"), "\(stray)")
    #expect(stray.contains("7 in 2 files"), "\(stray)")
  }

  @Test func onePictureToMeasureByThatIsLearnedFromIsOne() throws {
    let folder = try dataset()
    try folder.write("p0\n", to: "ImageSets/Segmentation/val.txt")
    let shared = text(.sharedPictures, try survey(folder))
    #expect(
      shared.contains("1 of the 1 validation pictures is a training picture too"), "\(shared)")
  }

  @Test func masksOf0And255AreNamedAndReadAsBinaryWhereThatIsWanted() throws {
    let folder = try dataset()
    for index in 0..<6 { try write([0, 255, 255], of: "p\(index)", to: folder) }
    try folder.write("background\nthing\n", to: "class_names.txt")
    let wrong = try survey(folder)
    #expect(wrong.errors.map(\.kind) == [.binaryMasks, .binaryMasks])
    #expect(text(.binaryMasks, wrong).contains("0 and 255 alone"))
    let right = try survey(folder, .init(binaryMasks: true))
    #expect(right.findings.isEmpty, "\(right.findings)")
    #expect(right.training.classPixels == [64, 128])
    #expect(right.training.ignoredPixels == 0)
  }

  @Test func labelsOfWhichNothingCanBeLearnedAreAnError() throws {
    let folder = try dataset()
    for index in 0..<4 { try write([255], of: "p\(index)", to: folder) }
    #expect(text(.nothingLabelled, try survey(folder)).contains("every pixel"))
    for index in 0..<4 { try write([1], of: "p\(index)", to: folder) }
    #expect(text(.nothingToLearn, try survey(folder)).contains("class 1 (b)"))
    #expect(try survey(folder).errors.count == 1)
  }

  @Test func oddDataIsWarnedOf() throws {
    let folder = try dataset()
    for index in 0..<4 { try write([0, 1], of: "p\(index)", to: folder) }
    try write([255], of: "p1", to: folder)
    // The same bytes under another name.
    try folder.write(File.read(folder.file("JPEGImages/p2.png")), to: "JPEGImages/p5.png")
    try folder.write("p0\np1\np2\np3\np0\n", to: "ImageSets/Segmentation/train.txt")
    let survey = try survey(folder)
    #expect(survey.errors.isEmpty)
    #expect(
      Set(survey.warnings.map(\.kind)) == [
        .absentClasses, .ignoredPictures, .repeatedPictures, .sharedPictures,
      ])
    #expect(text(.absentClasses, survey).contains("no training picture: c; in validation"))
    #expect(text(.ignoredPictures, survey).contains("1 of the 5 training pictures"))
    #expect(text(.repeatedPictures, survey).contains("p0"))
    #expect(text(.sharedPictures, survey).contains("1 of the 2 validation pictures"))
    #expect(text(.sharedPictures, survey).contains("p5"))
  }

  @Test func validationOfOneClassIsWarnedOf() throws {
    let folder = try dataset()
    for index in 4..<6 { try write([0, 255], of: "p\(index)", to: folder) }
    let survey = try survey(folder)
    #expect(survey.errors.isEmpty)
    #expect(survey.warnings.map(\.kind) == [.unmeasurable])
  }

  @Test func classesThatNobodyNamedAreRemarkedOn() throws {
    let folder = try TemporaryFolder()
    try folder.writePair("one")
    let voc = try VOCFolder(path: folder.path)
    #expect(voc.remarks.first?.text.contains("21 classes of PASCAL VOC") == true)
    let named = try VOCFolder(
      path: voc.path, reading: .init(classNames: ["background", "thing", "other"]))
    #expect(named.remarks.isEmpty)
    #expect(named.classNames == ["background", "thing", "other"])
  }

  @Test func minibatchesAndCropsBeyondThePicturesAreWarnedOf() throws {
    let survey = try survey(try dataset())
    var options = TrainingOptions()
    options.batchSize = 5
    options.augmentation = Augmentation(cropWidth: 16, cropHeight: 4, scale: 0.5...1.5)
    let findings = survey.findings(for: options, preprocessing: .torchvision)
    #expect(findings.map(\.kind) == [.batchSize, .cropSize])
    #expect(findings.last?.text.contains("16×4") == true)
    options.batchSize = 4
    options.augmentation.scale = 0.5...2
    #expect(survey.findings(for: options, preprocessing: .torchvision).isEmpty)
  }

  @Test func aSurveyCanBeStopped() throws {
    let folder = try dataset()
    let voc = try VOCFolder(path: folder.path)
    let split = try VOCSplit(voc, split: "train")
    expectError(.aborted, saying: "of 4") {
      _ = try DatasetSurvey.of(training: split, threads: 1) { _, _ in false }
    }
  }

  @Test func damageAnywhereInAPictureIsFoundAsByDecoding() throws {
    var generator = SeededGenerator(seed: 3)
    let image = try Image(
      width: 40, height: 24, pixels: (0..<40 * 24 * 3).map { _ in UInt8(generator.next() & 255) })
    for whole in [try image.encodedPNG(), try image.encodedJPEG()] {
      let size = try whole.withUnsafeBytes { try Image.checkedSize(ofEncoded: $0) }
      #expect(size == (40, 24))
      for count in stride(from: 0, to: whole.count - 2, by: 97) {
        let part = Array(whole[..<count])
        #expect(errorOf { _ = try Image(decoding: part) } != nil)
        #expect(
          errorOf { _ = try part.withUnsafeBytes { try Image.checkedSize(ofEncoded: $0) } } != nil,
          "\(count) of \(whole.count) bytes")
      }
    }
    var flipped = try image.encodedPNG()
    flipped[flipped.count / 2] ^= 4
    #expect(
      errorOf { _ = try flipped.withUnsafeBytes { try Image.checkedSize(ofEncoded: $0) } }?.kind
        == .corrupt)
  }
}
