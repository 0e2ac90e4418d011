import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// `eval --report`, `train --report` and `train --tensorboard`.
struct ReportTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder.file(name), encoding: .utf8)
  }

  private func training(_ output: String, _ more: String...) throws -> [String] {
    [
      "train", "--data", try Fixture.scenes(), "-o", folder.file(output), "--width", "0.03",
      "--batch", "3", "--crop", "64x64", "--schedule", "constant", "-q",
    ] + more
  }

  @Test func anEvaluationLeavesAPageWithItsFigures() throws {
    let page = folder.file("report.html")
    let result = try Command.succeed(
      "eval", "--data", try Fixture.scenes(), "-m", try Fixture.model(), "-q", "--json", "--report",
      page)
    let accuracy = try #require(Command.object(result)["pixel_accuracy"] as? Double)
    let html = try text("report.html")
    #expect(
      html.contains("<span>pixel accuracy</span><b>\(String(format: "%.3f", accuracy))</b>"))
    #expect(html.contains("street_0009") && html.contains("data:image/jpeg;base64,"))
    #expect(html.contains("bicyclist") && html.contains("What can be taken on trust"))
    let call = ["eval", "--data", try Fixture.scenes(), "-m", try Fixture.model()]
    try Command.fail(2, saying: "HTML", calling: call + ["--report", "x.pdf"])
    try Command.fail(
      2, saying: "--report", "lies in",
      calling: call + ["--report", "\(Fixture.scenes())/JPEGImages/x.html"])
    try Command.fail(
      2, saying: "both write",
      calling: call + ["--report", folder.file("x"), "--confusion", folder.file("x")])
  }

  @Test func aTrainingKeepsAPageWithItsCurves() throws {
    let page = folder.file("report.html")
    try #require(Command.run(training("out", "--epochs", "2", "--report", page)).status == 0)
    var html = try text("report.html")
    #expect(html.contains("all 2 epochs done") && !html.contains("http-equiv=\"refresh\""))
    #expect(html.contains(">mean IU</h3>") && html.contains("after epoch 2"))
    let loss = try String(contentsOfFile: folder.file("out/log.csv"), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false)[3] }
    #expect(html.components(separatedBy: "<title>training ").count > 2 && loss.count == 3)
    // A training that goes on shows the epochs before too.
    try #require(
      Command.run(training("out", "--epochs", "3", "--resume", "--report", page)).status == 0)
    html = try text("report.html")
    #expect(html.contains("all 3 epochs done"))
    let value = try #require(Double(loss[1]))
    #expect(html.contains("<title>training \(String(format: "%.4f", value)), 1</title>"))
  }

  @Test func whatCannotBeWrittenStopsATrainingBeforeItBegins() throws {
    let call = try training("none", "--epochs", "1")
    try Command.fail(3, saying: "nowhere", calling: call + ["--report", "/nowhere/x.html"])
    let file = try folder.write([1], "file")
    try Command.fail(3, saying: "file", calling: call + ["--tensorboard", file])
    try Command.fail(
      2, saying: "log.csv", calling: call + ["--report", folder.file("none/log.csv")])
    #expect(!File.exists(folder.file("none/checkpoint.safetensors")))
  }

  @Test func everyRunLeavesAFileOfEvents() throws {
    let events = folder.file("events")
    try #require(Command.run(training("out", "--epochs", "1", "--tensorboard", events)).status == 0)
    try #require(
      Command.run(training("out", "--epochs", "2", "--resume", "--tensorboard", events)).status == 0
    )
    let names = try File.names(inFolder: events)
    #expect(names.count == 2 && names.allSatisfy { $0.hasPrefix("events.out.tfevents.") })
    for name in names {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(events)/\(name)"))
      let text = String(decoding: data, as: UTF8.self)
      for tag in ["brain.Event:2", "val/mean_iu", "minibatch/loss", "class_iu/sky"] {
        #expect(text.contains(tag), "\(tag)")
      }
    }
  }

  @Test(.enabled(if: Python.canImport("tensorboard"), "needs Python's tensorboard"))
  func tensorBoardReadsTheScalars() throws {
    let events = folder.file("events")
    try #require(Command.run(training("out", "--epochs", "2", "--tensorboard", events)).status == 0)
    let script = """
      import csv, numpy, sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      found = EventAccumulator(sys.argv[1]); found.Reload()
      rows = list(csv.DictReader(open(sys.argv[2])))
      for tag in ["train/loss", "val/loss", "val/mean_iu", "learning_rate"]:
          column = tag.replace("/", "_")
          assert [(s.step, s.value) for s in found.Scalars(tag)] == [
              (int(r["iteration"]), numpy.float32(r[column])) for r in rows if r[column]], tag
      assert len(found.Scalars("minibatch/loss")) == int(rows[-1]["iteration"])
      print("good")
      """
    let result = try Python.run(script, events, folder.file("out/log.csv"))
    #expect(result.output.hasSuffix("good\n"), "\(result.output)")
  }
}
