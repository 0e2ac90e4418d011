import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// Networks as JSON at the command.
struct GraphTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func example() throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return root.appendingPathComponent("../../docs/small-network.json").standardizedFileURL.path
  }

  @Test func aNetworkIsPrintedChangedAndMadeAModelOf() throws {
    let small = folder.file("small.safetensors")
    let result = try Command.succeed(
      "init", "--graph", try Self.example(), "--classes", "road,sky,rest", "-o", small)
    #expect(result.errors.contains("small.safetensors: graph, "))
    let text = try Command.succeed("info", small, "--graph").text
    #expect(text == String(decoding: try File.read(Self.example()), as: UTF8.self))
    let object = try Command.object(Command.succeed("info", small, "--json"))
    #expect(object["architecture"] as? String == "graph")
    #expect((object["options"] as? [String: Any])?["classes"] as? Int == 3)
    #expect(object["layers"] as? Int == 13)

    // A model of an architecture's network; one layer changed.
    let network = try Command.succeed("info", try Fixture.model(), "--graph").text
    let part = #""name":"relu5_3","operation":"relu","inputs":["bn5_3"]"#
    #expect(network.contains(part))
    let changed = network.replacingOccurrences(
      of: part,
      with: #""name":"relu5_3","operation":"scale","inputs":["bn5_3"],"attributes":{"factor":0.5}"#)
    let file = try folder.write(Array(changed.utf8), "changed.json")
    let model = folder.file("changed.safetensors")
    let names = "\(try Fixture.scenes())/class_names.txt"
    let started = try Command.succeed(
      "init", "--graph", file, "--classes", names, "--from", try Fixture.model(), "-o", model)
    #expect(started.errors.contains("copied 77 tensors"), "\(started.errors)")
    let own = try Model(contentsOf: Fixture.model())
    let copy = try Model(contentsOf: model)
    #expect(copy.description.preprocessing == own.description.preprocessing)
    #expect(copy.weights["conv1_1.weight"]?.floats == own.weights["conv1_1.weight"]?.floats)

    // The graph goes on from its own file too.
    let again = folder.file("again.safetensors")
    try Command.succeed("init", "--classes", names, "--from", model, "-o", again, "-q")
    #expect(try Model(contentsOf: again).description.graph == copy.description.graph)
  }

  @Test func aGraphIsTrainedMeasuredExportedAndSegments() throws {
    let text = String(decoding: try File.read(Self.example()), as: UTF8.self)
      .replacingOccurrences(of: "\"output_channels\":3", with: "\"output_channels\":11")
      .replacingOccurrences(of: "\"groups\":3", with: "\"groups\":11")
    let file = try folder.write(Array(text.utf8), "eleven.json")
    let model = folder.file("m.safetensors")
    let scenes = try Fixture.scenes()
    try Command.succeed(
      "init", "--graph", file, "--classes", "\(scenes)/class_names.txt", "-o", model, "-q")
    let output = folder.file("out")
    let train = [
      "train", "--data", scenes, "--model", model, "-o", output, "--epochs", "1", "--batch", "2",
      "--crop", "32x32", "--threads", "1",
    ]
    let trained = try Command.run(train)
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(trained.errors.contains("graph, "))
    let resumed = try Command.run(train + ["--resume", "--quiet"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    // Without the model too: the checkpoint says which network it is.
    let alone = try Command.run(
      ["train", "--data", scenes, "-o", output, "--resume", "--quiet"])
    #expect(alone.status == 0, "\(alone.errors)")
    let best = "\(output)/best.safetensors"
    let measured = try Command.object(
      Command.succeed("eval", "--data", scenes, "--split", "val", "--model", best, "--json"))
    #expect((measured["pixel_accuracy"] as? Double).map { (0...1).contains($0) } == true)
    try Command.succeed("export", "--model", best, "--onnx", folder.file("m.onnx"))
    try Command.succeed(
      "segment", try Fixture.picture(), "--model", best, "--labels", folder.file("labels.png"))
    #expect(File.exists(folder.file("labels.png")))
  }

  @Test func aGraphIsTrainedAfreshAndGoneOnWith() throws {
    let scenes = try Fixture.scenes()
    let text = String(decoding: try File.read(Self.example()), as: UTF8.self)
    let eleven = text.replacingOccurrences(
      of: "\"output_channels\":3", with: "\"output_channels\":11"
    )
    .replacingOccurrences(of: "\"groups\":3", with: "\"groups\":11")
    let file = try folder.write(Array(eleven.utf8), "eleven.json")
    let output = folder.file("fresh")
    let train = [
      "train", "--data", scenes, "--graph", file, "-o", output, "--epochs", "1", "--batch", "2",
      "--crop", "32x32", "--threads", "1", "--seed", "5",
    ]
    let trained = try Command.run(train)
    #expect(trained.status == 0, "\(trained.errors)")
    // The weights that it begins with are those of init.
    let model = folder.file("init.safetensors")
    try Command.succeed(
      "init", "--graph", file, "--classes", "\(scenes)/class_names.txt", "--seed", "5", "-o", model,
      "-q")
    let started = try Model(contentsOf: model)
    let result = try Model(contentsOf: "\(output)/model.safetensors")
    #expect(result.description.graph == started.description.graph)
    #expect(result.description.preprocessing == started.description.preprocessing)
    let same = folder.file("same")
    let beside = try Command.run([
      "train", "--data", scenes, "--model", model, "-o", same, "--epochs", "1", "--batch", "2",
      "--crop", "32x32", "--threads", "1", "--seed", "5", "--lr", "0.002",
    ])
    #expect(beside.status == 0, "\(beside.errors)")
    let name = "model.safetensors"
    #expect(try File.read("\(output)/\(name)") == File.read("\(same)/\(name)"))
    // The same command goes on, another network does not.
    #expect(try Command.run(train + ["--resume"]).errors.contains("done already"))
    let changed = eleven.replacingOccurrences(
      of: "\"operation\":\"relu\"", with: "\"operation\":\"silu\"")
    #expect(changed != eleven)
    let other = try folder.write(Array(changed.utf8), "other.json")
    try Command.fail(
      2, saying: "other.json is another network than that of the training in \(output)",
      calling: ["train", "--data", scenes, "--graph", other, "-o", output, "--resume", "-q"])

    let call = ["train", "--data", scenes, "-o", folder.file("none"), "--graph"]
    try Command.fail(
      2, saying: "the network makes scores of 3 classes, and there are 11",
      calling: call + [try Self.example(), "-q"])
    for (more, message) in [
      (["--model", model], "--graph is for a fresh model; --model names one that exists"),
      (["--architecture", "fcn8s"], "give --graph or --architecture, not both"),
      (["--width", "0.5"], "--width is for an architecture"),
      (["--no-batch-norm"], "--no-batch-norm is for an architecture"),
    ] {
      try Command.fail(2, saying: message, calling: call + [file] + more)
    }
    try Command.fail(
      3, saying: "--graph nowhere.json: there is no", calling: call + ["nowhere.json"])
    #expect(!File.exists(folder.file("none")))
  }

  @Test func whatIsWrongIsToldWithTheFile() throws {
    let example = try Self.example()
    let output = folder.file("x.safetensors")
    try Command.fail(
      2, saying: "\(example): the network makes scores of 3 classes, and there are 2",
      "(score3: 2, score2: 2)",
      calling: ["init", "--graph", example, "--classes", "a,b", "-o", output])
    try Command.fail(
      2, saying: "--width is for an architecture",
      calling: ["init", "--graph", example, "--classes", "a,b,c", "--width", "0.5", "-o", output])
    try Command.fail(
      2, saying: "--graph or --architecture, not both",
      calling: [
        "init", "--graph", example, "--architecture", "fcn8s", "--classes", "a,b,c", "-o", output,
      ])
    try Command.fail(
      3, saying: "nowhere.json",
      calling: ["init", "--graph", "nowhere.json", "--classes", "a,b,c", "-o", output])
    let model = try Fixture.model()
    try Command.fail(
      3, saying: "\(model): this is no network as JSON; `fcn info MODEL --graph` prints one",
      calling: ["init", "--graph", model, "--classes", "a,b,c", "-o", output])
    let text = String(decoding: try File.read(example), as: UTF8.self)
      .replacingOccurrences(of: "\"kernel\":4", with: "\"kernel\":-4")
    let wrong = try folder.write(Array(text.utf8), "wrong.json")
    try Command.fail(
      3, saying: "wrong.json: layer up3: transposed_convolution: kernel is -4; wanted 1…4096",
      calling: ["init", "--graph", wrong, "--classes", "a,b,c", "-o", output])
    try Command.fail(
      2, saying: "--graph wants a model", calling: ["info", "--graph"])
    #expect(!File.exists(output))
  }
}
