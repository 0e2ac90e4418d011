// The settings of what tells places, or puts values below or beside each other, as networks in files
// have them.

extension Coordinates: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("axis", .string(axis.rawValue))
    if let size { attributes.add("size", size) }
  }

  init(_ attributes: AttributeReader) throws {
    let axis: Axis = try attributes.required("axis")
    let size = try attributes.extent("size", in: OperationLimits.side, else: 1)
    self.init(axis, size: attributes.has("size") ? size : nil)
  }
}

extension ConstantPlanes: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("channels", channels)
    attributes.add("size", size)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      try attributes.integer("channels", in: OperationLimits.channels),
      try attributes.extent("size", in: OperationLimits.side))
  }
}

extension LineConcatenation: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("axis", .string(axis.rawValue))
  }

  init(_ attributes: AttributeReader) throws { self.init(try attributes.required("axis")) }
}

extension RowsAsColumns: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension ChannelProducts: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("heads", heads, unless: 1) }

  init(_ attributes: AttributeReader) throws {
    self.init(heads: try attributes.integer("heads", in: OperationLimits.channels, else: 1))
  }
}

extension ChannelMixing: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("heads", heads, unless: 1)
    attributes.add("transposed", isTransposed, unless: false)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      heads: try attributes.integer("heads", in: OperationLimits.channels, else: 1),
      isTransposed: try attributes.truth("transposed", else: false))
  }
}

extension AttributeReader {
  /// A choice by its name that must be made.
  fileprivate func required<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String
  ) throws -> Choice {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return try value(name, "one of \(names)") { json in
      json.text.flatMap { Choice(rawValue: $0) }
    }
  }
}
