import Testing

@testable import FCNSwift

@Test func aShapeCountsItsElements() {
  #expect(Shape(2, 3, 4, 5).count == 120)
}
