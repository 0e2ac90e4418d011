import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// What `make` left in build/, and the programs that the tests make for it.
enum BuiltTree {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  static let header = "\(root)/build/include/fcn.h"
  static let library = "\(root)/build/lib/libfcn.so"
  /// C programs that use the library as hosts do.
  static let programs = "\(root)/Tests/CFCNExportTests/Programs"

  /// Throws where `make` has not been run.
  static func check() throws {
    for path in [header, library] where !FileManager.default.fileExists(atPath: path) {
      throw FCNError(.notFound, "\(path) is missing; run make first")
    }
  }

  /// Compiles the C99 program `source` against the built header and library into `folder`.
  static func compile(_ source: String, into folder: TemporaryFolder) throws -> String {
    try check()
    let name = URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent
    let program = "\(folder.path)/\(name)"
    try run(
      "cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-g", source, "-o", program,
      "-I\(root)/build/include", "-L\(root)/build/lib", "-lfcn", "-lpthread",
      "-Wl,-rpath,\(root)/build/lib")
    return program
  }

  /// Runs a command, which must succeed; returns all that it printed.
  @discardableResult
  static func run(_ command: String..., environment: [String: String] = [:]) throws -> String {
    try run(command, environment: environment)
  }

  /// Runs a command, which must succeed; returns all that it printed.
  @discardableResult
  static func run(_ command: [String], environment: [String: String] = [:]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw FCNError(
        .invalidState,
        "\(command.joined(separator: " ")) ended with \(process.terminationStatus)"
          + "\(process.terminationReason == .exit ? "" : " by a signal"):\n\(output)")
    }
    return output
  }
}

/// A folder with a model that is small but whole, and a picture.
struct Material {
  let folder: TemporaryFolder
  var model: String { "\(folder.path)/model.safetensors" }
  var picture: String { "\(folder.path)/picture.png" }
  static let classNames = ["ground", "sky", "house", "tree"]

  init() throws {
    folder = try TemporaryFolder()
    let description = ModelDescription(
      architecture: "fcn-simple",
      options: ArchitectureOptions(classes: 4, width: 0.05, batchNorm: true),
      classNames: Self.classNames,
      palette: [RGB(128, 64, 0), RGB(90, 160, 250), RGB(200, 40, 40), RGB(20, 130, 30)],
      preprocessing: .torchvision, note: "Fresh weights, for tests.")
    try Model.fresh(description, seed: 7).write(to: model)
    try File.write(Self.scene().encodedPNG(), to: picture)
  }

  /// Sky above ground, a red house, some noise.
  private static func scene() throws -> Image {
    var image = try Image(width: 96, height: 72, colour: RGB(120, 90, 60))
    var generator = SeededGenerator(seed: 3)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let colour =
          (30..<60).contains(x) && (20..<50).contains(y)
          ? [200, 50, 40] : y < 36 ? [110, 170, 240] : [120, 90, 60]
        for c in 0..<3 {
          image.pixels[(y * image.width + x) * 3 + c] = UInt8(
            colour[c] + generator.integer(in: -10..<10))
        }
      }
    }
    return image
  }
}
