import FCNSwift
import FCNTestSupport
import Foundation
import Testing

struct TrainTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func call(_ output: String, _ more: String...) throws -> [String] {
    [
      "train", "--data", try Fixture.scenes(), "-o", folder.file(output), "--width", "0.03",
      "--batch-norm", "--batch", "3", "--crop", "64x64", "--scale", "0.8:1.2", "--flip",
      "--brightness", "0.1", "--optimizer", "adamw", "--schedule", "poly", "--threads", "2",
    ] + more
  }

  private func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(path)))
  }

  @Test func aTrainingLeavesModelsALogAndOneObject() throws {
    let result = try Command.run(
      call("out", "--epochs", "2", "--class-weights", "enet", "--half", "--keep-all", "--json"))
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      try File.names(inFolder: folder.file("out")) == [
        "best.safetensors", "checkpoint.safetensors", "class-iu.csv", "epoch-0001.safetensors",
        "epoch-0002.safetensors", "log.csv", "model.safetensors",
      ])
    let object = try Command.object(result)
    #expect(object["epochs"] as? Int == 2)
    #expect(object["iterations"] as? Int == 4)
    let validation = try #require(object["val"] as? [String: Any])
    let meanIU = try #require(validation["mean_iu"] as? Double)
    #expect((0...1).contains(meanIU))
    #expect(result.errors.contains("epoch 2/2"))

    // What the log says of the last epoch is what eval measures on the model it left.
    let measured = try Command.object(
      Command.succeed(
        "eval", "--data", try Fixture.scenes(), "--split", "val", "--json", "--model",
        folder.file("out/epoch-0002.safetensors")))
    let again = try #require(measured["mean_iu"] as? Double)
    #expect(abs(again - meanIU) < 0.02)
  }

  @Test func aDiskThatIsFullStopsTheTrainingAndLeavesNoHalfFile() throws {
    try #require(Command.run(call("whole", "--epochs", "1", "--half", "--quiet")).status == 0)
    // Room for the model, which is half precision, but not for the checkpoint.
    let blocks = try bytes("whole/checkpoint.safetensors").count / 2 / 512
    let command = try Command.process(call("full", "--epochs", "1", "--half", "--quiet"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "trap '' XFSZ; ulimit -f \(blocks); exec \"$@\"", "sh", Command.path]
      + (command.arguments ?? [])
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    process.waitUntilExit()
    let message = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 3)
    #expect(message.contains("checkpoint.safetensors: cannot be written: File too large"))
    #expect(try !File.names(inFolder: folder.file("full")).contains { $0.contains(".tmp") })
    #expect(try bytes("full/model.safetensors") == bytes("whole/model.safetensors"))
  }

  @Test func aTrainingThatWasStoppedGoesOnToTheSameBits() throws {
    // As many epochs as leave time to stop it, even where the machine is busy.
    let epochs = "15"
    try #require(Command.run(call("whole", "--epochs", epochs, "--quiet")).status == 0)
    let process = try Command.process(call("parts", "--epochs", epochs, "--quiet"))
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    while process.isRunning, !File.exists(folder.file("parts/log.csv")) { usleep(1000) }
    process.interrupt()
    process.waitUntilExit()
    let message = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 130, "\(message)")
    #expect(message.contains("of 15 epochs are saved"))
    #expect(message.contains("--resume"))
    try #require(
      Command.run(call("parts", "--epochs", epochs, "--quiet", "--resume")).status == 0)
    #expect(try bytes("parts/model.safetensors") == bytes("whole/model.safetensors"))
  }

  @Test func aFolderWithATrainingIsNotTrainedInAgain() throws {
    try #require(Command.run(call("out", "--epochs", "1", "--quiet")).status == 0)
    let before = try bytes("out/model.safetensors")
    try Command.fail(
      3, saying: "holds a training already", "--resume goes on",
      calling: call("out", "--epochs", "1"))
    try Command.fail(
      2, saying: "one of 1 epoch,", "--extend", "--model",
      calling: call("out", "--epochs", "2", "--resume"))
    try Command.fail(
      2, saying: "seed was 1, is 2",
      calling: call("out", "--epochs", "1", "--resume", "--seed", "2"))
    #expect(try bytes("out/model.safetensors") == before)
  }

  @Test func resumingBeginsWhereThereIsNothingYetAndTakesWhatIsNotNamedFromTheCheckpoint() throws {
    let first = try Command.run(call("out", "--epochs", "2", "--resume"))
    #expect(first.status == 0, "\(first.errors)")
    // Where lines are broken depends on the folder's name.
    let words = first.errors.split { $0.isWhitespace }.joined(separator: " ")
    #expect(words.contains("holds no checkpoint yet"))
    let options = ["train", "--data", try Fixture.scenes(), "-o", folder.file("out"), "--resume"]
    let again = try Command.run(options)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("all 2 epochs were done already"))
    try Command.fail(2, saying: "--note is for", calling: options + ["--note", "another"])
    let longer = try Command.run(options + ["--epochs", "3", "--extend", "--json"])
    #expect(longer.status == 0, "\(longer.errors)")
    #expect(longer.errors.contains("2 of 3 epochs are done, best mean IU"))
    #expect(longer.errors.contains("fcn segment PICTURE --model"))
    let best = try #require(try Command.object(longer)["best_mean_iu"] as? Double)
    let log = String(decoding: try File.read(folder.file("out/log.csv")), as: UTF8.self)
    let column = try #require(
      log.split(separator: "\n").first?.split(separator: ",").firstIndex(of: "val_mean_iu"))
    let values = log.split(separator: "\n").dropFirst().compactMap {
      Double($0.split(separator: ",", omittingEmptySubsequences: false)[column])
    }
    #expect(values.count == 3)
    #expect(abs(best - (values.max() ?? 0)) < 1e-6)
  }

  @Test func whoNamesNothingIsToldWhatWasChosen() throws {
    let result = try Command.run([
      "train", "--data", try Fixture.scenes(), "-o", folder.file("out"), "--time-limit", "1s",
      "--class-iu",
    ])
    #expect(result.status == 0, "\(result.errors)")
    for part in [
      "recipe     modern", "batch normalisation", "300 epochs, at most 0:01", "cropped to 96×64",
      "of 96×64", "another would pass the time limit", "best: mean IU", "one class everywhere",
      "--overlay overlay.png", "  IU: sky",
    ] {
      // Where lines are broken depends on the folder's name.
      let words = result.errors.split { $0.isWhitespace }.joined(separator: " ")
      #expect(
        result.errors.contains(part) || words.contains(part),
        "\(result.errors) does not say \(part)")
    }
    let lines = result.errors.split(separator: "\n").filter {
      // Commands to copy stay whole.
      !$0.hasPrefix("  fcn") && !$0.contains(folder.path) && !$0.hasPrefix("data:")
        && !$0.hasPrefix("warning:")
    }
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
  }

  @Test func limitsThatAreNoneAreRefused() throws {
    for time in ["5x", "", "m", "5mm", "0", "1m2h", "-5s", "nan"] {
      try Command.fail(2, saying: "--time-limit", calling: call("out", "--time-limit=\(time)"))
    }
    // Before the data is looked at.
    try Command.fail(
      2, saying: "--lr",
      calling: ["train", "--data", "/no/such/data", "-o", folder.file("out"), "--lr", "fast"])
    try Command.fail(
      2, saying: "--patience is \"-1\"; wanted an integer, 0…1000000",
      calling: call("out", "--patience=-1"))
    // Where --scale is augmentation, no message takes it for preprocessing.
    let mean = try Command.run(call("out", "--mean", "0.5"))
    #expect(mean.status == 2 && mean.errors.contains("say --std too"), "\(mean.errors)")
    #expect(!mean.errors.contains("--scale"), "\(mean.errors)")
    try Command.fail(2, saying: "--extend is for --resume", calling: call("out", "--extend"))
    #expect(!File.exists(folder.file("out")))
  }

  @Test func aFreshNetworkIsThatOfTheWeightsItStartsFrom() throws {
    let start = [
      "train", "--data", try Fixture.scenes(), "-o", folder.file("out"), "--from",
      try Fixture.model(), "--epochs", "1", "--batch", "3",
    ]
    try Command.fail(2, saying: "--width is 0.5", "0.03", calling: start + ["--width", "0.5"])
    try Command.fail(
      2, saying: "has batch normalisation", calling: start + ["--no-batch-norm"])
    let result = try Command.run(start)
    #expect(result.status == 0, "\(result.errors)")
    let options = try Model(contentsOf: folder.file("out/model.safetensors")).description.options
    #expect(options.width == 0.03)
    #expect(options.batchNorm)
    #expect(result.errors.contains("0.0005, falling"))
  }

  @Test func aModelOfOtherClassesSaysWhatToDo() throws {
    let model = folder.file("two.safetensors")
    try Command.succeed(
      "init", "--classes", "a,b", "--width", "0.03", "--batch-norm", "-o", model, "--quiet")
    try Command.fail(
      3, saying: "has 2 classes, the data 11", "--from \(model) in place of --model",
      calling: [
        "train", "--data", try Fixture.scenes(), "-o", folder.file("out"), "--model", model,
        "--quiet",
      ])
  }

  @Test func helpTellsWhatEachRecipeSets() throws {
    let help = try Command.succeed("train", "--help").text
    #expect(help.contains("Recipes:\n  modern"))
    #expect(help.contains("voc-fcn32s"))
    #expect(help.contains("1e-10"))
  }

  @Test func aLossThatIsNotFiniteStopsTheTrainingAndKeepsWhatWasSaved() throws {
    try #require(Command.run(call("out", "--epochs", "1", "--quiet")).status == 0)
    let wild = [
      "train", "--data", try Fixture.scenes(), "--model", folder.file("out/model.safetensors"),
      "-o", folder.file("wild"), "--optimizer", "sgd", "--lr", "1000", "--epochs", "50", "--batch",
      "3", "--quiet",
    ]
    let result = try Command.run(wild)
    #expect(result.status == 1, "\(result.errors)")
    #expect(result.errors.contains("epoch"))
    #expect(["layer", "loss", "gradient of"].contains { result.errors.contains($0) })
    #expect(result.errors.contains("Try --lr 100.0 (it is 1000.0)"))
  }

  @Test func aModelCanBeTheStartAndLayersCanBeFrozen() throws {
    let start = try Fixture.model()
    try Command.succeed(
      "train", "--data", try Fixture.scenes() + ":train", "--model", start, "-o",
      folder.file("out"), "--epochs", "1", "--batch", "3", "--freeze", "conv", "--layer-rate",
      "score_pool3=2", "--note", "frozen", "--quiet")
    let (before, after) = (
      try Model(contentsOf: start), try Model(contentsOf: folder.file("out/model.safetensors"))
    )
    #expect(after.description.note == "frozen")
    #expect(after.weights["conv2_1.weight"]?.floats == before.weights["conv2_1.weight"]?.floats)
    #expect(
      after.weights["score_pool3.weight"]?.floats != before.weights["score_pool3.weight"]?.floats)
    // No SPLIT: after a colon was named, val is not evaluated on.
    #expect(!File.exists(folder.file("out/best.safetensors")))
  }
}
