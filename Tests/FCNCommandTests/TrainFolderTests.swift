import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// What `fcn train` does with a folder that holds, or gets, a training.
struct TrainFolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func call(_ more: String...) throws -> [String] {
    ["train", "--data", try Fixture.scenes(), "-o", folder.file("out")] + more
  }

  private func begin(_ more: String...) throws -> [String] {
    try call("--width", "0.03", "--batch", "3", "--crop", "32x32", "--threads", "1") + more
  }

  @Test func twoProcessesDoNotTrainInOneFolder() throws {
    let process = try Command.process(begin("--epochs", "100000", "--quiet"))
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    let start = Date()
    while process.isRunning, !File.exists(folder.file("out/checkpoint.safetensors")),
      -start.timeIntervalSinceNow < 60
    {
      usleep(10_000)
    }
    try Command.fail(
      3, saying: "a training runs in \(folder.file("out")) already, by process",
      calling: call("--resume"))
    // However it ends, the folder is free then, and what it was writing is taken away.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let left = try folder.write([1, 2], "out/.fcn-left.tmp")
    let epochs = try #require(try SavedTraining(folder: folder.file("out"))).epochsDone
    let resumed = try Command.run(
      call("--resume", "--extend", "--epochs", "\(epochs + 1)", "--threads", "1"))
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(!File.exists(left))
    #expect(try !File.names(inFolder: folder.file("out")).contains { $0.hasPrefix(".fcn-") })
  }

  @Test func whatIsResumedGoesOnAsItWas() throws {
    let first = try Command.run(
      begin("--epochs", "1", "--half", "--keep-all", "--patience", "7"))
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.errors.contains("models     that of every epoch kept, stored as float16"))
    let second = try Command.run(call("--resume", "--extend", "--epochs", "2"))
    #expect(second.status == 0, "\(second.errors)")
    let words = second.errors.split { $0.isWhitespace }.joined(separator: " ")
    #expect(words.contains("ended by 7 epochs without a better mean IU"))
    #expect(File.exists(folder.file("out/epoch-0002.safetensors")))
    func types() throws -> Set<ElementType> {
      let model = try Model(contentsOf: folder.file("out/model.safetensors"))
      return Set(model.weights.values.map(\.elementType))
    }
    #expect(try types() == [.float16])
    let third = try Command.run(
      call(
        "--resume", "--extend", "--epochs", "3", "--no-half", "--no-keep-all", "--patience", "0"))
    #expect(third.status == 0, "\(third.errors)")
    #expect(!third.errors.contains("without a better mean IU"))
    #expect(!File.exists(folder.file("out/epoch-0003.safetensors")))
    #expect(try types() == [.float32])
    try Command.fail(
      2, saying: "give --half or --no-half, not both",
      calling: call("--resume", "--half", "--no-half"))
  }

  @Test func classesAndMasksNeedNotBeNamedAgain() throws {
    let data = folder.file("data")
    try File.makeFolder("\(data)/JPEGImages")
    try File.makeFolder("\(data)/SegmentationClass")
    for index in 0..<4 {
      let image = try Image(width: 32, height: 32)
      try File.write(image.encodedPNG(), to: "\(data)/JPEGImages/p\(index).png")
      var labels = try LabelMap(width: 32, height: 32)
      for i in 0..<512 { labels.labels[i] = 255 }
      try File.write(
        labels.encodedGreyPNG(), to: "\(data)/SegmentationClass/p\(index).png")
    }
    let call = ["train", "--data", data, "-o", folder.file("out"), "--threads", "1"]
    let first = try Command.run(
      call + [
        "--binary-masks", "--classes", "rest,thing", "--width", "0.03", "--epochs", "1", "--batch",
        "2", "--crop", "32x32",
      ])
    try #require(first.status == 0, "\(first.errors)")
    let again = try Command.run(call + ["--resume", "--extend", "--epochs", "2"])
    #expect(again.status == 0, "\(again.errors)")
    let model = try Model(contentsOf: folder.file("out/model.safetensors"))
    #expect(model.description.classNames == ["rest", "thing"])
  }
}
