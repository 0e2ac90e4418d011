// Numbers among sizes that are the same for every picture: how many channels a layer's output has.
extension ONNXTranslator {
  /// What the size `name`, a list, has at `places`; nil where that depends on the picture's size.
  func fixed(ofSize name: String, _ places: SizeValue) throws -> SizeValue? {
    guard let list = try? probed(.size(name)), list.extents.count == 1 else { return nil }
    var numbers: [Double] = []
    for place in try places.integers() {
      let place = place < 0 ? place + list.elements.count : place
      guard list.elements.indices.contains(place), isFixed(name, place, depth: 0) else {
        return nil
      }
      numbers.append(list.elements[place])
    }
    return try SizeValue(list.kind, places.extents, numbers)
  }

  /// Whether number `place` of the size `name` is the same for every picture.
  private func isFixed(_ name: String, _ place: Int, depth: Int) -> Bool {
    guard depth < 64, let index = sizePlaces[name] else { return false }
    let size = sizes[index]
    switch size.function {
    case .constant: return true
    case .shape: return place == 1
    case .squeeze, .unsqueeze, .cast: return isFixed(size.inputs[0], place, depth: depth + 1)
    case .concatenate:
      var first = 0
      for input in size.inputs {
        guard let count = try? probed(.size(input)).elements.count else { return false }
        if place < first + count { return isFixed(input, place - first, depth: depth + 1) }
        first += count
      }
      return false
    default: return false
    }
  }
}
