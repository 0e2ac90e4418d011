import FCNSwift
import Testing

/// Checks that |actual − expected| ≤ absolute + relative · |expected| for every element. A NaN is
/// close to nothing.
///
/// Reports the element that is furthest beyond its tolerance, by its index and, where `shape` is
/// given, by its picture, channel, row and column. A tolerance that cannot fail, or fails always,
/// is itself an error.
public func expectClose(
  _ actual: [Float], _ expected: [Float], absolute: Float, relative: Float = 0,
  shape: Shape? = nil, _ what: String = "", at location: SourceLocation = #_sourceLocation
) {
  if let fault = closenessFault(
    actual, expected, absolute: absolute, relative: relative, shape: shape)
  {
    Issue.record("\(what): \(fault)", sourceLocation: location)
  }
}

/// Why `expectClose` fails; nil where it does not.
public func closenessFault(
  _ actual: [Float], _ expected: [Float], absolute: Float, relative: Float = 0, shape: Shape? = nil
) -> String? {
  guard absolute >= 0, relative >= 0, absolute + relative > 0, (absolute + relative).isFinite else {
    return "the tolerance \(absolute) + \(relative) · |expected| is not positive and finite"
  }
  guard actual.count == expected.count else {
    return "\(actual.count) elements; expected \(expected.count)"
  }
  var worst = (index: -1, excess: Float(1))
  var failures = 0
  for index in actual.indices {
    let difference = abs(actual[index] - expected[index])
    let excess = difference / (absolute + relative * abs(expected[index]))
    if actual[index] == expected[index] || excess <= 1 { continue }
    failures += 1
    // The first NaN is worse than anything.
    if worst.index < 0 || excess > worst.excess || (excess.isNaN && !worst.excess.isNaN) {
      worst = (index, excess)
    }
  }
  guard failures > 0 else { return nil }
  let place = shape.map { position(worst.index, in: $0) } ?? "element \(worst.index)"
  return """
    \(failures) of \(actual.count) elements are not close; the worst, \(place), is \
    \(actual[worst.index]); expected \(expected[worst.index]), \(worst.excess) times the tolerance
    """
}

/// Checks as `expectClose` for arrays does, and that the shapes agree.
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, absolute: Float, relative: Float = 0, _ what: String = "",
  at location: SourceLocation = #_sourceLocation
) {
  if let fault = closenessFault(actual, expected, absolute: absolute, relative: relative) {
    Issue.record("\(what): \(fault)", sourceLocation: location)
  }
}

/// Why `expectClose` fails; nil where it does not.
public func closenessFault(
  _ actual: Tensor, _ expected: Tensor, absolute: Float, relative: Float = 0
) -> String? {
  guard actual.shape == expected.shape else {
    return "the shape is \(actual.shape); expected \(expected.shape)"
  }
  return closenessFault(
    actual.elements, expected.elements, absolute: absolute, relative: relative,
    shape: actual.shape)
}

private func position(_ index: Int, in shape: Shape) -> String {
  let (plane, pixel) = (index / shape.planeCount, index % shape.planeCount)
  return "picture \(plane / shape.c), channel \(plane % shape.c), row \(pixel / shape.w), column "
    + "\(pixel % shape.w)"
}
