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

extension Tanh: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Softplus: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Mish: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension GELU: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Exponential: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension ELU: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("alpha", alpha, unless: 1) }

  init(_ attributes: AttributeReader) throws {
    self.init(alpha: try attributes.number("alpha", else: 1))
  }
}

extension Clip: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("low", low)
    attributes.add("high", high)
  }

  init(_ attributes: AttributeReader) throws {
    let low = try attributes.number("low")
    self.init(
      low: low, high: try attributes.number("high", "a number of at least \(low)") { $0 >= low })
  }
}

extension Concatenation: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}
