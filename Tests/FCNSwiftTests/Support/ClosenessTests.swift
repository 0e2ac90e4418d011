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
    withKnownIssue {
      expectClose(actual, expected, absolute: 0.1)
    } matching: {
      "\($0)".contains("2 of 8 elements") && "\($0)".contains("channel 1, row 1, column 0")
    }
  }

  @Test(arguments: [Float.nan, 2, -Float.infinity]) func nothingFarIsClose(value: Float) {
    withKnownIssue { expectClose([value], [1], absolute: 0.5) }
  }

  @Test func otherSizesAreNotClose() throws {
    withKnownIssue { expectClose([1], [1, 1], absolute: 1) }
    let (a, b) = (try Tensor(Shape(1, 1, 2, 3)), try Tensor(Shape(1, 1, 3, 2)))
    withKnownIssue { expectClose(a, b, absolute: 1) }
  }

  @Test(arguments: [(0, 0), (-1, 2), (.nan, 1), (.infinity, 0)] as [(Float, Float)])
  func aToleranceMustBePositiveAndFinite(absolute: Float, relative: Float) {
    withKnownIssue { expectClose([1], [1], absolute: absolute, relative: relative) }
  }
}
