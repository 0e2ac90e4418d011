import FCNTestSupport
import Testing

@testable import FCNSwift

struct ProbabilityPlaneTests {
  /// A session that has segmented a picture of an odd size, which is resized for the network or not.
  private func session(_ size: (width: Int, height: Int), resized: Bool) throws -> Session {
    var preprocessing = Preprocessing.torchvision
    if resized { preprocessing.size = .longestSide(40) }
    let model = try Model.fresh(
      ModelDescription(
        architecture: "fcn-simple",
        options: ArchitectureOptions(classes: 3, width: 0.03, batchNorm: true),
        classNames: ["a", "b", "c"], palette: Palette.voc(count: 3), preprocessing: preprocessing),
      seed: 11)
    let session = try Session(model: model, options: .init(threads: 2))
    var image = try Image(width: size.width, height: size.height)
    var generator = SeededGenerator(seed: 2)
    for i in image.pixels.indices { image.pixels[i] = UInt8(generator.integer(in: 0..<256)) }
    try session.run([image])
    return session
  }

  private func floats(
    _ count: Int, _ copy: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows -> [Float] {
    try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try copy(buffer)
      initialized = count
    }
  }

  @Test(arguments: [false, true])
  func planesAreTakenOfTheProbabilities(resized: Bool) throws {
    let (width, height) = (53, 37)
    let session = try session((width, height), resized: resized)
    let count = width * height
    let all = try floats(3 * count) { try session.copyProbabilities(0, to: $0) }
    let map = try session.labelMap(0)
    let confidence = try floats(count) { try session.copyConfidence(0, to: $0) }
    #expect(confidence == (0..<count).map { all[Int(map.labels[$0]) * count + $0] })
    #expect(confidence.allSatisfy { $0 > 1.0 / 3 - 1e-5 && $0 <= 1 })
    let one = try floats(count) { try session.copyProbability(0, ofAny: [2], to: $0) }
    #expect(one == Array(all[2 * count..<3 * count]))
    let two = try floats(count) { try session.copyProbability(0, ofAny: [0, 2, 0], to: $0) }
    #expect(two == (0..<count).map { min(1, 0 + all[$0] + all[2 * count + $0]) })
    let every = try session.probabilityMap(0, ofAny: [0, 1, 2])
    #expect(every.pixels.allSatisfy { $0 == 255 })
    #expect(
      try session.confidenceMap(0).pixels == confidence.map { UInt8(($0 * 255).rounded()) })
    // As backends have it that know the whole picture only.
    let result = try session.result(0)
    let whole = WholePicture(of: result)
    let same = try floats(count) { buffer in
      guard let base = buffer.baseAddress else { return }
      try whole.copyProbabilities(.ofAny([0, 2]), to: base, session.segmenter.pool)
    }
    #expect(same == two)
  }

  @Test func whatThereIsNotIsAnError() throws {
    let session = try session((20, 10), resized: false)
    #expect(fcnError { _ = try session.probabilityMap(0, ofAny: [3]) }?.kind == .invalidArgument)
    #expect(fcnError { _ = try session.probabilityMap(0, ofAny: [-1]) }?.kind == .invalidArgument)
    #expect(fcnError { _ = try session.confidenceMap(1) }?.kind == .notFound)
    let error = fcnError {
      _ = try floats(100) {
        try session.copyConfidence(0, to: UnsafeMutableBufferPointer(rebasing: $0.prefix(100)))
      }
    }
    #expect(error?.kind == .bufferTooSmall)
  }

  /// A result with the protocol's own way to planes.
  private struct WholePicture: SegmentedPicture {
    let of: any SegmentedPicture
    var width: Int { of.width }
    var height: Int { of.height }
    var classCount: Int { of.classCount }
    func copied(from allocator: Allocator) throws -> any SegmentedPicture { self }
    func copyLabels(to labels: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) throws {
      try of.copyLabels(to: labels, pool)
    }
    func copyScores(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
      try of.copyScores(to: target, pool)
    }
    func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
      try of.copyProbabilities(to: target, pool)
    }
  }
}
