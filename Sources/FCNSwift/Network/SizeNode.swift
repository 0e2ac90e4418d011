/// A size that a network works out when its input's shape is known: a function of other sizes, or of the
/// shape of a value.
struct SizeNode: Sendable, Hashable {
  /// Unique among the network's sizes.
  let name: String
  let function: SizeFunction
  /// Names of sizes that come before it; of `shape`, the layer whose output it measures, or
  /// `Network.inputName`.
  let inputs: [String]

  init(_ name: String, _ function: SizeFunction, _ inputs: [String] = []) {
    (self.name, self.function, self.inputs) = (name, function, inputs)
  }

  /// The layer that it measures, if it is a shape.
  var measured: String? { function == .shape ? inputs.first : nil }
}

/// An operation some of whose settings are sizes. It becomes concrete when those are known; until then it
/// only stands in its place.
struct SizedOperation: Operation {
  static let name = "sized"

  /// The name of the operation that it becomes.
  let operation: String
  /// The settings that are given.
  let settings: [JSON.Member]
  /// The settings that are computed, and the sizes that they are; one number of a size of one.
  let computed: [ComputedSetting]

  struct ComputedSetting: Sendable, Hashable {
    let name: String
    let size: String
  }

  /// The operation with its settings as they are when the sizes are `values`.
  ///
  /// Throws `shapeMismatch` where they are none that it can have.
  func concrete(_ values: [String: SizeValue]) throws -> any Operation {
    let numbers = try computed.map { setting in
      guard let value = values[setting.size] else {
        throw FCNError(.internalDefect, "the size \(setting.size) is not known")
      }
      let elements = value.elements.map { JSON.number($0) }
      return JSON.Member(
        setting.name, value.extents.isEmpty && elements.count == 1 ? elements[0] : .array(elements))
    }
    do {
      return try StoredOperations.make(operation, .object(settings + numbers))
    } catch let error as FCNError where error.kind == .corrupt {
      throw FCNError(.shapeMismatch, "\(error.message), as computed for this input")
    }
  }

  /// The operation as it is without what is computed; nil where there is none without.
  var plain: (any Operation)? { try? StoredOperations.make(operation, .object(settings)) }

  // What follows serves the concrete operation only, which has checks of its own.
  var inputCount: ClosedRange<Int> { 1...1024 }

  func outputShape(of inputs: [Shape]) throws -> Shape {
    throw FCNError(.internalDefect, "the settings of \(operation) are not computed yet")
  }

  var reference: ReferenceForm { ReferenceForm { _, _ in SumReference() } }
}

/// A network's sizes as they become known, layer by layer.
struct SizeEvaluation {
  private var nodes: [SizeNode]
  private var next = 0
  /// Those that are known.
  private(set) var values: [String: SizeValue] = [:]
  private var shapes: [String: Shape] = [:]
  /// Numbers that have been taken and made so far.
  private var work = 0

  /// The most numbers that all sizes of a network may take and make together, some 16 MB: a few hundred
  /// of the largest arrays, where exported networks have small ones.
  static let mostNumbers = 1 << 21

  init(_ nodes: [SizeNode], input: Shape) throws {
    self.nodes = nodes
    try add(Network.inputName, input)
  }

  /// Adds a size to work out; it comes after all others. One that cannot be worked out is not added.
  mutating func add(_ node: SizeNode) throws {
    nodes.append(node)
    do {
      try advance()
    } catch {
      nodes.removeLast()
      throw error
    }
  }

  /// Tells the shape of what layer `name` makes; works out what follows.
  mutating func add(_ name: String, _ shape: Shape) throws {
    shapes[name] = shape
    try advance()
  }

  private mutating func advance() throws {
    while next < nodes.count, let inputs = try inputs(of: nodes[next]) {
      let node = nodes[next]
      let value = try naming("size \(node.name)") {
        try spend(inputs.reduce(0) { $0 + $1.elements.count })
        let value = try node.function(inputs)
        try spend(value.elements.count)
        return value
      }
      values[node.name] = value
      next += 1
    }
  }

  private mutating func spend(_ count: Int) throws {
    work += count
    guard work <= Self.mostNumbers else {
      throw FCNError(
        .unsupported,
        "the sizes up to here take and make \(work) numbers; the limit for all of a network is "
          + "\(Self.mostNumbers)")
    }
  }

  /// nil where the layer that `node` measures has not been reached.
  private func inputs(of node: SizeNode) throws -> [SizeValue]? {
    if let measured = node.measured {
      guard let shape = shapes[measured] else { return nil }
      return [try SizeValue([shape.n, shape.c, shape.h, shape.w])]
    }
    return try node.inputs.map { name in
      guard let value = values[name] else {
        throw FCNError(.internalDefect, "size \(node.name) takes \(name), which is not known")
      }
      return value
    }
  }
}
