import FCNTestSupport
import Foundation
import Testing

/// The built `fcn`, run as a user runs it.
enum Command {
  /// What a run left.
  struct Result {
    var status: Int32
    var output: Data
    var errors: String
    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// `FCN_COMMAND` where that is set, otherwise what `make` built.
  static let path: String = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    return ProcessInfo.processInfo.environment["FCN_COMMAND"] ?? "\(root)/build/bin/fcn"
  }()

  /// A process of `fcn` that is ready to be started.
  static func process(_ arguments: [String], environment: [String: String] = [:]) throws -> Process
  {
    try #require(
      FileManager.default.isExecutableFile(atPath: path), "\(path) is missing; run make first")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    return process
  }

  /// Runs `fcn` to its end with `input` on its standard input.
  static func run(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
  ) throws -> Result {
    let folder = try TemporaryFolder()
    // Files, since a pipe that nobody empties would stop the command.
    func handle(_ name: String, _ data: Data) throws -> FileHandle {
      try data.write(to: URL(fileURLWithPath: folder.file(name)))
      return try FileHandle(forUpdating: URL(fileURLWithPath: folder.file(name)))
    }
    let process = try process(arguments, environment: environment)
    process.standardInput = try handle("in", input)
    process.standardOutput = try handle("out", Data())
    process.standardError = try handle("err", Data())
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationReason == .exit, "fcn \(arguments) ended by a signal")
    // `Data(contentsOf:)` leaks 4 kB where a file is empty.
    func contents(_ name: String) throws -> Data {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.file(name)))
      return try file.readToEnd() ?? Data()
    }
    let output = try contents("out")
    let errors = try contents("err")
    return Result(
      status: process.terminationStatus, output: output,
      errors: String(decoding: errors, as: UTF8.self))
  }

  /// Runs `fcn`, which must succeed.
  @discardableResult
  static func succeed(
    _ arguments: String..., input: Data = Data(), at location: SourceLocation = #_sourceLocation
  ) throws -> Result {
    let result = try run(arguments, input: input)
    #expect(result.status == 0, "\(arguments): \(result.errors)", sourceLocation: location)
    return result
  }

  /// Runs `fcn`, which must fail with `status`, say nothing on standard output and each of `parts` on
  /// standard error.
  static func fail(
    _ status: Int32, saying parts: String..., calling arguments: [String],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try run(arguments)
    #expect(result.status == status, "\(result.errors)", sourceLocation: location)
    #expect(result.output.isEmpty, sourceLocation: location)
    for part in parts {
      #expect(
        result.errors.contains(part), "\(result.errors) does not say \(part)",
        sourceLocation: location)
    }
  }

  /// The one JSON object that `result` printed.
  static func object(_ result: Result) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: result.output) as? [String: Any])
  }
}

/// A folder of generated scenes and a small model for their classes, made once for all tests.
enum Fixture {
  static let folder: Swift.Result<TemporaryFolder, any Error> = .init {
    let folder = try TemporaryFolder()
    try Command.succeed(
      "scenes", "--train", "6", "--val", "3", "--size", "96x64", "--seed", "3", "-o",
      folder.file("scenes"))
    try Command.succeed(
      "init", "--classes", folder.file("scenes/class_names.txt"), "--width", "0.03",
      "--batch-norm", "-o", folder.file("model.safetensors"))
    return folder
  }

  /// The scenes.
  static func scenes() throws -> String { try folder.get().file("scenes") }
  /// The model.
  static func model() throws -> String { try folder.get().file("model.safetensors") }
  /// The path of the scene `number`, counted from 1.
  static func picture(_ number: Int = 1) throws -> String {
    "\(try scenes())/JPEGImages/street_000\(number).jpg"
  }
}
