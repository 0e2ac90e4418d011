import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// ONNX files as files of weights.
struct ONNXWeightsTests {
  private let path = LayerGoldens.folder.appendingPathComponent("onnx/skip-dynamo18.onnx").path

  @Test func aNetworkStartsFromAGraphsWeights() throws {
    let source = try TranslatedWeights(contentsOf: path)
    guard case .model(let model) = try Import.read(path) else {
      Issue.record("no model was found")
      return
    }
    #expect(source.graph != nil)
    let (started, transplant) = try Model.fresh(model.description, seed: 3)
      .copyingWeights(from: source)
    #expect(transplant.copied == model.network.parameters.map(\.name))
    #expect(started.orderedWeights.map(\.floats) == model.orderedWeights.map(\.floats))
  }

  /// It is said what it is, not that it is of no known kind.
  @Test func aFileThatEndsWithinItsGraphIsKnownForOne() throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let cut = [UInt8](bytes.prefix(bytes.count / 2))
    #expect(cut.withUnsafeBytes { WeightsFileKind(of: $0) } == .onnx)
    let folder = try TemporaryFolder()
    let place = folder.file("cut.onnx")
    try Data(cut).write(to: URL(fileURLWithPath: place))
    expectError(.corrupt, saying: "cut.onnx", "cut off") { _ = try Import.read(place) }
  }
}
