import Testing

@testable import FCNSwift

private func model(
  _ change: (inout ModelDescription) -> Void = { _ in }
) throws -> Model {
  var description = ModelDescription(
    architecture: "fcn-simple",
    options: ArchitectureOptions(classes: 4, width: 0.06, batchNorm: true),
    classNames: ["a", "b", "c", "d"],
    palette: (0..<4).map { RGB(UInt8($0 * 60), 0, 0) }, preprocessing: .torchvision)
  change(&description)
  return try Model.fresh(description, seed: 11)
}

private func picture(_ width: Int, _ height: Int, seed: UInt64 = 1) throws -> Image {
  var generator = SeededGenerator(seed: seed)
  let pixels = (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0..<256)) }
  return try Image(width: width, height: height, pixels: pixels)
}

private func scores(_ session: Session, _ index: Int = 0) throws -> [Float] {
  let size = try session.resultSize(index)
  let count = session.model.description.classNames.count * size.width * size.height
  return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    try session.copyScores(index, to: buffer)
    initialized = count
  }
}

/// The largest difference relative to the range of `expected`.
private func difference(_ actual: [Float], _ expected: [Float]) -> Float {
  let range = (expected.max() ?? 0) - (expected.min() ?? 0)
  return zip(actual, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / range
}

@Suite struct SessionTests {
  @Test func sessionsOfIntegersDifferLittleAndNotWithThreads() throws {
    let model = try model { $0.options.width = 0.5 }
    let image = try picture(70, 83)
    let exact = try Session(model: model, options: .init(threads: 2))
    try exact.run([image])
    let expected = try scores(exact)
    var first: [Float]?
    for threads in [1, 3] {
      let session = try Session(
        model: model, options: .init(threads: threads, precision: .int16))
      try session.run([image])
      #expect(session.steps.contains { $0.form.hasSuffix("_int16") })
      #expect(!exact.steps.contains { $0.form.hasSuffix("_int16") })
      let found = try scores(session)
      let error = difference(found, expected)
      #expect(error > 0 && error < 0.02)
      #expect(found == first ?? found)
      first = found
    }
  }

  @Test func everyStepIsTimed() throws {
    let session = try Session(model: try model(), options: .init(threads: 1, largestBatch: 1))
    let image = try picture(40, 33)
    var told = 0
    let times = try session.stepTimes([image]) { _ in
      told += 1
      return true
    }
    #expect(times.map(\.step) == session.steps)
    #expect(told == times.count && times.allSatisfy { $0.seconds > 0 })
    #expect(session.resultCount == 0)
    #expect(try session.stepTimes([image, image]).map(\.step) == session.steps + session.steps)
    #expect(throws: FCNError.self) { _ = try session.stepTimes([image]) { _ in false } }
  }

  @Test func normalizationsRectifyWhereNothingElseReadsThem() throws {
    func layer(_ name: String, _ operation: String, _ inputs: String, _ attributes: String = "")
      -> String
    {
      #"{"name":"\#(name)","operation":"\#(operation)","inputs":[\#(inputs)],"attributes":{\#(attributes)}}"#
    }
    let model = try GraphFixture.model(
      #"{"input_channels":3,"stride":1,"layers":["#
        + [
          layer("a", "convolution", #""input""#, #""kernel":1,"output_channels":20"#),
          layer("b", "convolution", #""input""#, #""kernel":1,"output_channels":12"#),
          layer("k", "concatenation", #""a","b""#),
          layer("n", "batch_norm", #""k""#), layer("r", "relu", #""n""#),
          layer("m", "batch_norm", #""r""#), layer("s", "relu", #""m""#),
          layer("t", "sum", #""m","s""#),
          layer(
            "z", "convolution", #""t""#, #""kernel":1,"output_channels":4,"makes_scores":true"#),
        ].joined(separator: ",") + "]}")
    let image = try picture(40, 33)
    func found(_ disabled: Set<String>) throws -> (scores: [Float], layers: [String]) {
      let session = try Session(
        model: model, options: .init(threads: 2, disabledForms: disabled))
      try session.run([image])
      return (try scores(session), session.steps.map(\.layers))
    }
    let (made, layers) = try found([])
    #expect(layers.contains("n + r") && layers.contains("m") && layers.contains("s"))
    let plain = try found(["batch_norm.blocked", "concatenation.unaligned"])
    #expect(plain.layers.contains("n") && plain.layers.contains("r"))
    #expect(difference(made, plain.scores) < 1e-5)
  }

  @Test func everyFormAndEveryThreadCountGivesTheSameScores() throws {
    let model = try model()
    let image = try picture(50, 37)
    let plain = try Session(
      model: model,
      options: .init(
        threads: 1,
        disabledForms: Set(
          Session.formNames(of: model).filter { !$0.hasSuffix(".reference") })))
    try plain.run([image])
    let expected = try scores(plain)
    var first: [Float]?
    for threads in [1, 2, 3] {
      let session = try Session(model: model, options: .init(threads: threads))
      try session.run([image])
      let found = try scores(session)
      #expect(difference(found, expected) < 1e-4)
      #expect(found == first ?? found)
      first = found
    }
  }

  @Test func aBatchGivesWhatItsPicturesGiveAlone() throws {
    let session = try Session(model: try model(), options: .init(threads: 2, largestBatch: 2))
    let images = try [(40, 33), (40, 33), (40, 33), (20, 64), (33, 40)].enumerated().map {
      try picture($1.0, $1.1, seed: UInt64($0))
    }
    try session.run(images)
    #expect(session.resultCount == 5)
    let together = try images.indices.map { try scores(session, $0) }
    for (index, image) in images.enumerated() {
      try session.run([image])
      #expect(difference(try scores(session), together[index]) < 1e-5)
      #expect(try session.resultSize(0) == (image.width, image.height))
    }
  }

  @Test func probabilitiesSumToOneAndAgreeWithLabels() throws {
    let session = try Session(model: try model(), options: .init(threads: 1))
    try session.run([try picture(30, 20)])
    let plane = 600
    let probabilities = try [Float](unsafeUninitializedCapacity: 4 * plane) { buffer, count in
      try session.copyProbabilities(0, to: buffer)
      count = 4 * plane
    }
    let labels = try session.labelMap(0)
    for i in 0..<plane {
      let values = (0..<4).map { probabilities[$0 * plane + i] }
      #expect(abs(values.reduce(0, +) - 1) < 1e-5)
      #expect(values[Int(labels.labels[i])] == values.max())
    }
    #expect(try session.areas(0).reduce(0, +) == plane)
  }

  @Test func aSizeRuleScalesScoresBackBeforeTheArgmax() throws {
    let fixed = try model { $0.preprocessing.size = .exact(width: 64, height: 32) }
    let session = try Session(model: fixed, options: .init(threads: 1))
    let image = try picture(90, 51)
    try session.run([image])
    #expect(try session.resultSize(0) == (90, 51))
    let found = try scores(session)
    // The same network on the picture scaled by hand, its scores resized by the operation.
    let native = try Session(model: try model(), options: .init(threads: 1))
    try native.run([try image.resized(width: 64, height: 32)])
    let small = try Tensor(Shape(1, 4, 32, 64), try scores(native))
    let large = try Tensor(Shape(1, 4, 51, 90))
    let kernel = BilinearReference(
      Resize(to: .exact(Extent(51, 90))).bilinearAxes(small.shape, large.shape))
    kernel.forward(
      ForwardCall(
        inputs: [small], output: large, parameters: [],
        workers: try Workers(pool: WorkerPool(threads: 1), forms: [kernel])))
    #expect(found == large.elements)
  }

  @Test func everyPixelFormatAndRowStrideIsUnderstood() throws {
    let session = try Session(model: try model(), options: .init(threads: 1))
    let image = try picture(21, 17)
    try session.run([image])
    let expected = try scores(session)
    let orders: [(PixelView.Format, [Int])] = [
      (.rgb8, [0, 1, 2]), (.bgr8, [2, 1, 0]), (.rgba8, [0, 1, 2, -1]), (.bgra8, [2, 1, 0, -1]),
    ]
    for (format, order) in orders {
      let stride = 21 * order.count + 5
      var bytes = [UInt8](repeating: 99, count: stride * 17)
      for y in 0..<17 {
        for x in 0..<21 {
          for (k, c) in order.enumerated() where c >= 0 {
            bytes[y * stride + x * order.count + k] = image.pixels[(y * 21 + x) * 3 + c]
          }
        }
      }
      try bytes.withUnsafeBytes { raw in
        guard let base = raw.baseAddress else { return }
        try session.run([
          try PixelView(base: base, width: 21, height: 17, rowStride: stride, format: format)
        ])
      }
      #expect(try scores(session) == expected)
    }
  }

  @Test func aCancelledRunLeavesTheSessionUsable() throws {
    let session = try Session(model: try model(), options: .init(threads: 2))
    let image = try picture(40, 40)
    // Within a layer it may be told the same again.
    var told: Set<Int> = []
    let error = #expect(throws: FCNError.self) {
      try session.run([image]) { progress in
        told.insert(progress.layersDone)
        return progress.layersDone < 5
      }
    }
    #expect(error?.kind == .aborted)
    #expect(told == Set(0...5))
    #expect(session.resultCount == 0)
    try session.run([image])
    #expect(session.resultCount == 1)
  }

  @Test func everyFailedAllocationIsAnErrorAndNotTheEnd() throws {
    let model = try model()
    let image = try picture(40, 40)
    var failures = 0
    for n in 1...20 {
      let counter = AllocationCounter(failing: n)
      let allocator = Allocator(
        allocate: { counter.next() ? nil : Allocator.system.allocate($0, $1) },
        release: Allocator.system.release)
      do {
        let session = try Session(
          model: model, options: .init(threads: 1), allocator: allocator)
        try session.run([image])
      } catch let error as FCNError {
        #expect(error.kind == .outOfMemory)
        failures += 1
      }
    }
    // Activations and scratch memory are one block.
    #expect(failures >= 1)
    #expect(failures < 20)
  }

  @Test func wrongRequestsAreRefusedWithWhatWasWanted() throws {
    let model = try model()
    let session = try Session(model: model, options: .init(threads: 1))
    #expect(throws: FCNError.self) { try session.labelMap(0) }
    try session.run([try picture(10, 10)])
    var short = [UInt8](repeating: 0, count: 99)
    let error = #expect(throws: FCNError.self) {
      try short.withUnsafeMutableBufferPointer { try session.copyLabels(0, to: $0) }
    }
    #expect(error?.kind == .bufferTooSmall)
    #expect(throws: FCNError.self) {
      try Session(model: model, options: .init(disabledForms: ["convolution.magic"]))
    }
    #expect(throws: FCNError.self) {
      try Session(
        model: model,
        options: .init(
          disabledForms: Set(
            Session.formNames(of: model).filter { $0.hasPrefix("convolution.") }))
      ).run([try picture(10, 10)])
    }
  }
}

/// Counts allocations; `next` is true for the one that shall fail.
private final class AllocationCounter: @unchecked Sendable {
  private var count = 0
  private let failing: Int

  init(failing: Int) { self.failing = failing }

  func next() -> Bool {
    count += 1
    return count == failing
  }
}
