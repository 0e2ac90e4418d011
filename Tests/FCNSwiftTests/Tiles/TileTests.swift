import Testing

@testable import FCNSwift

/// Pictures in tiles against the same as a whole.
@Suite struct TileTests {
  private static func model(_ architecture: String, width: Float = 0.06) throws -> Model {
    try Model.fresh(
      ModelDescription(
        architecture: architecture, options: ArchitectureOptions(classes: 4, width: width),
        classNames: ["a", "b", "c", "d"],
        palette: (0..<4).map { RGB(UInt8($0 * 60), 0, 0) }, preprocessing: .torchvision), seed: 11)
  }

  private static func picture(_ width: Int, _ height: Int) throws -> Image {
    var generator = SeededGenerator(seed: 1)
    let pixels = (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0..<256)) }
    return try Image(width: width, height: height, pixels: pixels)
  }

  /// The labels that come of `image` in tiles, and how it was cut. Rows must be asked for and come in order,
  /// each once.
  private static func labels(
    _ session: Session, _ image: Image, _ options: Session.TileOptions
  ) throws -> (labels: [UInt8], report: Session.TileReport) {
    var labels: [UInt8] = []
    var (read, written) = (0, 0)
    let rowBytes = image.width * 3
    let report = try session.run(
      width: image.width, height: image.height, format: .rgb8, tiles: options,
      read: { rows, pixels in
        #expect(rows.lowerBound == read && pixels.count == rows.count * rowBytes)
        read = rows.upperBound
        pixels.copyBytes(
          from: image.pixels[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes])
      },
      write: { rows, made in
        #expect(rows.lowerBound == written && made.count == rows.count * image.width)
        written = rows.upperBound
        labels += made
      })
    #expect(read == image.height && written == image.height)
    return (labels, report)
  }

  @Test(
    arguments: [
      // Sides that no stride divides: the last resize has another factor than a tile's would have.
      ("fcn-simple", 0.2, 500, 461, 352), ("fcn32s", 0.02, 700, 530, 640),
      ("fcn8s-atonce", 0.02, 530, 700, 640), ("unet-resnet18", 0.1, 800, 300, 640),
      ("segnet", 0.06, 600, 353, 512), ("dabnet", 0.3, 1500, 100, 1200),
      ("edanet", 0.3, 1600, 100, 1300),
    ] as [(String, Float, Int, Int, Int)])
  func labelsAreThoseOfTheWhole(
    _ name: String, _ modelWidth: Float, _ width: Int, _ height: Int, _ side: Int
  ) throws {
    let session = try Session(
      model: try Self.model(name, width: modelWidth), options: .init(threads: 2))
    let image = try Self.picture(width, height)
    try session.run([image])
    let whole = try session.labelMap(0).labels
    let (tiled, report) = try Self.labels(session, image, .init(side: side))
    #expect(report.across * report.down > 1 && report.side <= side)
    #expect(session.resultCount == 0)
    let unlike = zip(whole, tiled).count { $0 != $1 }
    // Scores as close as rounding may fall either way.
    #expect(unlike <= whole.count / 20_000, "\(name): \(unlike) of \(whole.count)")
    #expect(Set(whole).count > 1, "\(name)")
  }

  @Test func whatFitsIsOneTile() throws {
    let session = try Session(model: try Self.model("fcn-simple"), options: .init(threads: 2))
    let image = try Self.picture(91, 70)
    try session.run([image])
    let whole = try session.labelMap(0).labels
    let (tiled, report) = try Self.labels(session, image, .init())
    #expect(tiled == whole && report.across == 1 && report.down == 1)
  }

  @Test func memoryDecidesHowLargeTilesAre() throws {
    let session = try Session(model: try Self.model("fcn-simple"), options: .init(threads: 1))
    let image = try Self.picture(1000, 700)
    let (_, large) = try Self.labels(session, image, .init(memory: 40 << 20))
    let (_, small) = try Self.labels(session, image, .init(memory: 18 << 20))
    #expect(large.side > small.side)
    #expect(large.byteCount <= 40 << 20 && small.byteCount <= 18 << 20)
    #expect(throws: FCNError.self) { _ = try Self.labels(session, image, .init(memory: 1 << 20)) }
  }

  private static func error(_ body: () throws -> Void) throws -> FCNError {
    do {
      try body()
    } catch let error as FCNError {
      return error
    }
    return try #require(nil)
  }

  @Test func whatCannotBeTiledIsRefused() throws {
    let image = try Self.picture(900, 640)
    func refusal(
      _ model: Model, _ options: Session.Options = .init(threads: 1),
      _ tiles: Session.TileOptions = .init(side: 512)
    ) throws -> FCNError {
      let session = try Session(model: model, options: options)
      return try Self.error { _ = try Self.labels(session, image, tiles) }
    }
    let pooled = try refusal(try Self.model("deeplabv3-resnet50", width: 0.05))
    #expect(pooled.kind == .unsupported)
    #expect(pooled.message.contains("global_average_pool"), "\(pooled.message)")
    let normalised = try refusal(try Self.model("fpn-resnet18", width: 0.1))
    #expect(normalised.message.contains("group_normalization"), "\(normalised.message)")
    let simple = try Self.model("fcn-simple")
    let small = try refusal(simple, .init(threads: 1), .init(side: 64))
    #expect(small.kind == .invalidArgument && small.message.contains("at least"))
    let unmeasured = try refusal(simple, .init(threads: 1, precision: .int8))
    #expect(unmeasured.kind == .unsupported)
    var description = simple.description
    description.preprocessing.size = .longestSide(512)
    let scaled = try Model(description: description, weights: Array(simple.weights.values))
    let shrunk = try refusal(scaled)
    #expect(shrunk.message.contains("scaled"))
  }

  @Test func whatCallbacksThrowEndsTheRun() throws {
    let session = try Session(model: try Self.model("fcn-simple"), options: .init(threads: 1))
    let stop = FCNError(.inputOutput, "enough")
    let reading = try Self.error {
      try session.run(
        width: 90, height: 90, format: .grey8, read: { _, _ in throw stop }, write: { _, _ in })
    }
    #expect(reading.message == "enough")
    let aborted = try Self.error {
      try session.run(
        width: 90, height: 90, format: .grey8,
        read: { $1.initializeMemory(as: UInt8.self, repeating: 0) },
        write: { _, _ in }, progress: { _ in false })
    }
    #expect(aborted.kind == .aborted)
  }
}
