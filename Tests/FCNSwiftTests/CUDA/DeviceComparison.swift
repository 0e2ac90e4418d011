import FCNTestSupport
import Testing

@testable import FCNSwift

/// Models and pictures for what compares devices with the processor.
enum DeviceFixture {
  /// An untrained model of four classes.
  static func model(
    _ architecture: String = "fcn-simple", width: Float = 0.06, batchNorm: Bool = true,
    denseUpsampling: Bool = false, change: (inout ModelDescription) -> Void = { _ in }
  ) throws -> Model {
    var description = ModelDescription(
      architecture: architecture,
      options: ArchitectureOptions(
        classes: 4, width: width, batchNorm: batchNorm && architecture == "fcn-simple",
        denseUpsampling: denseUpsampling),
      classNames: ["a", "b", "c", "d"], palette: Palette.voc(count: 4),
      preprocessing: .torchvision)
    change(&description)
    return try Model.fresh(description, seed: 11)
  }

  static func picture(_ width: Int, _ height: Int, seed: UInt64 = 1) throws -> Image {
    var generator = SeededGenerator(seed: seed)
    let pixels = (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0..<256)) }
    return try Image(width: width, height: height, pixels: pixels)
  }
}

extension Session {
  /// A session on the processor, of one thread.
  static func onProcessor(
    _ model: Model, largestBatch: Int = 8, without disabledForms: Set<String> = []
  ) throws -> Session {
    try Session(
      model: model,
      options: .init(threads: 1, largestBatch: largestBatch, disabledForms: disabledForms))
  }

  /// The scores of picture `index` of the last run.
  func scores(_ index: Int = 0) throws -> [Float] { try floats(index, copyScores) }

  /// Its probabilities.
  func probabilities(_ index: Int = 0) throws -> [Float] { try floats(index, copyProbabilities) }

  private func floats(
    _ index: Int, _ copy: (Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws -> [Float] {
    let size = try resultSize(index)
    let count = model.description.classNames.count * size.width * size.height
    return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try copy(index, buffer)
      initialized = count
    }
  }
}

extension Precision {
  /// How far scores may be from the processor's, as a part of their range. In float32 it is the order
  /// of sums, and the processor's transforms. Otherwise some tens of layers round twice each, and
  /// errors of random signs grow with the square root of their number.
  var scoreTolerance: Float {
    self == .float32 ? 1e-4 : 12 * roundingError
  }
}

/// Checks that both sessions' results of picture `index` are the same but for rounding: scores within
/// `tolerance` of their range, and labels that differ only where scores are that close.
func expectAgreement(
  _ device: Session, _ processor: Session, _ index: Int = 0, within tolerance: Float,
  _ what: String = "", at location: SourceLocation = #_sourceLocation
) throws {
  let size = try processor.resultSize(index)
  #expect(try device.resultSize(index) == size, "\(what)", sourceLocation: location)
  let wanted = try processor.scores(index)
  let range = (wanted.max() ?? 0) - (wanted.min() ?? 0)
  #expect(range > 0, "\(what): all scores are alike", sourceLocation: location)
  expectClose(
    try device.scores(index), wanted, absolute: tolerance * range,
    shape: Shape(1, wanted.count / (size.width * size.height), size.height, size.width), what,
    at: location)
  let plane = size.width * size.height
  let labels = (try device.labelMap(index).labels, try processor.labelMap(index).labels)
  let wrong = (0..<plane).count { pixel in
    let (found, best) = (Int(labels.0[pixel]), Int(labels.1[pixel]))
    return wanted[best * plane + pixel] - wanted[found * plane + pixel] > 2 * tolerance * range
  }
  #expect(wrong == 0, "\(what): \(wrong) labels of \(plane)", sourceLocation: location)
}
