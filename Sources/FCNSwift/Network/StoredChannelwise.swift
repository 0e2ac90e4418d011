// The settings of what works on pairs of values, or on each channel with numbers of its own, as networks in
// files have them.

extension Product: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Difference: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Quotient: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Affine: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension PReLU: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("shared", isShared, unless: false)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(isShared: try attributes.truth("shared", else: false))
  }
}

extension InstanceNormalization: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("epsilon", epsilon, unless: 1e-5)
  }

  init(_ attributes: AttributeReader) throws { self.init(epsilon: try attributes.epsilon()) }
}

extension LayerNormalization: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("epsilon", epsilon, unless: 1e-5)
  }

  init(_ attributes: AttributeReader) throws { self.init(epsilon: try attributes.epsilon()) }
}

extension GroupNormalization: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("groups", groups)
    attributes.add("epsilon", epsilon, unless: 1e-5)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      groups: try attributes.integer("groups", in: OperationLimits.channels),
      epsilon: try attributes.epsilon())
  }
}

extension AttributeReader {
  fileprivate func epsilon() throws -> Float {
    try number("epsilon", "a number above 0, at most 1", else: 1e-5) { $0 > 0 && $0 <= 1 }
  }
}
