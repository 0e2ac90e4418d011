// The settings of what works on several values, or on each channel with numbers of its own, as networks in
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

extension Maximum: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Minimum: StoredOperation {
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

extension ChannelShuffle: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("groups", groups) }

  init(_ attributes: AttributeReader) throws {
    self.init(groups: try attributes.integer("groups", in: OperationLimits.channels))
  }
}

extension ErrorFunction: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension Power: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("exponent", exponent) }

  init(_ attributes: AttributeReader) throws {
    self.init(try attributes.number("exponent", "a finite number") { $0.isFinite })
  }
}

extension ReducedMean: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("axes", axes.json) }
  init(_ attributes: AttributeReader) throws { self.init(try attributes.axes()) }
}

extension ReducedMaximum: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("axes", axes.json) }
  init(_ attributes: AttributeReader) throws { self.init(try attributes.axes()) }
}

extension PictureAxes {
  var json: JSON { .array(Self.names.filter { contains($0.axis) }.map { .string($0.name) }) }
}

extension AttributeReader {
  fileprivate func axes() throws -> PictureAxes {
    let wanted = "an array of one or more of channels, rows, columns, each once"
    return try value("axes", wanted) { json in
      var axes: PictureAxes = []
      for name in json.elements ?? [] {
        guard let axis = PictureAxes.names.first(where: { $0.name == name.text })?.axis,
          axes.insert(axis).inserted
        else { return nil }
      }
      return axes.isEmpty ? nil : axes
    }
  }
}

extension Attention: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("heads", heads, unless: 1)
    attributes.add("factor", factor, unless: 1)
    attributes.add("softmax", normalization, unless: .keys)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      heads: try attributes.integer("heads", in: OperationLimits.channels, else: 1),
      factor: try attributes.number("factor", "a finite number", else: 1) { $0.isFinite },
      normalization: try attributes.choice("softmax", else: .keys))
  }
}

extension PixelsAsChannels: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}
