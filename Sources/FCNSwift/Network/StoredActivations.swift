// The settings of activations, and of the concatenation, as networks in files have them.

extension LeakyReLU: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("slope", slope, unless: 0.01)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(slope: try attributes.number("slope", else: 0.01))
  }
}

extension ClippedReLU: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("limit", limit, unless: 6) }

  init(_ attributes: AttributeReader) throws {
    self.init(limit: try attributes.number("limit", "a number above 0", else: 6) { $0 > 0 })
  }
}

extension ReLU: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Sigmoid: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension HardSigmoid: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension HardSwish: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension SiLU: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Concatenation: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}
