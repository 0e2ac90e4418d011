import FCNTestSupport
import Glibc
import Testing

@testable import FCNSwift

struct AttentionTests {
  /// 65536² scores would take 16 GiB.
  @Test(arguments: Attention.Normalization.allCases)
  func theMatrixOfScoresIsNeverHeldWhole(_ normalization: Attention.Normalization) throws {
    let shape = Shape(2, 64, 256, 256)
    let operation = Attention(heads: 4, normalization: normalization)
    let problem = AttentionProblem(operation, [shape, shape, shape])
    let form = try #require(AttentionGEMM(problem, Loops.chosen()))
    #expect(form.workspacePerWorker >= 65536 && form.workspacePerWorker <= 1 << 20)
    #expect(form.sharedWorkspace <= 1 << 20)
  }

  @Test(arguments: [1, 3, 4, 16, 17, 37, 128], [1, -0.5, 2.5] as [Float])
  func powersOfScoresAreThoseOfTheirDistances(count: Int, factor: Float) {
    let scores = (0..<count).map { i in 20 * sinf(Float(i + 1)) }
    let largest = scores.map { $0 * factor }.max() ?? 0
    let expected = scores.map { exp(Double($0 * factor) - Double(largest)) }
    for loops in Loops.available {
      // One value more, which is nobody's.
      var made = scores + [7]
      let found = made.withUnsafeMutableBufferPointer { buffer in
        loops.exponentiate(buffer.baseAddress.unsafelyUnwrapped, count, factor)
      }
      #expect(made[count] == 7 && found.largest == largest, "\(loops.name)")
      for (value, wanted) in zip(made, expected) {
        // Below e to the power of −87 there are zeros.
        #expect(abs(Double(value) - wanted) <= 1e-5 * wanted + 2e-38, "\(loops.name)")
      }
      let total = expected.reduce(0, +)
      #expect(abs(Double(found.total) - total) <= 1e-5 * total, "\(loops.name)")
      for place in [0, count / 2, count - 1] {
        made = scores + [7]
        made[place] = .nan
        let sum = made.withUnsafeMutableBufferPointer { buffer in
          loops.exponentiate(buffer.baseAddress.unsafelyUnwrapped, count, factor).total
        }
        #expect(sum.isNaN, "\(loops.name)")
      }
    }
  }

  /// Over themselves, with lines that end within a vector and begin anywhere.
  @Test(arguments: [1, 5, 16, 33], [1, 2, 21])
  func softmaxOfLinesIsThatOfPixels(count: Int, channels: Int) {
    let stride = count + 3
    let scores = (0..<stride * channels + 1).map { i in 60 * sinf(Float(i + 1)) }
    for loops in Loops.available {
      var made = scores
      made.withUnsafeMutableBufferPointer { buffer in
        let first = buffer.baseAddress.unsafelyUnwrapped + 1
        loops.softmax(first, first, count, channels, stride)
      }
      var expected = scores
      expected.withUnsafeMutableBufferPointer { buffer in
        let first = buffer.baseAddress.unsafelyUnwrapped + 1
        softmax(first, to: first, count: count, channels: channels, stride: stride)
      }
      // Between lines nothing is changed.
      for (i, (value, wanted)) in zip(made, expected).enumerated() {
        #expect(abs(value - wanted) <= 1e-6 * abs(wanted) + 1e-37, "\(loops.name), \(i)")
      }
    }
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
