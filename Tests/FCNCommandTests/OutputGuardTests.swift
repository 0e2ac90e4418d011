import FCNTestSupport
import Foundation
import Testing

/// What is read is never written over, and no result by another: refused before anything is read or
/// written, as a wrong command line.
struct OutputGuardTests {
  let folder: TemporaryFolder
  private let files = FileManager.default

  init() throws { folder = try TemporaryFolder() }

  /// A picture in the test's folder under `name`, and the options that segment with the small
  /// model.
  private func segmenting(_ name: String) throws -> (picture: String, call: [String]) {
    let picture = folder.file(name)
    try files.copyItem(atPath: Fixture.picture(), toPath: picture)
    return (picture, ["segment", picture, "--model", try Fixture.model(), "--quiet"])
  }

  /// Expects that `arguments` are refused with `parts` and leave every file of the folder as it is.
  private func refuses(
    _ arguments: [String], saying parts: String..., at location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try contents()
    let result = try Command.run(arguments)
    #expect(result.status == 2, "\(arguments): \(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
    }
    #expect(try contents() == before, "\(arguments)", sourceLocation: location)
  }

  private func contents() throws -> [String: Data?] {
    let names = try files.subpathsOfDirectory(atPath: folder.path)
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, files.contents(atPath: folder.file($0))) })
  }

  @Test(arguments: [
    "--labels", "--grey-labels", "--overlay", "--confidence", "--polygons", "--scores",
  ])
  func noResultReplacesThePicture(option: String) throws {
    let (picture, call) = try segmenting("in")
    try refuses(
      call + [option, picture], saying: "\(option) \(picture) is also read, as a picture")
    // However the path is spelled, and through links of both kinds.
    try refuses(call + [option, "\(folder.path)/./in"], saying: picture)
    try refuses(call + [option, "\(folder.path)//in"], saying: picture)
    try files.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: true)
    try refuses(call + [option, folder.file("sub/../in")], saying: picture)
    try files.createSymbolicLink(atPath: folder.file("soft"), withDestinationPath: "in")
    try refuses(call + [option, folder.file("soft")], saying: picture)
    try files.linkItem(atPath: picture, toPath: folder.file("hard"))
    try refuses(call + [option, folder.file("hard")], saying: picture)
    try files.createSymbolicLink(atPath: folder.file("here"), withDestinationPath: folder.path)
    try refuses(call + [option, folder.file("here/in")], saying: picture)
  }

  @Test func noResultReplacesTheModel() throws {
    let model = folder.file("m")
    try files.copyItem(atPath: Fixture.model(), toPath: model)
    let picture = try Fixture.picture()
    try refuses(["segment", picture, "-m", model, "--labels", model], saying: "the model")
    try refuses(
      ["export", "--onnx", model, "-m", model], saying: "--onnx \(model) is also read, as the model"
    )
    try refuses(["quantize", picture, "-m", model, "-o", model], saying: "the model")
    try refuses(["import", model, "-o", model], saying: "--output", "the file of weights")
    try refuses(
      ["init", "--classes", "a,b", "--from", model, "-o", model], saying: "the file of weights")
    try refuses(
      ["eval", "--data", Fixture.scenes(), "-m", model, "--confusion", model], saying: "the model")
    try refuses(["plot", "--sheet", picture, "-m", model, "-o", model], saying: "the model")
    // Where the environment names it.
    let result = try Command.run(
      ["export", "--onnx", model], environment: ["FCN_MODEL": model])
    #expect(result.status == 2 && result.errors.contains("the model"))
    let names = try folder.write(Array("a\nb\n".utf8), "names")
    try refuses(["init", "--classes", names, "-o", names], saying: "the class names")
  }

  @Test func twoResultsNeedTwoNames() throws {
    let (_, call) = try segmenting("in.jpg")
    let (a, b) = (folder.file("a.png"), folder.file("b.png"))
    try refuses(
      call + ["--labels", a, "--overlay", a], saying: "--labels and --overlay would both write \(a)"
    )
    try refuses(call + ["--labels", a, "--grey-labels", folder.file("./a.png")], saying: "both")
    // A link to what is not there yet.
    try files.createSymbolicLink(atPath: b, withDestinationPath: "a.png")
    try refuses(call + ["--labels", b, "--overlay", a], saying: "both")
    try refuses(call + ["--labels", a, "--overlay", b], saying: "both")
    try Command.fail(2, saying: "only one of", calling: call + ["--labels", "-", "--overlay", "-"])
    // What swallows everything may be named twice.
    try Command.succeed(
      call[0], call[1], call[2], call[3], "-q", "--labels", "/dev/null", "--overlay", "/dev/null")
  }

  @Test func severalPicturesKeepTheirFolderAndNames() throws {
    let pictures = folder.file("pictures")
    try files.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    for number in 1...2 {
      try files.copyItem(
        atPath: Fixture.picture(number), toPath: "\(pictures)/\(number).png")
    }
    let call = ["segment", pictures, "--model", try Fixture.model(), "--quiet"]
    try refuses(call + ["--labels", pictures], saying: "the folder of pictures")
    try refuses(call + ["--labels", "\(pictures)/"], saying: "the folder of pictures")
    let one = ["segment", "\(pictures)/1.png", "\(pictures)/2.png", "-m", try Fixture.model()]
    try refuses(one + ["--labels", pictures], saying: "1.png is also read, as a picture")
    let labels = folder.file("labels")
    try refuses(
      call + ["--labels", labels, "--overlay", folder.file("./labels")], saying: "two")
    try Command.fail(
      2, saying: "standard input (-) is named twice", calling: ["segment", "-", "-"])
    // Beside them is well.
    try Command.succeed(
      "segment", pictures, "--model", Fixture.model(), "-q", "--labels", "\(pictures)/labels")
  }

  @Test func dataThatAreReadAreNotWrittenOver() throws {
    let data = folder.file("data")
    try files.copyItem(atPath: Fixture.scenes(), toPath: data)
    let model = try Fixture.model()
    let evaluating = ["eval", "--data", data, "-m", model]
    for place in [
      data, "\(data)/SegmentationClass", "\(data)/SegmentationClass/new", "\(data)/JPEGImages",
      "\(data)/ImageSets/Segmentation",
    ] {
      try refuses(evaluating + ["--predictions", place], saying: "--predictions")
    }
    let split = ["eval", "--data", "\(data):val", "-m", model]
    try refuses(split + ["--predictions", "\(data)/SegmentationClass"], saying: "lies in")
    try files.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: "data/SegmentationClass")
    try refuses(evaluating + ["--predictions", folder.file("link")], saying: "--predictions")
    try refuses(evaluating + ["--confusion", "\(data)/class_names.txt"], saying: "--confusion")
    try refuses(["prepare", data, "-o", data, "--overwrite"], saying: "--output")
    try refuses(
      ["plot", "--sheet", "--data", data, "-m", model, "-o", "\(data)/SegmentationClass/x.png"],
      saying: "--output")
    try Command.succeed(
      "eval", "--data", data, "-m", model, "-q", "--predictions", "\(data)/predictions")
    // Folders that a list names are data too, whatever they are called.
    try files.createDirectory(atPath: "\(data)/masks", withIntermediateDirectories: true)
    try Data("images/a.jpg masks/a.png\n".utf8)
      .write(to: URL(fileURLWithPath: "\(data)/ImageSets/Segmentation/own.txt"))
    try refuses(evaluating + ["--predictions", "\(data)/masks"], saying: "lies in")
  }

  @Test func aTrainingDoesNotReplaceWhatItStartsFrom() throws {
    let model = folder.file("best.safetensors")
    try files.copyItem(atPath: Fixture.model(), toPath: model)
    for option in ["--model", "--from"] {
      try refuses(
        ["train", "--data", Fixture.scenes(), option, model, "-o", folder.path],
        saying: "--output \(model) is also read")
    }
  }

  @Test func aPlotDoesNotReplaceItsLogOrPictures() throws {
    let (picture, _) = try segmenting("in.png")
    try refuses(
      ["plot", "--sheet", picture, "-m", Fixture.model(), "-o", picture], saying: "a picture")
    let log = try folder.write(Array("epoch,train_loss\n1,2\n".utf8), "log.svg")
    try refuses(["plot", log, "-o", log], saying: "a log")
  }
}
