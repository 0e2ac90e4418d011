import Testing

@testable import FCNSwift

@Suite struct ShapeTests {
  @Test func aShapeCountsItsElements() throws {
    let shape = Shape(2, 3, 4, 5)
    #expect((shape.count, shape.pictureCount, shape.planeCount) == (120, 60, 20))
    #expect("\(shape)" == "2×3×4×5")
    try shape.validate()
  }

  @Test(arguments: [
    Shape(0, 1, 1, 1), Shape(1, 1, -4, 1), Shape(1, 1, 1, 0),
    Shape(Int.max, Int.max, 1, 1), Shape(1, 1 << 20, 1 << 20, 1),
  ])
  func shapesThatCannotBeAreRefused(_ shape: Shape) {
    #expect(throws: FCNError.self) { try shape.validate() }
    #expect(throws: FCNError.self) { try Tensor(shape) }
  }

  @Test func aTensorWantsAsManyElementsAsItsShapeHas() throws {
    let tensor = try Tensor(Shape(1, 2, 1, 2), [1, 2, 3, 4])
    #expect(tensor[0, 1, 0, 1] == 4)
    #expect(tensor.elements == [1, 2, 3, 4])
    #expect(UInt(bitPattern: tensor.pointer) % 64 == 0)
    let error = #expect(throws: FCNError.self) { try Tensor(Shape(1, 2, 1, 2), [1, 2, 3]) }
    #expect(error?.kind == .shapeMismatch)
  }
}
