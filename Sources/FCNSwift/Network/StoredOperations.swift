// The settings of each operation as networks in files have them; docs/model-format.md lists them.

/// Limits that keep every product of sizes within what can be counted.
enum OperationLimits {
  static let channels = 1...65536
  static let window = 1...4096
  static let padding = 0...4096
  static let side = 1...65536
  static let offset = 0...65536
}

extension AttributeReader {
  /// A window's settings, all but a kernel's with a default.
  func window(stride: Extent?, hasDilation: Bool) throws -> Window {
    Window(
      kernel: try extent("kernel", in: OperationLimits.window),
      stride: try extent("stride", in: OperationLimits.window, else: stride),
      padding: try extent("padding", in: OperationLimits.padding, else: 0),
      dilation: hasDilation ? try extent("dilation", in: OperationLimits.window, else: 1) : 1)
  }
}

extension AttributeWriter {
  mutating func add(_ window: Window, stride: Extent?) {
    add("kernel", window.kernel)
    add("stride", window.stride, unless: stride)
    add("padding", window.padding, unless: 0)
    add("dilation", window.dilation, unless: 1)
  }
}

extension Convolution: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("output_channels", outputChannels)
    attributes.add(window, stride: 1)
    attributes.add("groups", groups, unless: 1)
    attributes.add("bias", bias, unless: true)
    attributes.add("makes_scores", makesScores, unless: false)
  }

  init(_ attributes: AttributeReader) throws {
    let outputChannels = try attributes.integer("output_channels", in: OperationLimits.channels)
    let window = try attributes.window(stride: 1, hasDilation: true)
    self.init(
      outputChannels, kernel: window.kernel, stride: window.stride, padding: window.padding,
      dilation: window.dilation,
      groups: try attributes.integer("groups", in: OperationLimits.channels, else: 1),
      bias: try attributes.truth("bias", else: true),
      makesScores: try attributes.truth("makes_scores", else: false))
  }
}

extension TransposedConvolution: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("output_channels", outputChannels)
    attributes.add(window, stride: 1)
    attributes.add("groups", groups, unless: 1)
    attributes.add("bias", bias, unless: true)
    attributes.add("fixed", isFixed, unless: false)
  }

  init(_ attributes: AttributeReader) throws {
    let outputChannels = try attributes.integer("output_channels", in: OperationLimits.channels)
    let window = try attributes.window(stride: 1, hasDilation: false)
    self.init(
      outputChannels, kernel: window.kernel, stride: window.stride, padding: window.padding,
      groups: try attributes.integer("groups", in: OperationLimits.channels, else: 1),
      bias: try attributes.truth("bias", else: true),
      isFixed: try attributes.truth("fixed", else: false))
  }
}

extension MaxPool: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add(window, stride: nil)
    attributes.add("ceil_mode", ceilMode, unless: false)
  }

  init(_ attributes: AttributeReader) throws {
    let window = try attributes.window(stride: nil, hasDilation: true)
    self.init(
      kernel: window.kernel, stride: window.stride, padding: window.padding,
      dilation: window.dilation, ceilMode: try attributes.truth("ceil_mode", else: false))
  }
}

extension MaxPoolIndices: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add(window, stride: nil) }

  init(_ attributes: AttributeReader) throws {
    self.init(
      kernel: try attributes.extent("kernel", in: OperationLimits.window),
      stride: try attributes.extent("stride", in: OperationLimits.window))
  }
}

extension MaxUnpool: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add(window, stride: nil) }

  init(_ attributes: AttributeReader) throws {
    self.init(
      kernel: try attributes.extent("kernel", in: OperationLimits.window),
      stride: try attributes.extent("stride", in: OperationLimits.window))
  }
}

extension BatchNorm: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("epsilon", epsilon, unless: 1e-5)
    attributes.add("momentum", momentum, unless: 0.1)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      epsilon: try attributes.number("epsilon", "a number above 0, at most 1", else: 1e-5) {
        $0 > 0 && $0 <= 1
      },
      momentum: try attributes.number("momentum", "a number of 0…1", else: 0.1) {
        (0...1).contains($0)
      })
  }
}

extension Crop: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("offset", offset) }

  init(_ attributes: AttributeReader) throws {
    self.init(offset: try attributes.extent("offset", in: OperationLimits.offset))
  }
}

extension Dropout: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("rate", rate) }

  init(_ attributes: AttributeReader) throws {
    self.init(
      rate: try attributes.number("rate", "a number of 0 or more, below 1") { $0 >= 0 && $0 < 1 })
  }
}

extension LocalResponseNormalization: StoredOperation {
  func write(to attributes: inout AttributeWriter) {
    attributes.add("size", size, unless: 5)
    attributes.add("alpha", alpha, unless: 1e-4)
    attributes.add("beta", beta, unless: 0.75)
    attributes.add("bias", bias, unless: 1)
  }

  init(_ attributes: AttributeReader) throws {
    self.init(
      size: try attributes.value("size", "an odd integer of 1…4095", else: 5) { json in
        json.integer.flatMap { (1...4095).contains($0) && $0 % 2 == 1 ? $0 : nil }
      },
      alpha: try attributes.number("alpha", "a number of 0 or more", else: 1e-4) { $0 >= 0 },
      beta: try attributes.number("beta", else: 0.75),
      bias: try attributes.number("bias", "a number above 0", else: 1) { $0 > 0 })
  }
}

extension Scale: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("factor", factor) }

  init(_ attributes: AttributeReader) throws {
    self.init(by: try attributes.number("factor"))
  }
}

extension Softmax: StoredOperation {
  func write(to attributes: inout AttributeWriter) { attributes.add("groups", groups, unless: 1) }

  init(_ attributes: AttributeReader) throws {
    self.init(groups: try attributes.integer("groups", in: OperationLimits.channels, else: 1))
  }
}

extension Sum: StoredOperation {
  func write(to attributes: inout AttributeWriter) {}
  init(_ attributes: AttributeReader) throws { self.init() }
}
