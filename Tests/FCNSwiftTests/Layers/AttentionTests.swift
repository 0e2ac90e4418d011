import FCNTestSupport
import Testing

@testable import FCNSwift

struct AttentionTests {
  /// 65536² scores would take 16 GiB.
  @Test(arguments: Attention.Normalization.allCases)
  func theMatrixOfScoresIsNeverHeldWhole(_ normalization: Attention.Normalization) throws {
    let shape = Shape(2, 64, 256, 256)
    let operation = Attention(heads: 4, normalization: normalization)
    let form = try #require(AttentionGEMM(AttentionProblem(operation, [shape, shape, shape])))
    #expect(form.workspacePerWorker >= 65536 && form.workspacePerWorker <= 1 << 20)
    #expect(form.sharedWorkspace <= 1 << 20)
  }

  @Test func shapesThatDoNotFitAreRefused() throws {
    let attention = Attention(heads: 2)
    let query = Shape(1, 4, 5, 6)
    let (key, value) = (Shape(1, 4, 2, 3), Shape(1, 6, 2, 3))
    #expect(try attention.outputShape(of: [query, key, value]) == Shape(1, 6, 5, 6))
    for (inputs, word) in [
      ([query, Shape(1, 6, 2, 3), value], "the query must have the keys' channels"),
      ([query, key, Shape(1, 6, 3, 2)], "the values the keys' rows and columns"),
      ([query, Shape(2, 4, 2, 3), Shape(2, 6, 2, 3)], "an attention's query is 1×4×5×6"),
      ([query, key, Shape(1, 5, 2, 3)], "5 of values do not divide into 2 heads"),
    ] {
      expectError(.shapeMismatch, saying: word) { _ = try attention.outputShape(of: inputs) }
    }
    expectError(.shapeMismatch, saying: "6 channels do not divide into 4 groups") {
      _ = try Softmax(groups: 4).outputShape(of: [value])
    }
  }

  /// Scores far beyond what an exponential can take, and one that is not a number.
  @Test func largeScoresDoNotOverflowAndNaNStays() throws {
    for normalization in Attention.Normalization.allCases {
      let operation = Attention(factor: 1000, normalization: normalization)
      for form in operation.forms {
        func output(_ query: [Float]) throws -> [Float] {
          let shape = Shape(1, 1, 1, 2)
          let inputs = try [
            Tensor(shape, query), Tensor(shape, [1, 2]), Tensor(shape, [3, 5]),
          ]
          let run = try #require(
            try LayerRun(operation, form, inputs: inputs, parameters: []))
          return try run.forward(training: false, seed: 0).elements
        }
        // By keys each pixel looks at the second key alone; of all pairs the second pixel does.
        let wanted: [Float] = normalization == .keys ? [5, 5] : [0, 5]
        #expect(try output([10, 20]) == wanted, "\(form.name)")
        #expect(try output([.nan, 20])[0].isNaN, "\(form.name)")
      }
    }
  }
}
