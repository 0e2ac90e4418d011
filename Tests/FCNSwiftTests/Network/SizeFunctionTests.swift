import FCNTestSupport
import Testing

@testable import FCNSwift

/// What sizes are computed with, against NumPy's results.
struct SizeFunctionTests {
  private func integers(_ values: [Int], _ extents: [Int]? = nil) throws -> SizeValue {
    try SizeValue(.integer, extents ?? [values.count], values.map(Double.init))
  }

  private func floats(_ values: [Double]) throws -> SizeValue {
    try SizeValue(.float, [values.count], values)
  }

  @Test func arithmeticIsThatOfItsKind() throws {
    let seven = try integers([7, -7, 7, -7])
    let two = try integers([2, 2, -2, -2])
    #expect(try SizeFunction.binary(.divide)([seven, two]).elements == [3, -3, -3, 3])
    #expect(try SizeFunction.binary(.modulo)([seven, two]).elements == [1, 1, -1, -1])
    let halves = try SizeFunction.binary(.divide)([floats([7]), integers([2])])
    #expect(halves.elements == [3.5] && halves.kind == .float)
    // As float32 rounds.
    #expect(
      try SizeFunction.binary(.multiply)([floats([0.1]), floats([3])]).elements
        == [Double(Float(0.1) * 3)])
    #expect(try SizeFunction.unary(.round)([floats([0.5, 1.5, -0.5])]).elements == [0, 2, 0])
    #expect(try SizeFunction.cast(.integer)([floats([2.9, -2.9])]).elements == [2, -2])
    expectError(.shapeMismatch, saying: "divided by 0") {
      _ = try SizeFunction.binary(.divide)([seven, integers([0])])
    }
  }

  @Test func arraysMeetAsInNumPy() throws {
    let grid = try integers([1, 2, 3, 4, 5, 6], [2, 3])
    let column = try integers([10, 20], [2, 1])
    let sum = try SizeFunction.binary(.add)([grid, column])
    #expect(sum.extents == [2, 3] && sum.elements == [11, 12, 13, 24, 25, 26])
    #expect(try SizeFunction.transpose([1, 0])([grid]).elements == [1, 4, 2, 5, 3, 6])
    let gathered = try SizeFunction.gather(axis: 1)([grid, integers([2, -3])])
    #expect(gathered.extents == [2, 2] && gathered.elements == [3, 1, 6, 4])
    let single = try SizeFunction.gather(axis: 0)([grid, SizeValue(.integer, [], [1])])
    #expect(single.extents == [3] && single.elements == [4, 5, 6])
    let joined = try SizeFunction.concatenate(axis: 1)([grid, column])
    #expect(joined.extents == [2, 4] && joined.elements == [1, 2, 3, 10, 4, 5, 6, 20])
    let part = try SizeFunction.slice(
      [grid, integers([-1]), integers([-9]), integers([1]), integers([-2])])
    #expect(part.extents == [2, 2] && part.elements == [3, 1, 6, 4])
    let reduced = try SizeFunction.reduce(.product, axes: [-1], keepsAxes: false)([grid])
    #expect(reduced.extents == [2] && reduced.elements == [6, 120])
    #expect(try SizeFunction.reshape([grid, integers([3, -1])]).extents == [3, 2])
    #expect(
      try SizeFunction.range([integers([1], []), integers([8], []), integers([3], [])]).elements
        == [1, 4, 7])
  }

  /// What a file may say and no size is.
  @Test func whatIsNoSizeIsRefused() throws {
    let huge = 1 << 50
    for extents in [
      [huge], [0, huge], [-1], [0, 4096, 4096, 4096, 4096, 4096, 4096],
      [Int](repeating: 1, count: 99),
    ] {
      #expect(throws: FCNError.self) { _ = try SizeValue(.integer, extents, []) }
    }
    let one = try integers([1])
    for wanted in [[huge], [-5], [0, huge], [huge, huge]] {
      let extents = try integers(wanted)
      #expect(throws: FCNError.self) { _ = try SizeFunction.expand([one, extents]) }
      #expect(throws: FCNError.self) {
        _ = try SizeFunction.fill(SizeValue(.integer, [], [1]))([extents])
      }
    }
    let none = try SizeValue(.integer, [0, 4096], [])
    #expect(throws: Never.self) {
      _ = try SizeFunction.reduce(.sum, axes: [0], keepsAxes: true)([none])
    }
    #expect(throws: FCNError.self) {
      _ = try SizeFunction.range([integers([0], []), integers([1 << 50], []), integers([1], [])])
    }
    #expect(throws: FCNError.self) {
      _ = try SizeFunction.range([integers([0], []), integers([-5], []), integers([0], [])])
    }
    #expect(throws: FCNError.self) {
      _ = try SizeFunction.binary(.multiply)([integers([1 << 50]), integers([1 << 50])])
    }
  }

  /// A network of 850 kB of text would take seconds and 540 MB to be opened, and for every new picture.
  @Test func sizesThatAreManyAndLargeAreRefused() throws {
    let all = try SizeNode("all", .constant(integers([Int](repeating: 1, count: 4096))))
    func evaluate(_ count: Int) throws {
      let sums = (0..<count).map { SizeNode("sum\($0)", .binary(.add), ["all", "all"]) }
      _ = try SizeEvaluation([all] + sums, input: Shape(1, 3, 8, 8))
    }
    #expect(throws: Never.self) { try evaluate(150) }
    expectError(.unsupported, saying: "size sum170", "the limit for all of a network") {
      try evaluate(16_000)
    }
  }
}
