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

  /// The compiler of C++, Swift's own where the system has none.
  static let cPlusPlus: String = {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return ["c++", "clang++"].first { name in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    } ?? "c++"
  }()

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
    let program = folder.file(name)
    try run(
      "cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-g", source, "-o", program,
      "-I\(root)/build/include", "-L\(root)/build/lib", "-Wl,--as-needed", "-lfcn", "-lpthread",
      "-lm", "-ldl",
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
  var model: String { folder.file("model.safetensors") }
  var picture: String { folder.file("picture.png") }
  static let classNames = ["ground", "sky", "house", "tree"]

  init() throws {
    folder = try TemporaryFolder()
    try writeModel(width: 0.05, to: model)
    try File.write(Self.scene(seed: 3).image.encodedPNG(), to: picture)
  }

  /// Writes a fresh model whose layers have `width` times the usual channels.
  func writeModel(width: Float, to path: String) throws {
    let description = ModelDescription(
      architecture: "fcn-simple",
      options: ArchitectureOptions(classes: 4, width: width, batchNorm: true),
      classNames: Self.classNames,
      palette: [RGB(128, 64, 0), RGB(90, 160, 250), RGB(200, 40, 40), RGB(20, 130, 30)],
      preprocessing: .torchvision, note: "Fresh weights, for tests.")
    try Model.fresh(description, seed: 9).write(to: path)
  }

  /// A dataset in VOC's layout, of four such pictures to learn from and two to validate on.
  func dataset() throws -> String {
    let data = folder.file("data")
    let names = (1...6).map { "scene\($0)" }
    for part in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
      try File.makeFolder("\(data)/\(part)")
    }
    for (index, name) in names.enumerated() {
      let (image, labels) = try Self.scene(seed: UInt64(index))
      try File.write(image.encodedPNG(), to: "\(data)/JPEGImages/\(name).png")
      try File.write(
        labels.encodedPNG(palette: Palette.voc(count: 4)),
        to: "\(data)/SegmentationClass/\(name).png")
    }
    func write(_ lines: [String], _ path: String) throws {
      try File.write(Array(lines.joined(separator: "\n").utf8) + [10], to: "\(data)/\(path)")
    }
    try write(Array(names[..<4]), "ImageSets/Segmentation/train.txt")
    try write(Array(names[4...]), "ImageSets/Segmentation/val.txt")
    try write(Self.classNames, "class_names.txt")
    return data
  }

  /// Sky above ground, a red house, some noise.
  private static func scene(seed: UInt64) throws -> (image: Image, labels: LabelMap) {
    var image = try Image(width: 96, height: 72)
    var labels = try LabelMap(width: 96, height: 72)
    let colours = [[120, 90, 60], [110, 170, 240], [200, 50, 40]]
    var generator = SeededGenerator(seed: seed)
    let left = generator.integer(in: 10..<50)
    for i in labels.labels.indices {
      let (x, y) = (i % 96, i / 96)
      let label = (left..<left + 30).contains(x) && (20..<50).contains(y) ? 2 : y < 36 ? 1 : 0
      labels.labels[i] = UInt8(label)
      for c in 0..<3 {
        image.pixels[3 * i + c] = UInt8(colours[label][c] + generator.integer(in: -10..<10))
      }
    }
    return (image, labels)
  }
}
