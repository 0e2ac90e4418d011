import FCNTestSupport
import Testing

@testable import FCNSwift

/// Networks that are refused because something in them would be left undone.
struct NetworkTests {
  private func network(_ layers: Layer..., auxiliary: [String: Float] = [:]) throws -> Network {
    try Network(inputChannels: 3, stride: 1, layers: layers, auxiliaryScores: auxiliary)
  }

  private let scores = Layer("scores", Convolution(2, kernel: 1), [Network.inputName])

  @Test func aLayerThatNothingTakesIsRefused() throws {
    let stray = Layer("stray", Convolution(4, kernel: 1), [Network.inputName])
    expectError(.invalidArgument, saying: "nothing takes what layer stray makes") {
      _ = try network(stray, scores)
    }
    // As scores of its own it is learned.
    _ = try network(stray, scores, auxiliary: ["stray": 0.5])
  }

  @Test func theLastLayersScoresAreNotAuxiliary() {
    expectError(.invalidArgument, saying: "layer scores comes last") {
      _ = try network(scores, auxiliary: ["scores": 0.5])
    }
  }

  /// A resize says nothing of where its pixels lie; a crop over others would be a guess.
  @Test func aCropOfPixelsWhosePlaceIsNotKnownIsRefused() throws {
    var builder = NetworkBuilder()
    builder.add("features", Convolution(4, kernel: 3, padding: 1))
    builder.add("rectified", ReLU())
    builder.add("larger", Resize(to: .scaled(by: 2)))
    expectError(.internalDefect, saying: "layer crop crops larger to features", "is not known") {
      try builder.addCrop("crop", to: "features")
    }
    expectError(.notFound, saying: "layer crop crops nowhere to features", "does not exist") {
      try builder.addCrop("crop", "nowhere", to: "features")
    }
    try builder.addCrop("crop", "rectified", to: "features")
  }
}
