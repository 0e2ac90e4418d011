import Testing

@testable import FCNSwift

/// Products of banded Toeplitz matrices, which make widely dilated convolutions.
@Suite struct ToeplitzTests {
  @Test(arguments: 1...ToeplitzRule.mostLines)
  func productsMakeWhatTapsMake(_ count: Int) {
    let rule = ToeplitzRule(lines: count)
    #expect(rule.lines.count == 2 * count - 1)
    // One line and one tap at a time: what is made is linear in both.
    for line in 0..<count {
      for tap in 0..<3 {
        let products = zip(rule.lines, rule.taps).map { $0[line] * $1[tap] }
        for output in 0..<count {
          let made = zip(rule.sums[output], products).reduce(0) { $0 + $1.0 * $1.1 }
          let wanted: Float = output + tap - 1 == line ? 1 : 0
          #expect(abs(made - wanted) < 1e-6, "line \(line), tap \(tap), output \(output)")
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 1), (5, 9), (9, 9), (10, 9), (18, 9), (26, 9), (27, 9)])
  func everyLineIsInOnePhase(_ size: Int, _ dilation: Int) throws {
    let axis = try #require(ToeplitzAxis(size: size, dilation: dilation))
    for most in [1, 2, 4, 100] {
      var seen: [Int] = []
      for group in axis.divided(by: most) {
        #expect(!group.phases.isEmpty && group.phases.count <= most)
        for phase in group.phases {
          for index in group.rule.sums.indices { seen.append(phase + index * dilation) }
        }
      }
      #expect(seen.sorted() == Array(0..<size))
    }
  }

  @Test func phasesOfMoreLinesAreOthersTask() {
    #expect(ToeplitzAxis(size: 28, dilation: 9) == nil)
    #expect(ToeplitzAxis(size: 4, dilation: 1) == nil)
  }

  /// All sums are in memory at once, so there may not be many.
  @Test func largePicturesAreOthersTask() {
    func isServed(_ side: Int) -> Bool {
      let (shape, half) = (Shape(1, 256, side, side), Extent(side / 2, side / 2))
      let convolution = Convolution(256, kernel: 3, padding: half, dilation: half)
      return ToeplitzConvolution(
        convolution, FormRequest(inputs: [shape], output: shape, loops: Loops.portable)) != nil
    }
    #expect(isServed(66) && !isServed(600))
  }
}
