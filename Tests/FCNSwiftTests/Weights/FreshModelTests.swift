import FCNTestSupport
import Testing

@testable import FCNSwift

struct FreshModelTests {
  private func floats(_ model: Model, _ name: String) throws -> [Float] {
    try #require(model.weights[name]).floats
  }

  @Test func aSeedMakesTheSameWeightsAgain() throws {
    let name = "conv3_1.weight"
    let first = try floats(Model.fresh(smallDescription(), seed: 7), name)
    #expect(try floats(Model.fresh(smallDescription(), seed: 7), name) == first)
    #expect(try floats(Model.fresh(smallDescription(), seed: 8), name) != first)
    // Neither the number of classes nor batch normalisation touches a layer that both have.
    let other = smallDescription(classes: 5, batchNorm: true)
    #expect(try floats(Model.fresh(other, seed: 7), name) == first)
    #expect(try floats(Model.fresh(smallDescription(), seed: 7), "conv3_2.weight") != first)
  }

  @Test func convolutionsAreNormalOfTheDeviationThatHeEtAlGive() throws {
    var description = smallDescription()
    description.options.width = 0.25
    let weights = try floats(Model.fresh(description, seed: 3), "conv4_2.weight")
    let count = Double(weights.count)
    let mean = weights.reduce(0) { $0 + Double($1) } / count
    let variance = weights.reduce(0) { $0 + Double($1) * Double($1) } / count
    let wanted = 2 / (128.0 * 9)
    #expect(abs(mean) < 4 * (wanted / count).squareRoot())
    #expect(abs(variance / wanted - 1) < 0.03)
  }

  @Test func transposedConvolutionsUpsampleEachClassToItself() throws {
    let model = try Model.fresh(smallDescription(), seed: 1)
    let weights = try floats(model, "upsampled_pool4.weight")
    let profile: [Float] = [0.25, 0.75, 0.75, 0.25]
    for input in 0..<3 {
      for output in 0..<3 {
        for y in 0..<4 {
          for x in 0..<4 {
            let wanted = input == output ? profile[y] * profile[x] : 0
            #expect(weights[((input * 3 + output) * 4 + y) * 4 + x] == wanted)
          }
        }
      }
    }
  }

  @Test func scoresCanStartAtZeroAsInThePapers() throws {
    let model = try Model.fresh(smallDescription(), seed: 1, scores: .zero)
    for name in ["score_pool3.weight", "score_pool4.weight", "score_pool5.weight"] {
      #expect(try floats(model, name).allSatisfy { $0 == 0 })
    }
    #expect(try floats(model, "conv5_3.weight").contains { $0 != 0 })
    #expect(try floats(model, "upsampled_final.weight").contains { $0 != 0 })
  }

  @Test func anUnsoundDescriptionMakesNoModel() {
    var description = smallDescription()
    description.architecture = "fcn-complex"
    expectError(.notFound, saying: "fcn-complex") { _ = try Model.fresh(description, seed: 1) }
    description = smallDescription()
    description.options.classes = 256
    expectError(.invalidArgument, saying: "256") { _ = try Model.fresh(description, seed: 1) }
  }

  @Test func weightsAreCopiedWhereNamesAndShapesAgree() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("trunk.safetensors")
    let trained = try Model.fresh(smallDescription(classes: 2), seed: 1)
    let extra = try WeightTensor(name: "fc6.weight", shape: [2], floats: [1, 2])
    let sources = try trained.orderedWeights.filter { $0.name != "conv5_3.bias" }
      .map { $0.name == "conv1_2.weight" ? try $0.converted(to: .float16) : $0 }
    try Safetensors.write(sources + [extra], metadata: [:], to: path)

    let fresh = try Model.fresh(smallDescription(classes: 3), seed: 2)
    let (model, transplant) = try fresh.copyingWeights(
      from: ForeignWeights(contentsOf: path).translated())
    #expect(transplant.missing == ["conv5_3.bias"])
    #expect(transplant.unused == ["fc6.weight"])
    #expect(
      transplant.mismatched.first == "score_pool3.weight (found [2, 5, 1, 1], wanted [3, 5, 1, 1])")
    #expect(transplant.mismatched.count == 12)
    #expect(transplant.copied.count == 25)
    #expect(try floats(model, "conv1_1.weight") == floats(trained, "conv1_1.weight"))
    #expect(try floats(model, "conv5_3.bias") == floats(fresh, "conv5_3.bias"))
    #expect(try floats(model, "score_pool3.weight") == floats(fresh, "score_pool3.weight"))
    #expect(model.weights["conv1_2.weight"]?.elementType == .float32)
  }
}
