import Foundation
import Testing

/// Command lines that are wrong: exit status 2, and a message that says what to do.
struct UsageTests {
  @Test(arguments: [
    (["segmnt"], "did you mean segment?"), (["inof"], "did you mean info?"),
    (["xyzzy"], "there is no command \"xyzzy\""), (["--frobnicate"], "--frobnicate"),
    (["info", "--tensor"], "fcn info: there is no option --tensor; did you mean --tensors?"),
    (["train", "--epoch=3"], "there is no option --epoch; did you mean --epochs?"),
    (["train", "-x"], "there is no option -x"),
    (["info", "--json=yes"], "--json takes no value"),
    (["train", "--epochs"], "--epochs wants a value: --epochs N"),
    (["train", "--data", "--output", "x"], "--data wants a value"),
    (["info", "a", "b"], "\"b\" is one argument too many: fcn info "),
    (["train", "scenes"], "\"scenes\" is one argument too many: fcn train --data DIR"),
    (["version", "x"], "\"x\" is one argument too many"),
    (["segment"], "an argument is missing: fcn segment PICTURE… [OPTIONS]"),
    (["segment", "x.jpg", "--threads", "-1"], "--threads is \"-1\"; wanted an integer, 0…1024"),
    (["segment", "x.jpg", "--opacity=2"], "--opacity is \"2\"; wanted a number, 0…1"),
    (
      ["train", "--data", "x", "-o", "y", "--schedule", "step:0:0.1"],
      "--schedule is \"step:0:0.1\"; wanted an integer, 1…2147483647, in place of \"0\""
    ),
    (
      ["train", "--data", "x", "-o", "y", "--lr", "0"],
      "--lr is \"0\"; wanted a number, above 0, at most 1000"
    ),
    (
      ["train", "--data", "x", "-o", "y", "--layer-rate", "conv1=1001"],
      "--layer-rate is \"conv1=1001\"; wanted a factor of 0…1000"
    ),
    (["init", "-o", "x"], "--classes LIST is missing"),
    (["init", "--classes", "a,b"], "-o, --output FILE is missing"),
    (["init", "--classes", "a,b", "-o", "x", "--width", "0"], "--width is \"0\""),
    (["init", "--classes", "a,b", "-o", "x", "--init", "one"], "wanted one of he, zero"),
    (["init", "--classes", "a,b", "-o", "x", "--size", "9"], "native, WIDTHxHEIGHT"),
    (["init", "--classes", "a,b", "-o", "x", "--seed", "-3"], "--seed is \"-3\""),
    (["init", "--classes", "a,,b", "-o", "x"], "class 1 has an empty name"),
    (["init", "--classes", "a,b,a", "-o", "x"], "“a” is listed twice"),
    (["scenes", "-o", "x"], "give either --count, or --train and --val"),
    (["scenes", "-o", "x", "--count", "1", "--val", "2"], "give either --count"),
    (["scenes", "-o", "x", "--count", "1", "--size", "9x9"], "wanted WIDTHxHEIGHT"),
    (["train", "-o", "x"], "--data DIR[:SPLIT] is missing"),
    (["eval", "--model", "x"], "--data DIR[:SPLIT] is missing"),
    (["plot", "-o", "x.png"], "name a log.csv"),
    (["plot", "-o", "x.png", "log.csv", "--count", "3"], "--count is for a sheet"),
    (["prepare", "x", "-o", "y", "--seed", "1", "--in-order"], "give one of them"),
  ])
  func aWrongCommandLineIsExplained(arguments: [String], message: String) throws {
    try Command.fail(2, saying: message, calling: arguments)
  }

  @Test(arguments: [
    ["--optimizer", "adam"], ["--lr", "fast"], ["--schedule", "step:3"], ["--schedule", "cosine"],
    ["--scale", "2:1"], ["--scale", "1"], ["--crop", "64"], ["--class-weights", "1,x"],
    ["--freeze", "fc6"], ["--layer-rate", "conv1"], ["--layer-rate", "conv1=-1"],
    ["--optimizer", "adamw", "--momentum", "0.5"], ["--loss-reduction", "max"],
    ["--batch", "0"], ["--model", "x.safetensors"], ["--class-weights", "1,2"],
  ])
  func aTrainingThatMakesNoSenseDoesNotStart(options: [String]) throws {
    let scenes = try Fixture.scenes()
    let output = try Fixture.folder.get().file("never")
    try Command.fail(
      2, saying: "fcn train: ",
      calling: ["train", "--data", scenes, "-o", output, "--width", "0.03"] + options)
  }

  @Test func optionsAndOperandsMayBeMixedInEverySpelling() throws {
    let model = try Fixture.model()
    let plain = try Command.succeed("info", "--json", model).text
    #expect(try Command.succeed("info", model, "--json").text == plain)
    #expect(try Command.succeed("info", "--json", "--", model).text == plain)
    try Command.fail(3, saying: "--json: ", calling: ["info", "--", "--json"])
  }

  /// Swift's own list of arguments would name another file.
  @Test func aWordThatIsNotUTF8IsRefused() throws {
    let process = try Command.process([
      "-c", "exec \"$0\" info \"$(printf 'q\\376.safetensors')\"", Command.path,
    ])
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 2, "\(errors)")
    #expect(errors.contains("word 2") && errors.contains("is not UTF-8"), "\(errors)")
  }
}
