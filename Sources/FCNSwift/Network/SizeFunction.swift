/// One step of working out sizes: the functions of small arrays that exported networks compute with.
/// Each means what ONNX's operation of that name means.
enum SizeFunction: Sendable, Hashable {
  /// The extents of a layer's output, or of the network's input: four integers, N, C, H, W.
  case shape
  case constant(SizeValue)
  case unary(Unary)
  case binary(Binary)
  /// Of three arrays the second where the first is not 0, else the third.
  case select
  /// As a kind of number; floats become integers by cutting off.
  case cast(SizeValue.Kind)
  /// 1 where a number is not 0, else 0.
  case truth
  /// The parts of the first array that the second names, along an axis.
  case gather(axis: Int)
  case concatenate(axis: Int)
  /// Of the first array what lies between begins and ends, along axes, in steps: up to four more inputs.
  case slice
  /// The first array with the extents that the second holds; −1 is what is left, 0 as it was.
  case reshape
  case transpose([Int])
  case squeeze([Int])
  case unsqueeze([Int])
  /// The first array, repeated to the extents that the second holds.
  case expand
  /// An array of the extents that its input holds, of one number.
  case fill(SizeValue)
  /// Numbers from the first to before the second, in steps of the third.
  case range
  case reduce(Reduction, axes: [Int]?, keepsAxes: Bool)

  enum Unary: String, Sendable, CaseIterable {
    case negative, absolute, floor, ceil, round, sign, not
    case root = "sqrt"
  }

  enum Binary: String, Sendable, CaseIterable {
    case add, subtract, multiply, divide, modulo, minimum, maximum, power
    case equal, less, greater, lessOrEqual, greaterOrEqual, and, or

    /// Whether what it makes is a truth value.
    var compares: Bool {
      switch self {
      case .equal, .less, .greater, .lessOrEqual, .greaterOrEqual, .and, .or: true
      default: false
      }
    }
  }

  enum Reduction: String, Sendable, CaseIterable {
    case sum, product, minimum, maximum
  }

  /// How many arrays it takes.
  var inputCount: ClosedRange<Int> {
    switch self {
    case .constant: 0...0
    case .binary, .gather, .reshape, .expand: 2...2
    case .select, .range: 3...3
    case .concatenate: 1...SizeValue.mostElements
    case .slice: 3...5
    default: 1...1
    }
  }

  /// What it makes of `inputs`, as many as `inputCount` says; of `shape` the input is the shape itself.
  ///
  /// Throws `shapeMismatch` where they do not fit together, `unsupported` where the result is no size.
  func callAsFunction(_ inputs: [SizeValue]) throws -> SizeValue {
    switch self {
    case .shape: return inputs[0]
    case .constant(let value): return value
    case .unary(let function):
      let kind = function == .not ? SizeValue.Kind.integer : inputs[0].kind
      return try SizeValue(kind, inputs[0].extents, inputs[0].elements.map(function.value))
    case .binary(let function): return try function.value(inputs[0], inputs[1])
    case .select:
      let extents = try inputs.dropFirst().reduce(inputs[0].extents) {
        try SizeValue.common($0, $1.extents)
      }
      let parts = try inputs.map { try $0.broadcast(to: extents).elements }
      return try SizeValue(
        inputs[1].kind, extents,
        parts[0].indices.map { parts[0][$0] != 0 ? parts[1][$0] : parts[2][$0] })
    case .cast(let kind): return try SizeValue(kind, inputs[0].extents, inputs[0].elements)
    case .truth:
      return try SizeValue(.integer, inputs[0].extents, inputs[0].elements.map { $0 != 0 ? 1 : 0 })
    case .fill(let value):
      let extents = try inputs[0].integers()
      return try SizeValue(value.kind, [], [value.single()]).broadcast(to: extents)
    case .range:
      let (first, limit, step) = try (
        inputs[0].single(), inputs[1].single(), inputs[2].single()
      )
      let wanted = ((limit - first) / step).rounded(.up)
      guard step != 0, wanted <= Double(SizeValue.mostElements) else {
        throw FCNError(
          .unsupported, "a range from \(first) to \(limit) in steps of \(step) is no size")
      }
      let count = Int(max(0, wanted))
      return try SizeValue(inputs[0].kind, [count], (0..<count).map { first + Double($0) * step })
    case .reduce(let reduction, let axes, let keepsAxes):
      return try reduction.value(inputs[0], axes, keepsAxes)
    case .gather, .concatenate, .slice, .reshape, .transpose, .squeeze, .unsqueeze, .expand:
      return try rearranged(inputs)
    }
  }
}

extension SizeFunction.Unary {
  fileprivate func value(_ number: Double) -> Double {
    switch self {
    case .negative: -number
    case .absolute: abs(number)
    case .floor: number.rounded(.down)
    case .ceil: number.rounded(.up)
    case .round: number.rounded(.toNearestOrEven)
    case .root: number.squareRoot()
    case .not: number == 0 ? 1 : 0
    case .sign: number > 0 ? 1 : number < 0 ? -1 : 0
    }
  }
}

extension SizeFunction.Binary {
  fileprivate func value(_ one: SizeValue, _ other: SizeValue) throws -> SizeValue {
    let extents = try SizeValue.common(one.extents, other.extents)
    let kind: SizeValue.Kind = one.kind == .float || other.kind == .float ? .float : .integer
    let (a, b) = try (one.broadcast(to: extents).elements, other.broadcast(to: extents).elements)
    return try SizeValue(
      compares ? .integer : kind, extents, a.indices.map { try value(a[$0], b[$0], kind) })
  }

  private func value(_ a: Double, _ b: Double, _ kind: SizeValue.Kind) throws -> Double {
    switch self {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide, .modulo:
      guard b != 0 else { throw FCNError(.shapeMismatch, "\(a) is divided by 0") }
      if self == .modulo { return a - (a / b).rounded(.down) * b }
      return kind == .integer ? (a / b).rounded(.towardZero) : a / b
    case .minimum: return min(a, b)
    case .maximum: return max(a, b)
    case .power:
      // A root, or one over it, as attention is scaled by.
      if abs(b) == 0.5, a > 0, kind == .float { return b > 0 ? a.squareRoot() : 1 / a.squareRoot() }
      guard let exponent = Int(exactly: b), (0...64).contains(exponent) else {
        throw FCNError(.unsupported, "the power \(b) of a size")
      }
      return (0..<exponent).reduce(1) { product, _ in product * a }
    case .equal: return a == b ? 1 : 0
    case .less: return a < b ? 1 : 0
    case .greater: return a > b ? 1 : 0
    case .lessOrEqual: return a <= b ? 1 : 0
    case .greaterOrEqual: return a >= b ? 1 : 0
    case .and: return a != 0 && b != 0 ? 1 : 0
    case .or: return a != 0 || b != 0 ? 1 : 0
    }
  }
}

extension SizeFunction.Reduction {
  fileprivate func value(
    _ input: SizeValue, _ axes: [Int]?, _ keepsAxes: Bool
  ) throws -> SizeValue {
    let rank = input.extents.count
    let axes = Set(try (axes ?? Array(0..<rank)).map { try SizeValue.axis($0, of: rank) })
    let extents = input.extents.enumerated().map { axes.contains($0) ? 1 : $1 }
    let start: Double =
      switch self {
      case .sum: 0
      case .product: 1
      case .minimum: .infinity
      case .maximum: -.infinity
      }
    // No larger than the input, but for axes of none.
    let count = extents.reduce(1) { min($0 * $1, SizeValue.mostElements + 1) }
    let target = try SizeValue(.float, extents, [Double](repeating: 0, count: count))
    let (inner, outer) = (input.strides, target.strides)
    var made = [Double](repeating: start, count: target.elements.count)
    for (index, element) in input.elements.enumerated() {
      var place = 0
      for axis in 0..<rank where !axes.contains(axis) {
        place += index / inner[axis] % input.extents[axis] * outer[axis]
      }
      switch self {
      case .sum: made[place] += element
      case .product: made[place] *= element
      case .minimum: made[place] = min(made[place], element)
      case .maximum: made[place] = max(made[place], element)
      }
    }
    let kept =
      keepsAxes ? extents : extents.indices.filter { !axes.contains($0) }.map { extents[$0] }
    return try SizeValue(input.kind, kept, made)
  }
}
