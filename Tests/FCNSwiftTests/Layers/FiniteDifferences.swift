@testable import FCNSwift

/// ∂value/∂x for every element x of `tensor`, from values at x ± step and x ± 2·step (error of order
/// step⁴). `value` reads `tensor`, which is restored.
func finiteDifferences(
  of tensor: Tensor, step: Float, _ value: () throws -> Double
) throws -> [Float] {
  try (0..<tensor.shape.count).map { index in
    let centre = tensor.pointer[index]
    defer { tensor.pointer[index] = centre }
    // Steps are taken as float32 holds them.
    func point(_ offset: Float) throws -> (x: Double, y: Double) {
      tensor.pointer[index] = centre + offset
      return (Double(tensor.pointer[index]), try value())
    }
    let (left, right) = (try point(-step), try point(step))
    let (farLeft, farRight) = (try point(-2 * step), try point(2 * step))
    let near = (right.y - left.y) / (right.x - left.x)
    let far = (farRight.y - farLeft.y) / (farRight.x - farLeft.x)
    return Float((4 * near - far) / 3)
  }
}
