// Sizes as networks in files have them; docs/model-format.md lists the functions.
extension SizeNode {
  private enum Key {
    static let name = "name"
    static let function = "function"
    static let inputs = "inputs"
    static let axis = "axis"
    static let axes = "axes"
    static let order = "order"
    static let kind = "kind"
    static let extents = "extents"
    static let elements = "elements"
    static let keepsAxes = "keeps_axes"
  }

  /// The names of functions that have no settings of their own.
  private static let plain: [(name: String, function: SizeFunction)] =
    [
      ("shape", .shape), ("select", .select), ("truth", .truth), ("slice", .slice),
      ("reshape", .reshape), ("expand", .expand), ("range", .range),
      ("to_integer", .cast(.integer)), ("to_float", .cast(.float)),
    ]
    + SizeFunction.Unary.allCases.map { ($0.rawValue, .unary($0)) }
    + SizeFunction.Binary.allCases.map { (snakeCase($0.rawValue), .binary($0)) }

  private static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }

  var json: JSON {
    var members: [JSON.Member] = [.init(Key.name, .string(name))]
    func add(_ function: String, _ settings: [JSON.Member] = []) {
      members.append(.init(Key.function, .string(function)))
      if !inputs.isEmpty {
        members.append(.init(Key.inputs, .array(inputs.map { .string($0) })))
      }
      members += settings
    }
    switch function {
    case .constant(let value): add("constant", value.members)
    case .fill(let value): add("fill", value.members)
    case .gather(let axis): add("gather", [.init(Key.axis, .number(axis))])
    case .concatenate(let axis): add("concatenate", [.init(Key.axis, .number(axis))])
    case .transpose(let order): add("transpose", [.init(Key.order, integers(order))])
    case .squeeze(let axes): add("squeeze", [.init(Key.axes, integers(axes))])
    case .unsqueeze(let axes): add("unsqueeze", [.init(Key.axes, integers(axes))])
    case .reduce(let reduction, let axes, let keepsAxes):
      let named = axes.map { [JSON.Member(Key.axes, integers($0))] } ?? []
      add("reduce_\(reduction.rawValue)", named + [.init(Key.keepsAxes, .bool(keepsAxes))])
    default:
      // All that is left are plain.
      for (name, plain) in Self.plain where plain == function { add(name) }
    }
    return .object(members)
  }

  private func integers(_ list: [Int]) -> JSON { .array(list.map { .number($0) }) }

  /// Reads what `json` says. Throws `corrupt` where it is wrong, `unsupported` where it is unknown.
  init(_ json: JSON) throws {
    let reader = try AttributeReader(json)
    let name = try reader.value(Key.name, "a string", \.text)
    try NetworkGraph.check(name)
    let function = try reader.value(Key.function, "a string", \.text)
    let inputs = try reader.value(Key.inputs, "an array of strings", else: []) { json in
      json.elements?.compactMap(\.text)
    }
    for input in inputs { try NetworkGraph.check(input) }
    func list(_ key: String) throws -> [Int] {
      try reader.value(key, "an array of integers") { json in
        json.elements.flatMap { $0.count <= 64 ? $0.compactMap(\.integer) : nil }
      }
    }
    func made() throws -> SizeFunction {
      if let plain = Self.plain.first(where: { $0.name == function }) { return plain.function }
      switch function {
      case "constant": return .constant(try SizeValue(reader))
      case "fill": return .fill(try SizeValue(reader))
      case "gather": return .gather(axis: try reader.integer(Key.axis, in: -64...64))
      case "concatenate": return .concatenate(axis: try reader.integer(Key.axis, in: -64...64))
      case "transpose": return .transpose(try list(Key.order))
      case "squeeze": return .squeeze(try list(Key.axes))
      case "unsqueeze": return .unsqueeze(try list(Key.axes))
      default: break
      }
      guard
        let reduction = SizeFunction.Reduction.allCases.first(where: {
          "reduce_\($0.rawValue)" == function
        })
      else {
        throw FCNError(.unsupported, "the function \(quoted(function)) is unknown to this version")
      }
      return .reduce(
        reduction, axes: reader.has(Key.axes) ? try list(Key.axes) : nil,
        keepsAxes: try reader.truth(Key.keepsAxes, else: true))
    }
    self.init(name, try made(), inputs)
    try reader.finish()
  }
}

extension SizeValue {
  fileprivate var members: [JSON.Member] {
    [
      .init("kind", .string(kind.rawValue)),
      .init("extents", .array(extents.map { .number($0) })),
      .init("elements", .array(elements.map { .number($0) })),
    ]
  }

  fileprivate init(_ reader: AttributeReader) throws {
    let kind = try reader.value("kind", "integer or float") { $0.text.flatMap(Kind.init) }
    let extents = try reader.value("extents", "an array of integers") { json in
      json.elements.flatMap { $0.count <= 16 ? $0.compactMap(\.integer) : nil }
    }
    let elements = try reader.value("elements", "an array of numbers") {
      $0.elements?.compactMap(\.double)
    }
    try self.init(kind, extents, elements)
  }
}

extension SizedOperation {
  /// What of the settings is computed, in a file: an object that names the size.
  private static let key = "size"

  /// All settings as a file has them.
  var attributes: [JSON.Member] {
    settings + computed.map { .init($0.name, .object([.init(Self.key, .string($0.size))])) }
  }

  /// nil where no setting in `attributes` is computed.
  init?(_ operation: String, _ attributes: JSON) throws {
    let members = attributes.members ?? []
    func computed(_ member: JSON.Member) -> ComputedSetting? {
      guard let inner = member.value.members, inner.count == 1, inner[0].name == Self.key,
        let size = inner[0].value.text
      else { return nil }
      return ComputedSetting(name: member.name, size: size)
    }
    let found = members.compactMap(computed)
    guard !found.isEmpty else { return nil }
    try StoredOperations.check(operation)
    self.init(operation, members.filter { computed($0) == nil }, computed: found)
  }

  init(_ operation: String, _ settings: [JSON.Member], computed: [ComputedSetting]) {
    (self.operation, self.settings, self.computed) = (operation, settings, computed)
  }
}
