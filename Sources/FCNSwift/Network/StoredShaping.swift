// The settings of what gives pictures another size or number of channels, as networks in files have them.

extension Resize: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    switch size {
    case .likeSecondInput: break
    case .scaled(let factor): attributes.add("factor", factor)
    case .scaledAndRounded(let h, let w):
      attributes.add("factor", h == w ? .number(h) : [.number(h), .number(w)])
    case .exact(let size): attributes.add("size", size)
    }
    switch interpolation {
    case .bilinear: break
    case .cubic: attributes.add("interpolation", .string("cubic"))
    case .nearest(let rounding):
      attributes.add("interpolation", .string("nearest"))
      attributes.add("rounding", rounding, unless: .floor)
    }
    attributes.add("coordinates", coordinates, unless: .halfPixel)
  }

  /// Like the second input where neither a factor nor a size is given.
  init(_ attributes: AttributeReader) throws {
    let factor = try attributes.factors("factor", else: (1, 1))
    let size = try attributes.extent("size", in: OperationLimits.side, else: 1)
    let kinds = ["nearest", "bilinear", "cubic"]
    let kind = try attributes.value(
      "interpolation", "one of " + kinds.joined(separator: ", "), else: "bilinear"
    ) { json in json.text.flatMap { kinds.contains($0) ? $0 : nil } }
    let rounding = try attributes.choice("rounding", else: Rounding.floor)
    guard kind == "nearest" || !attributes.has("rounding") else {
      throw FCNError(.corrupt, "rounding is given and interpolation is \(kind); wanted nearest")
    }
    let wanted: Size
    switch (attributes.has("factor"), attributes.has("size")) {
    case (true, true): throw FCNError(.corrupt, "factor and size are both given; wanted one")
    case (true, false):
      wanted =
        if let h = Int(exactly: factor.h), let w = Int(exactly: factor.w) {
          .scaled(by: Extent(h, w))
        } else {
          .scaledAndRounded(h: factor.h, w: factor.w)
        }
    case (false, true): wanted = .exact(size)
    case (false, false): wanted = .likeSecondInput
    }
    self.init(
      to: wanted, kind == "nearest" ? .nearest(rounding) : kind == "cubic" ? .cubic : .bilinear,
      coordinates: try attributes.choice("coordinates", else: .halfPixel))
  }
}

extension AttributeReader {
  /// One number above 0, or two, rows and columns.
  fileprivate func factors(_ name: String, else standard: (Float, Float)) throws -> (
    h: Float, w: Float
  ) {
    let most = Float(OperationLimits.window.upperBound)
    let wanted = "a number above 0, at most \(Int(most)), or two of them, rows and columns"
    return try value(name, wanted, else: standard) { json in
      let values = json.elements?.compactMap(\.float) ?? json.float.map { [$0, $0] } ?? []
      guard values.count == 2, json.elements?.count ?? 2 == 2,
        values.allSatisfy({ $0 > 0 && $0 <= most })
      else { return nil }
      return (values[0], values[1])
    }
  }
}

extension Pad: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("top", top, unless: 0)
    attributes.add("left", left, unless: 0)
    attributes.add("bottom", bottom, unless: 0)
    attributes.add("right", right, unless: 0)
    switch filling {
    case .constant(let value): attributes.add("value", value, unless: 0)
    case .reflect: attributes.add("filling", .string("reflect"))
    case .edge: attributes.add("filling", .string("edge"))
    }
  }

  init(_ attributes: AttributeReader) throws {
    let kinds = ["constant", "reflect", "edge"]
    let kind = try attributes.value(
      "filling", "one of " + kinds.joined(separator: ", "), else: "constant"
    ) { json in json.text.flatMap { kinds.contains($0) ? $0 : nil } }
    let value = try attributes.number("value", else: 0)
    guard kind == "constant" || !attributes.has("value") else {
      throw FCNError(.corrupt, "value is given and filling is \(kind); wanted constant")
    }
    let range = -Pad.most...Pad.most
    self.init(
      top: try attributes.integer("top", in: range, else: 0),
      left: try attributes.integer("left", in: range, else: 0),
      bottom: try attributes.integer("bottom", in: range, else: 0),
      right: try attributes.integer("right", in: range, else: 0),
      filling: kind == "reflect" ? .reflect : kind == "edge" ? .edge : .constant(value))
  }
}

extension Slicing: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    for (name, lines) in [("channels", channels), ("rows", rows), ("columns", columns)]
    where lines != .all {
      attributes.add(
        name, .array([.number(lines.begin)] + (lines.end.map { [.number($0)] } ?? [])))
    }
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      channels: try attributes.lines("channels"), rows: try attributes.lines("rows"),
      columns: try attributes.lines("columns"))
  }
}

extension AttributeReader {
  /// An array of where lines begin and where they end, or of where they begin alone.
  fileprivate func lines(_ name: String) throws -> Slicing.Lines {
    let most = Slicing.most
    return try value(
      name, "an array of a first number and one after the last, of ±\(most), or of the first alone",
      else: .all
    ) { json in
      guard let elements = json.elements, (1...2).contains(elements.count) else { return nil }
      let numbers = elements.compactMap(\.integer).filter { (-most...most).contains($0) }
      guard numbers.count == elements.count else { return nil }
      return Slicing.Lines(from: numbers[0], to: numbers.count == 2 ? numbers[1] : nil)
    }
  }
}

extension DepthToSpace: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("block", block)
    attributes.add("order", order, unless: .pixelsFirst)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      block: try attributes.integer("block", in: 1...DepthToSpace.most),
      order: try attributes.choice("order", else: .pixelsFirst))
  }
}

extension SpaceToDepth: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("block", block) }

  init(_ attributes: AttributeReader) throws {
    self.init(block: try attributes.integer("block", in: 1...DepthToSpace.most))
  }
}

extension AveragePool: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add(window, stride: nil)
    attributes.add("ceil_mode", ceilMode, unless: false)
    attributes.add("counts_padding", countsPadding, unless: true)
  }

  init(_ attributes: AttributeReader) throws {
    let window = try attributes.window(stride: nil, hasDilation: false)
    self.init(
      kernel: window.kernel, stride: window.stride, padding: window.padding,
      ceilMode: try attributes.truth("ceil_mode", else: false),
      countsPadding: try attributes.truth("counts_padding", else: true))
  }
}

extension GlobalAveragePool: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension GlobalMaxPool: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}

extension AdaptiveAveragePool: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("bins", bins) }

  init(_ attributes: AttributeReader) throws {
    self.init(bins: try attributes.extent("bins", in: OperationLimits.window))
  }
}
