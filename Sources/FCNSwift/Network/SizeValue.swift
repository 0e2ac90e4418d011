/// Numbers that a network works out from shapes before it runs: sizes, paddings, factors. An array of
/// any rank, of integers or of floats.
struct SizeValue: Sendable, Hashable {
  /// What its numbers are.
  enum Kind: String, Sendable, CaseIterable {
    /// Up to 2⁵³ in magnitude; truth values are 0 and 1.
    case integer
    /// float32.
    case float
  }

  /// More than sizes ever take; an array that is larger is no size.
  static let mostElements = 4096
  /// More than any exporter writes.
  static let mostAxes = 32

  let kind: Kind
  /// Extents, outermost first; empty for a single number.
  let extents: [Int]
  /// In row-major order, exact as doubles.
  let elements: [Double]

  /// Throws `shapeMismatch` where the elements do not fill the extents, `unsupported` where they are more
  /// than sizes take or a number is beyond what is exact.
  init(_ kind: Kind, _ extents: [Int], _ elements: [Double]) throws {
    // Zeros do not make up for what is too large beside them.
    guard extents.count <= Self.mostAxes, extents.allSatisfy({ $0 >= 0 }),
      let room = checkedProduct(extents.map { max($0, 1) }), room <= Self.mostElements,
      let count = checkedProduct(extents)
    else {
      throw FCNError(
        .unsupported,
        "an array of \(extents) is no size: it may have \(Self.mostElements) numbers at most")
    }
    guard count == elements.count else {
      throw FCNError(
        .shapeMismatch, "\(elements.count) numbers do not fill an array of \(extents)")
    }
    self.kind = kind
    self.extents = extents
    switch kind {
    case .float: self.elements = elements.map { Double(Float($0)) }
    case .integer:
      let wholes = elements.map { $0.rounded(.towardZero) }
      guard wholes.allSatisfy({ abs($0) <= 0x1p53 }) else {
        throw FCNError(.unsupported, "a size is beyond 2^53 or not a number")
      }
      self.elements = wholes
    }
  }

  /// A list of integers. Those beyond what is exact, as which exporters write an open end, are cut to it.
  init(_ integers: [Int]) throws {
    let most = 1 << 53
    try self.init(
      .integer, [integers.count], integers.map { Double(Swift.min(Swift.max($0, -most), most)) })
  }

  /// The elements as integers; throws where a float is not whole.
  func integers() throws -> [Int] {
    try elements.map {
      guard let integer = Int(exactly: $0) else {
        throw FCNError(.shapeMismatch, "\($0) stands where a whole number is wanted")
      }
      return integer
    }
  }

  /// The one number; throws where there are several or none.
  func single() throws -> Double {
    guard elements.count == 1 else {
      throw FCNError(.shapeMismatch, "\(elements.count) numbers stand where one is wanted")
    }
    return elements[0]
  }

  /// `axis` counted from the front; throws where there is no such axis in `rank`.
  static func axis(_ axis: Int, of rank: Int) throws -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw FCNError(.shapeMismatch, "an array of rank \(rank) has no axis \(axis)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Elements between neighbours along each axis.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in extents.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// An array of `extents` whose element at an index is the one of this array that `source` names.
  func rearranged(_ extents: [Int], _ source: ([Int]) -> Int) throws -> SizeValue {
    guard extents.allSatisfy({ $0 >= 0 }), let count = checkedProduct(extents),
      count <= Self.mostElements
    else { return try SizeValue(kind, extents, []) }
    var index = [Int](repeating: 0, count: extents.count)
    var made: [Double] = []
    for _ in 0..<count {
      made.append(elements[source(index)])
      for axis in extents.indices.reversed() {
        index[axis] += 1
        if index[axis] < extents[axis] { break }
        index[axis] = 0
      }
    }
    return try SizeValue(kind, extents, made)
  }

  /// Repeated along axes of one element, and along new ones in front, to `extents`, as NumPy does.
  func broadcast(to extents: [Int]) throws -> SizeValue {
    if extents == self.extents { return self }
    let offset = extents.count - self.extents.count
    guard offset >= 0,
      self.extents.enumerated().allSatisfy({ $1 == 1 || $1 == extents[$0 + offset] })
    else {
      throw FCNError(.shapeMismatch, "an array of \(self.extents) does not fit one of \(extents)")
    }
    let (own, strides) = (self.extents, strides)
    return try rearranged(extents) { index in
      own.indices.reduce(0) { $0 + (own[$1] == 1 ? 0 : index[$1 + offset] * strides[$1]) }
    }
  }

  /// The extents that two arrays are both repeated to.
  static func common(_ one: [Int], _ other: [Int]) throws -> [Int] {
    let rank = max(one.count, other.count)
    func padded(_ extents: [Int]) -> [Int] {
      [Int](repeating: 1, count: rank - extents.count) + extents
    }
    return try zip(padded(one), padded(other)).map { a, b in
      guard a == b || a == 1 || b == 1 else {
        throw FCNError(.shapeMismatch, "arrays of \(one) and \(other) do not fit together")
      }
      return a == 1 ? b : a
    }
  }
}
