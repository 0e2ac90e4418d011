// Lines that are repeated one by one, as NumPy's repeat does and TensorFlow enlarges.
extension ONNXTranslator {
  /// Each row or column several times: all of them lie along an axis, and one line behind it becomes several.
  /// nil where it is something else that becomes `target`.
  mutating func repeated(
    _ node: ONNXNode, _ source: String, _ view: ONNXView, _ target: [Int]
  ) throws -> ONNXValue? {
    let own = view.extents
    guard own.count == target.count else { return nil }
    var seen = view
    var factors = [Int](repeating: 1, count: 4)
    for axis in own.indices.dropFirst() where own[axis] != target[axis] {
      guard own[axis] == 1, let inner = view.axes[axis - 1].last, inner.step == 1,
        inner.axis == 2 || inner.axis == 3, factors[inner.axis] == 1, target[axis] <= 1024
      else { return nil }
      factors[inner.axis] = target[axis]
      seen.axes[axis] = [.init(axis: inner.axis, extent: target[axis], step: 1)]
    }
    guard own.first == target.first, factors[2] * factors[3] > 1 else { return nil }
    for axis in own.indices where own[axis] == target[axis] {
      seen.axes[axis] = view.axes[axis].map {
        .init(axis: $0.axis, extent: $0.extent, step: $0.step * factors[$0.axis])
      }
    }
    let made = try add(
      name(node), "resize", [source],
      [
        ("interpolation", .given("nearest")), ("coordinates", .given("asymmetric")),
        ("factor", setting(.known(SizeValue([factors[2], factors[3]])))),
      ])
    return .layer(made, seen)
  }
}
