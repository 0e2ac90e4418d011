import FCNSwift
import FCNTestSupport
import Testing

@Suite struct CProgramTests {
  private func expectAllWell(
    _ name: String, environment: [String: String] = [:],
    _ arguments: (Material) throws -> [String]
  ) throws {
    let material = try Material()
    let program = try BuiltTree.compile(
      "\(BuiltTree.programs)/\(name).c", into: material.folder)
    let output = try BuiltTree.run(
      [program] + (try arguments(material)), environment: environment)
    #expect(output == "all well\n")
  }

  @Test func everyArgumentIsChecked() throws {
    try expectAllWell("arguments") { [$0.model, $0.picture, $0.folder.path] }
  }

  @Test func modelsOpenInEveryWayAndDamagedOnesAreRefused() throws {
    try expectAllWell("models") { [$0.model, $0.folder.path] }
  }

  @Test func picturesOfEveryFormatGiveTheSameLabels() throws {
    try expectAllWell("pictures") { [$0.model, $0.picture, $0.folder.path] }
  }

  @Test func tilesHaveTheLabelsOfTheWhole() throws {
    try expectAllWell("streams") { [$0.model] }
  }

  @Test func callbacksStopAndMemoryRunsOutWithoutHarm() throws {
    try expectAllWell("callbacks") { [$0.model] }
  }

  @Test func devicesAreUsedAndTheirFailuresReported() throws {
    let fake = try FakeCUDA.shared.get()
    try expectAllWell("devices", environment: fake.environment) {
      [$0.model, fake.folder, $0.folder.file("kernels")]
    }
  }

  @Test func threadsShareAModelAndForksGoOn() throws {
    try expectAllWell("processes") { [$0.model] }
  }

  @Test func trainersRefuseNonsenseAndGoOnWhereTheyWereStopped() throws {
    try expectAllWell("training") { [$0.model, try $0.dataset(), $0.folder.path] }
  }

  @Test func withoutMemoryLargeRequestsFailAndSmallOnesDoNot() throws {
    try expectAllWell("memory") { [$0.model, $0.folder.path] }
  }

  @Test func callsWithLittleMemorySaySoAndDoNotEndTheHost() throws {
    try expectAllWell("little_memory") { [$0.model, $0.picture, $0.folder.path] }
  }

  @Test func writersOfOnePathLeaveWholeFiles() throws {
    try expectAllWell("saving") { [$0.folder.path] }
  }

  @Test func weightsThatAreNotFiniteAreNamed() throws {
    try expectAllWell("finiteness") { [$0.model] }
  }

  @Test func numbersThatAreNoneAreFoundInEveryPrecision() throws {
    try expectAllWell("numerics") {
      let model = $0.folder.file("wide.safetensors")
      try $0.writeModel(width: 0.25, to: model)
      return [model, $0.folder.path]
    }
  }

  @Test func manyThreadsHaveTheScoresOfOne() throws {
    try expectAllWell("stress") { [$0.model, "2.5"] }
  }

  @Test func nothingGrowsWhileMuchIsDone() throws {
    try expectAllWell("soak") { [$0.model, try $0.dataset(), $0.folder.path, "1000", "6"] }
  }

  @Test func whatThreadsDivideHasTheBitsOfOne() throws {
    try expectAllWell("divided") { [try $0.dataset(), $0.folder.path] }
  }

  @Test func theLibraryMayBeUnloadedWhileItsThreadsLive() throws {
    try expectAllWell("unloading") { [BuiltTree.library, $0.model] }
  }

  @Test func limitsOfTheHostAreKept() throws {
    try expectAllWell("limits") { [$0.model, $0.picture] }
  }

  @Test func callsStopWithinALayer() throws {
    try expectAllWell("stopping") { [$0.model] }
  }
}

/// What prints more than that all is well.
@Suite struct StarvedProgramTests {
  private let goldens = "\(BuiltTree.root)/Tests/FCNSwiftTests/Goldens"

  private var imported: [String] {
    ["onnx/batch-norm-ts12.onnx", "Foreign/checkpoint.pth", "Foreign/chainer.npz"]
      .map { "\(goldens)/\($0)" } + ["\(goldens)/Caffe/current.caffemodel"]
  }

  private func output(
    _ name: String, _ more: [String], environment: [String: String] = [:], _ material: Material
  ) throws -> String {
    let folder = material.folder
    let program = try BuiltTree.compile("\(BuiltTree.programs)/\(name).c", into: folder)
    let jpeg = folder.file("picture.jpg")
    try File.write(Image(contentsOf: material.picture).encodedJPEG(), to: jpeg)
    return try BuiltTree.run(
      [program, material.model, material.picture, jpeg, folder.path, try material.dataset()] + more,
      environment: environment)
  }

  @Test func everyCallDoesWithASmallStack() throws {
    let output = try output("stacks", imported, Material())
    #expect(output.hasSuffix("all well\n"), "\(output)")
  }

  /// Every nineteenth request; scripts/test-starved refuses each.
  @Test func everyRequestForMemoryMayBeRefused() throws {
    let output = try starved(["65536", "19", "0", imported[0]])
    #expect(output.hasSuffix("all well\n"), "\(output)")
  }

  /// Where memory goes after the library has asked for it: drawing and saving takes none that may not be
  /// refused, and what libpng and zlib say is no damage.
  @Test func drawingWithoutMemorySaysSo() throws {
    let output = try starved(["65536", "1", "1"], environment: ["STARVED_ONLY": "draw"])
    let counts = try #require(output.split(separator: "\n").first { $0.hasPrefix("draw: ") })
    let requests = try #require(counts.split(separator: " ").dropFirst().first)
    #expect(
      counts == """
        draw: \(requests) requests, \(requests) refused in turn: \(requests) out of memory, \
        0 done all the same, 0 other, 0 crashed
        """, "\(output)")
    #expect(output.hasSuffix("all well\n"), "\(output)")
  }

  /// Rows that tiles hold, and what a training counts and saves, likewise.
  @Test(arguments: [("stream", "1"), ("train", "3")])
  func tilesAndTrainingsWithoutMemorySaySo(_ name: String, _ stride: String) throws {
    let output = try starved(["65536", stride, "1"], environment: ["STARVED_ONLY": name])
    let counts = try #require(output.split(separator: "\n").first { $0.hasPrefix("\(name): ") })
    #expect(counts.hasSuffix(" 0 other, 0 crashed"), "\(output)")
    #expect(output.hasSuffix("all well\n"), "\(output)")
  }

  /// The counts from which ranges for int8 follow, 2 kB a channel, are no less than what may be refused:
  /// here 50 kB a layer, of large networks 8 MB.
  @Test func rangesWithoutMemorySaySo() throws {
    let output = try starved(["50000", "1", "1"], environment: ["STARVED_ONLY": "segment in int8"])
    let counts = output.split(separator: "\n").filter { $0.contains("crashed") }
    #expect(counts.count == 2 && counts.allSatisfy { $0.hasSuffix(" 0 crashed") }, "\(output)")
  }

  private func starved(
    _ more: [String], environment: [String: String] = [:]
  ) throws -> String {
    let material = try Material()
    let library = material.folder.file("preloaded_memory.so")
    try BuiltTree.run(
      "cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
      "\(BuiltTree.programs)/preloaded_memory.c", "-o", library)
    return try output(
      "starved", more, environment: environment.merging(["LD_PRELOAD": library]) { $1 }, material)
  }
}
