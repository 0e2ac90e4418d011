// The functions that only move elements about.
extension SizeFunction {
  func rearranged(_ inputs: [SizeValue]) throws -> SizeValue {
    let input = inputs[0]
    let rank = input.extents.count
    switch self {
    case .gather(let axis): return try gathered(input, inputs[1], SizeValue.axis(axis, of: rank))
    case .concatenate(let axis): return try concatenated(inputs, SizeValue.axis(axis, of: rank))
    case .slice: return try sliced(inputs)
    case .reshape: return try reshaped(input, inputs[1].integers())
    case .transpose(let order):
      guard order.sorted() == Array(0..<rank) else {
        throw FCNError(.shapeMismatch, "\(order) is no order of \(rank) axes")
      }
      let strides = input.strides
      return try input.rearranged(order.map { input.extents[$0] }) { index in
        order.enumerated().reduce(0) { $0 + index[$1.offset] * strides[$1.element] }
      }
    case .squeeze(let axes):
      let gone = Set(try axes.map { try SizeValue.axis($0, of: rank) })
      let all = axes.isEmpty ? Set(input.extents.indices.filter { input.extents[$0] == 1 }) : gone
      guard all.allSatisfy({ input.extents[$0] == 1 }) else {
        throw FCNError(.shapeMismatch, "axes \(axes) of \(input.extents) are not all 1")
      }
      return try SizeValue(
        input.kind, input.extents.indices.filter { !all.contains($0) }.map { input.extents[$0] },
        input.elements)
    case .unsqueeze(let axes):
      let whole = rank + axes.count
      let added = Set(try axes.map { try SizeValue.axis($0, of: whole) })
      guard added.count == axes.count else {
        throw FCNError(.shapeMismatch, "the axes \(axes) are not all different")
      }
      var rest = input.extents[...]
      return try SizeValue(
        input.kind, (0..<whole).map { added.contains($0) ? 1 : rest.removeFirst() }, input.elements)
    case .expand:
      let extents = try SizeValue.common(input.extents, inputs[1].integers())
      return try input.broadcast(to: extents)
    default: throw FCNError(.internalDefect, "\(self) moves no elements")
    }
  }

  private func gathered(_ input: SizeValue, _ places: SizeValue, _ axis: Int) throws -> SizeValue {
    let count = input.extents[axis]
    let indices = try places.integers().map { try SizeValue.axis($0, of: count) }
    let strides = input.strides
    let (placeStrides, rank) = (places.strides, places.extents.count)
    let extents =
      Array(input.extents[..<axis]) + places.extents + Array(input.extents[(axis + 1)...])
    return try input.rearranged(extents) { index in
      var source = 0
      for i in 0..<axis { source += index[i] * strides[i] }
      let place = (0..<rank).reduce(0) { $0 + index[axis + $1] * placeStrides[$1] }
      source += indices[place] * strides[axis]
      for i in (axis + 1)..<max(axis + 1, input.extents.count) {
        source += index[i - 1 + rank] * strides[i]
      }
      return source
    }
  }

  private func concatenated(_ inputs: [SizeValue], _ axis: Int) throws -> SizeValue {
    var extents = inputs[0].extents
    for input in inputs.dropFirst() {
      guard input.extents.count == extents.count,
        input.extents.indices.allSatisfy({ $0 == axis || input.extents[$0] == extents[$0] })
      else {
        throw FCNError(
          .shapeMismatch,
          "arrays of \(inputs[0].extents) and \(input.extents) do not go side by side on axis \(axis)"
        )
      }
      extents[axis] += input.extents[axis]
    }
    // What one input has of all that lies before the axis.
    let outer = extents[..<axis].reduce(1, *)
    var made: [Double] = []
    for part in 0..<outer {
      for input in inputs {
        let count = input.extents[axis...].reduce(1, *)
        made += input.elements[part * count..<(part + 1) * count]
      }
    }
    let kind = inputs.contains { $0.kind == .float } ? SizeValue.Kind.float : .integer
    return try SizeValue(kind, extents, made)
  }

  private func reshaped(_ input: SizeValue, _ wanted: [Int]) throws -> SizeValue {
    var extents = try wanted.enumerated().map { axis, extent in
      guard extent == 0 else { return extent }
      guard axis < input.extents.count else {
        throw FCNError(.shapeMismatch, "\(input.extents) has no axis \(axis) to keep")
      }
      return input.extents[axis]
    }
    if let open = extents.firstIndex(of: -1) {
      extents[open] = 1
      guard let rest = checkedProduct(extents), rest > 0, input.elements.count % rest == 0 else {
        throw FCNError(.shapeMismatch, "an array of \(input.extents) cannot become \(wanted)")
      }
      extents[open] = input.elements.count / rest
    }
    return try SizeValue(input.kind, extents, input.elements)
  }

  private func sliced(_ inputs: [SizeValue]) throws -> SizeValue {
    let input = inputs[0]
    let rank = input.extents.count
    let (begins, ends) = try (inputs[1].integers(), inputs[2].integers())
    let axes = try inputs.count > 3 ? inputs[3].integers() : Array(0..<begins.count)
    let steps =
      try inputs.count > 4 ? inputs[4].integers() : [Int](repeating: 1, count: begins.count)
    guard [ends.count, axes.count, steps.count].allSatisfy({ $0 == begins.count }) else {
      throw FCNError(.shapeMismatch, "a slice names as many begins, ends, axes and steps")
    }
    var (starts, strides, extents) = (
      [Int](repeating: 0, count: rank), [Int](repeating: 1, count: rank), input.extents
    )
    for (i, axis) in axes.enumerated() {
      let axis = try SizeValue.axis(axis, of: rank)
      let (count, step) = (input.extents[axis], steps[i])
      guard step != 0, abs(step) <= 1 << 31 else {
        throw FCNError(.shapeMismatch, "a slice in steps of \(step)")
      }
      func bounded(_ place: Int) -> Int {
        let place = place < 0 ? place + count : place
        return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
      }
      let (first, end) = (bounded(begins[i]), bounded(ends[i]))
      (starts[axis], strides[axis]) = (first, step)
      extents[axis] = max(0, (end - first + step - (step > 0 ? 1 : -1)) / step)
    }
    let own = input.strides
    return try input.rearranged(extents) { index in
      (0..<rank).reduce(0) { $0 + (starts[$1] + index[$1] * strides[$1]) * own[$1] }
    }
  }
}
