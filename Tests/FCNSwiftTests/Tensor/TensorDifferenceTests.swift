import FCNTestSupport
import Testing

@testable import FCNSwift

struct TensorDifferenceTests {
  @Test func theLargestDifferenceIsAPartOfTheLargestMagnitude() throws {
    let wanted = try Tensor(Shape(1, 1, 1, 4), [1, -8, 2, 4])
    let found = try Tensor(Shape(1, 1, 1, 4), [1, -7, 2.5, 4])
    #expect(found.difference(from: wanted) == 0.125)
    #expect(wanted.difference(from: wanted) == 0)
  }

  /// Also where numbers follow that are close.
  @Test(arguments: 0..<4)
  func aNaNIsFurtherThanAnything(place: Int) throws {
    let good: [Float] = [1, 2, 3, 4]
    var bad = good
    bad[place] = .nan
    let (a, b) = (try Tensor(Shape(1, 1, 1, 4), good), try Tensor(Shape(1, 1, 1, 4), bad))
    #expect(b.difference(from: a).isNaN)
    #expect(a.difference(from: b).isNaN)
  }

  @Test func matricesAreNotMultipliedWhereThereIsNoMemoryForIt() {
    expectError(.outOfMemory, saying: "there is no memory") {
      _ = try MatrixMemory(threads: 1 << 24)
    }
  }
}
