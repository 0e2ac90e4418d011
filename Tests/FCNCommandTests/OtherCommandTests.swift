import FCNSwift
import FCNTestSupport
import Foundation
import Testing

struct OtherCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func evalPrintsThePapersMeasures() throws {
    let confusion = folder.file("confusion.npy")
    let result = try Command.succeed(
      "eval", "--data", try Fixture.scenes(), "--split", "val", "--model", try Fixture.model(),
      "--json", "--predictions", folder.file("predictions"), "--confusion", confusion)
    let object = try Command.object(result)
    for name in [
      "pixel_accuracy", "mean_accuracy", "mean_iu", "frequency_weighted_iu",
      "mean_picture_accuracy",
    ] {
      let value = try #require(object[name] as? Double)
      #expect((0...1).contains(value), "\(name)")
    }
    #expect((object["per_class_iu"] as? [Any])?.count == 11)
    #expect((object["classes"] as? [String])?.first == "sky")
    #expect(object["pictures"] as? Int == 3)
    #expect(
      try File.names(inFolder: folder.file("predictions"))
        == (7...9).map { "street_000\($0).png" })

    // The accuracy follows from the matrix that was written.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: confusion)).dropFirst(128)
    let counts = bytes.withUnsafeBytes { bytes in
      (0..<121).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
    }
    let right = (0..<11).reduce(0) { $0 + counts[12 * $1] }
    #expect(
      object["pixel_accuracy"] as? Double == Double(right) / Double(counts.reduce(0, +)))
    let table = try Command.succeed(
      "eval", "--data", try Fixture.scenes() + ":val", "--model", try Fixture.model()
    ).text
    #expect(table.contains("IU of sky"))
    #expect(table.contains("mean IU"))
  }

  @Test func evalRefusesAModelOfOtherClasses() throws {
    let two = folder.file("two.safetensors")
    try Command.succeed("init", "--classes", "a,b", "--width", "0.02", "-o", two, "-q")
    try Command.fail(
      3, saying: "the model has 2 classes, the pictures 11",
      calling: ["eval", "--data", try Fixture.scenes(), "--model", two])
  }

  @Test func prepareMakesSquaresInTwoLists() throws {
    let output = folder.file("prepared")
    let result = try Command.succeed(
      "prepare", try Fixture.scenes(), "-o", output, "--size", "32", "--train-batch", "3",
      "--val-batch", "1", "--json")
    let object = try Command.object(result)
    #expect(object["train"] as? Int == 6)
    #expect(object["val"] as? Int == 2)
    #expect(object["left_over"] as? Int == 1)
    let folder = try VOCFolder(path: output)
    #expect(try folder.splits() == ["train", "val"])
    let name = try #require(try folder.names(inSplit: "val").first)
    let picture = try folder.picture(named: name)
    #expect((picture.image.width, picture.image.height) == (32, 32))
    try Command.succeed(
      "eval", "--data", output, "--model", try Fixture.model(), "--json", "--quiet")
  }

  @Test func initMakesWhatInfoTells() throws {
    let model = folder.file("m.safetensors")
    let names = try folder.write(Array("sky\nsea\n\nland\n".utf8), "names.txt")
    try Command.succeed(
      "init", "--classes", names, "--width", "0.05", "--batch-norm", "--preprocessing", "grey",
      "--size", "at-most:640", "--palette", "#000000,#0000ff,#00ff00", "--note", "test", "--half",
      "-o", model)
    let object = try Command.object(Command.succeed("info", model, "--tensors", "--json"))
    #expect(object["architecture"] as? String == "fcn-simple")
    #expect(object["classes"] as? [String] == ["sky", "sea", "land"])
    #expect(object["palette"] as? [String] == ["#000000", "#0000ff", "#00ff00"])
    #expect(object["element_types"] as? [String] == ["F16"])
    #expect(object["note"] as? String == "test")
    let options = try #require(object["options"] as? [String: Any])
    #expect(options["width"] as? Double == 0.05)
    #expect(options["input_channels"] as? Int == 1)
    let preprocessing = try #require(object["preprocessing"] as? [String: Any])
    #expect(preprocessing["order"] as? String == "grey")
    let size = try #require(preprocessing["size"] as? [String: Any])
    #expect(size["rule"] as? String == "at_most" && size["side"] as? Int == 640)
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    #expect(tensors.first?["shape"] as? [Int] == [3, 1, 3, 3])
    let text = try Command.succeed("info", model, "--tensors").text
    #expect(text.contains("classes         sky, sea, land"))
    #expect(text.contains("conv1_1.weight"))
  }

  @Test func initStartsFromWeightsWhereTheyFit() throws {
    let model = folder.file("m.safetensors")
    let result = try Command.succeed(
      "init", "--classes", "a,b", "--width", "0.03", "--batch-norm", "--seed", "9", "--from",
      try Fixture.model(), "--init", "zero", "-o", model)
    #expect(result.errors.contains("copied 65 tensors"))
    #expect(
      result.errors.contains("score_pool5.weight (found [11, 15, 1, 1], wanted [2, 15, 1, 1])"))
    let (source, copy) = (try Model(contentsOf: Fixture.model()), try Model(contentsOf: model))
    #expect(copy.weights["conv5_3.weight"]?.floats == source.weights["conv5_3.weight"]?.floats)
    #expect(copy.weights["score_pool5.weight"]?.floats.allSatisfy { $0 == 0 } == true)
    try Command.fail(
      2, saying: "--width is 0.1, but the network of --from",
      calling: [
        "init", "--classes", "a,b", "--width", "0.1", "--from", try Fixture.model(), "-o",
        folder.file("x"),
      ])
    #expect(!File.exists(folder.file("x")))
  }

  @Test func quantizeKeepsTheRangesOfMany() throws {
    let (path, model) = (folder.file("q.safetensors"), try Fixture.model())
    let pictures = try Fixture.scenes() + "/JPEGImages"
    let result = try Command.succeed(
      "quantize", "--model", model, "-o", path, "--pictures", "5", pictures)
    #expect(
      result.errors.contains("q.safetensors: ranges for int8, measured on 4 pictures; of 1 other "))
    #expect(result.errors.contains("% of the labels are float32's"))
    #expect(result.errors.contains("so few pictures"))
    #expect(try Command.succeed("info", path).text.contains("ranges for int8"))
    let imported = folder.file("imported.safetensors")
    try Command.succeed("import", path, "-o", imported)
    #expect(try Model(contentsOf: imported).ranges == nil)
    let (source, made) = (try Model(contentsOf: model), try Model(contentsOf: path))
    #expect(source.ranges == nil && made.ranges != nil)
    #expect(made.orderedWeights.map(\.elementType) == source.orderedWeights.map(\.elementType))
    #expect(made.orderedWeights.map(\.floats) == source.orderedWeights.map(\.floats))
    let picture = try #require(try File.names(inFolder: pictures).first)
    func segmented(_ model: String) throws -> (labels: [UInt8], errors: String) {
      let labels = folder.file("labels.png")
      let result = try Command.succeed(
        "segment", "--model", model, "--precision", "int8", "--labels", labels,
        "\(pictures)/\(picture)")
      return (try File.read(labels), result.errors)
    }
    let (one, two) = (try segmented(path), try segmented(model))
    #expect(!one.errors.contains("quantize"))
    #expect(two.errors.contains("the model was not quantized"))
    #expect(try segmented(path).labels == one.labels)

    try Command.fail(2, saying: "--output FILE is missing", calling: ["quantize", pictures])
    try Command.fail(2, saying: "PICTURE", calling: ["quantize", "-o", path])
    try Command.fail(
      2, saying: "name it", "safetensors",
      calling: ["quantize", "-o", folder.file("q.png"), pictures])
    try Command.fail(
      3, saying: "no .jpg, .jpeg, .png",
      calling: ["quantize", "-o", folder.file("x.safetensors"), try Fixture.scenes()])
    try Command.fail(
      2, saying: "also read, as the model",
      calling: ["quantize", "-m", model, "-o", model, pictures])
  }

  @Test func exportWritesAnONNXFile() throws {
    let path = folder.file("m.onnx")
    let result = try Command.succeed("export", "--model", try Fixture.model(), "--onnx", path)
    #expect(result.errors.contains("m.onnx: fcn-simple"))
    let (source, exported) = (try Model(contentsOf: Fixture.model()), try File.read(path))
    #expect(exported.count > 4 * source.parameterCount)
    // The version of the format is the first field.
    #expect(exported.starts(with: [0x08, 8]))
    try Command.fail(
      2, saying: "--onnx FILE is missing", calling: ["export", "--model", try Fixture.model()])
    try Command.fail(
      3, saying: "/nowhere/m.onnx: cannot be written",
      calling: ["export", "--model", try Fixture.model(), "--onnx", "/nowhere/m.onnx"])
  }

  @Test func scenesFollowFromTheSeed() throws {
    for (name, seed) in [("a", "5"), ("b", "5"), ("c", "6")] {
      try Command.succeed(
        "scenes", "--count", "1", "--size", "64x48", "--seed", seed, "-o", folder.file(name))
    }
    func picture(_ name: String) throws -> [UInt8] {
      try File.read(folder.file("\(name)/JPEGImages/street_0001.jpg"))
    }
    #expect(try picture("a") == picture("b"))
    #expect(try picture("a") != picture("c"))
  }

  @Test func infoReadsTheWeightsWhereItIsToCheckThem() throws {
    try Command.succeed("info", try Fixture.model(), "--check")
    var bytes = try File.read(Fixture.model())
    // The last weight of the last tensor is a NaN.
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
    let spoilt = folder.file("spoilt.safetensors")
    try File.write(bytes, to: spoilt)
    try Command.succeed("info", spoilt)
    try Command.fail(
      1, saying: "tensor \"upsampled_pool5.weight\": element", "is nan",
      calling: ["info", spoilt, "--check"])
    try Command.fail(2, saying: "--check wants a model", calling: ["info", "--check"])
  }

  @Test func infoWithoutAModelTellsOfTheProgram() throws {
    let object = try Command.object(Command.succeed("info", "--json"))
    #expect((object["processor"] as? String)?.contains("core") == true)
    #expect((object["matrix_library"] as? String)?.contains("OpenBLAS") == true)
    #expect((object["architectures"] as? [String: Any])?["fcn-simple"] != nil)
  }
}
