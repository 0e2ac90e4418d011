import FCNTestSupport
import Foundation
import Testing

/// SIGINT and SIGTERM, sent to the built command while it works and while it waits.
struct InterruptTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Starts `fcn`, sends it `signal` once `isReady`, and expects it to end soon with 128 and the
  /// signal's number, saying that it was interrupted.
  private func interrupt(
    _ arguments: [String], with signal: Int32, reading input: Any? = nil,
    at location: SourceLocation = #_sourceLocation, when isReady: () -> Bool
  ) throws {
    let process = try Command.process(arguments)
    let errors = folder.file("errors")
    try Data().write(to: URL(fileURLWithPath: errors))
    process.standardInput = input ?? FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(
      forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    let start = Date()
    while !isReady(), process.isRunning, -start.timeIntervalSinceNow < 30 { usleep(10_000) }
    kill(process.processIdentifier, signal)
    let sent = Date()
    while process.isRunning, -sent.timeIntervalSinceNow < 30 { usleep(10_000) }
    #expect(!process.isRunning, "it goes on", sourceLocation: location)
    // A second, and more for a machine that is busy with other tests.
    #expect(-sent.timeIntervalSinceNow < 3, sourceLocation: location)
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    #expect(process.terminationReason == .exit, sourceLocation: location)
    #expect(process.terminationStatus == 128 + signal, "\(said)", sourceLocation: location)
    #expect(said.contains("fcn \(arguments[0]): "), "\(said)", sourceLocation: location)
    #expect(said.contains("interrupted"), "\(said)", sourceLocation: location)
    #expect(!said.contains("by the caller"), "\(said)", sourceLocation: location)
  }

  private func isThere(_ path: String) -> () -> Bool {
    { FileManager.default.fileExists(atPath: path) }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func whatWaitsForStandardInputEnds(signal: Int32) throws {
    let model = try Fixture.model()
    let input = Pipe()
    // The end that stays open: Process closes the other one.
    let writing = input.fileHandleForWriting
    writing.write(Data([0x89]))
    try interrupt(
      ["segment", "-", "--model", model, "--labels", folder.file("labels.png")], with: signal,
      reading: input
    ) {
      // It has taken the one byte that there is, and wants more.
      var left: Int32 = 1
      return ioctl(writing.fileDescriptor, UInt(FIONREAD), &left) == 0 && left == 0
    }
    #expect(!isThere(folder.file("labels.png"))())
  }

  @Test func workThatIsUnderWayStopsAndSaysSo() throws {
    let scenes = folder.file("scenes")
    try interrupt(
      ["scenes", "--count", "100000", "--size", "96x64", "-o", scenes], with: SIGINT,
      when: isThere("\(scenes)/JPEGImages/street_0003.jpg"))
    let output = folder.file("out")
    try interrupt(
      [
        "train", "--data", Fixture.scenes(), "-o", output, "--width", "0.03", "--epochs", "100000",
        "--batch", "2",
      ], with: SIGTERM, when: isThere("\(output)/checkpoint.safetensors"))
    let left = try FileManager.default.contentsOfDirectory(atPath: output)
    #expect(!left.contains { $0.hasPrefix(".fcn-") })
  }

  /// Commands that write one file end at once and leave none; `init` makes half a gigabyte of weights
  /// first.
  @Test func whatWritesOneFileLeavesNone() throws {
    let output = folder.file("model.safetensors")
    try interrupt(
      ["init", "--architecture", "fcn32s", "--classes", "a,b,c", "-o", output], with: SIGINT
    ) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.contains { $0.hasPrefix(".fcn-") }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left == ["errors"])
  }

  /// Work that goes on for many seconds, and what it is told to write.
  @Test(arguments: ["segment", "tiles", "eval", "quantize", "bench"], [SIGINT, SIGTERM])
  func longWorkEndsSoon(kind: String, signal: Int32) throws {
    let (scenes, model) = (try Fixture.scenes(), folder.file("model.safetensors"))
    try Command.succeed(
      "init", "--classes", "\(scenes)/class_names.txt", "--width", "1", "-o", model, "--quiet")
    let picture = try Fixture.picture()
    let output = try folder.write(Array("stood here".utf8), "out")
    let many = [String](repeating: picture, count: 3000)
    let arguments =
      switch kind {
      case "segment": ["segment", "--model", model] + many
      case "tiles": ["segment", "--model", model, "--tiles", "512"] + many
      case "eval":
        ["eval", "--model", model, "--confusion", output]
          + many.flatMap { _ in ["--data", "\(scenes):val"] }
      case "quantize": ["quantize", "--model", model, "-o", output] + many
      default: ["bench", "--model", model, "--size", "1500x1500", "--runs", "1000"]
      }
    let start = Date()
    try interrupt(arguments, with: signal) { -start.timeIntervalSinceNow > 0.5 }
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "stood here")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(left) == ["errors", "model.safetensors", "out"])
  }

  @Test func aConversionThatIsStoppedLeavesNothing() throws {
    let (images, masks) = (folder.file("data/images"), folder.file("data/masks"))
    let files = FileManager.default
    for path in [images, masks] {
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let scenes = try Fixture.scenes()
    for index in 0..<2000 {
      try files.linkItem(
        atPath: "\(scenes)/JPEGImages/street_0001.jpg", toPath: "\(images)/\(index).jpg")
      try files.linkItem(
        atPath: "\(scenes)/SegmentationClass/street_0001.png", toPath: "\(masks)/\(index).png")
    }
    let parent = folder.file("parent")
    try files.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try interrupt(
      [
        "convert", "--from", "png", folder.file("data"), "-o", "\(parent)/voc", "--classes",
        "\(scenes)/class_names.txt",
      ], with: SIGINT
    ) { (try? files.contentsOfDirectory(atPath: parent).isEmpty) == false }
    #expect(try files.contentsOfDirectory(atPath: parent).isEmpty)
  }
}
