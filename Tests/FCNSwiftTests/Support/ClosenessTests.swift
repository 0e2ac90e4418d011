import FCNSwift
import FCNTestSupport
import Testing

struct ClosenessTests {
  @Test func whatIsWithinTheToleranceIsClose() {
    expectClose([1, -2, 0], [1.01, -2.02, 0.001], absolute: 0.001, relative: 0.01)
    expectClose([Float.infinity], [Float.infinity], absolute: 1)
  }

  @Test func whatIsBeyondTheToleranceIsReportedWithItsPlace() throws {
    let shape = Shape(1, 2, 2, 2)
    let expected = try Tensor(shape, filledWith: 1)
    let actual = try Tensor(shape, [1, 1, 1, 1, 1, 1, 1.5, 1.2])
    let fault = try #require(closenessFault(actual, expected, absolute: 0.1))
    #expect(fault.contains("2 of 8 elements"))
    #expect(fault.contains("channel 1, row 1, column 0"))
  }

  @Test(arguments: [Float.nan, 2, -Float.infinity]) func nothingFarIsClose(value: Float) {
    #expect(closenessFault([value], [1], absolute: 0.5) != nil)
  }

  @Test func otherSizesAreNotClose() throws {
    #expect(closenessFault([1], [1, 1], absolute: 1) == "1 elements; expected 2")
    let (a, b) = (try Tensor(Shape(1, 1, 2, 3)), try Tensor(Shape(1, 1, 3, 2)))
    #expect(try #require(closenessFault(a, b, absolute: 1)).contains("shape"))
  }

  @Test(arguments: [(0, 0), (-1, 2), (.nan, 1), (.infinity, 0)] as [(Float, Float)])
  func aToleranceMustBePositiveAndFinite(absolute: Float, relative: Float) throws {
    let fault = closenessFault([1], [1], absolute: absolute, relative: relative)
    #expect(try #require(fault).contains("not positive and finite"))
  }
}
