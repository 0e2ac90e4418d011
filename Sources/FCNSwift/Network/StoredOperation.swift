/// An operation that networks in files may have: it writes its settings and is made of them again.
///
/// What a file says of it may come from anywhere: every setting is held to what the operation can be
/// computed with, and to limits that keep sizes from overflowing.
protocol StoredOperation: Operation {
  /// Writes the settings that differ from their defaults.
  func write(to attributes: inout AttributeWriter)

  /// Makes it of its settings. Throws `corrupt` with the name of one that is missing, of another type or
  /// out of range, and what was wanted.
  init(_ attributes: AttributeReader) throws
}

/// The operations that files may name.
enum StoredOperations {
  static let all: [any StoredOperation.Type] = [
    AdaptiveAveragePool.self, Affine.self, Attention.self, AveragePool.self, BatchNorm.self,
    ChannelMixing.self, ChannelProducts.self, ChannelShuffle.self, Clip.self, ClippedReLU.self,
    Concatenation.self, ConstantPlanes.self, Convolution.self, Coordinates.self, Crop.self,
    DepthToSpace.self, Difference.self, Dropout.self, ELU.self, ErrorFunction.self,
    Exponential.self, GELU.self, GlobalAveragePool.self, GlobalMaxPool.self,
    GroupNormalization.self, HardSigmoid.self, HardSwish.self, InstanceNormalization.self,
    LayerNormalization.self, LeakyReLU.self, LineConcatenation.self,
    LocalResponseNormalization.self, Maximum.self, MaxPool.self, MaxPoolIndices.self,
    MaxUnpool.self, Minimum.self, Mish.self, Pad.self, PixelsAsChannels.self, Power.self,
    PReLU.self, Product.self, Quotient.self, ReducedMaximum.self, ReducedMean.self, ReLU.self,
    Resize.self, RowsAsColumns.self, Scale.self, Sigmoid.self, SiLU.self, Slicing.self,
    Softmax.self, Softplus.self, SpaceToDepth.self, Sum.self, Tanh.self, TransposedConvolution.self,
  ]

  /// The operation called `name` with the settings that `attributes`, an object, holds.
  ///
  /// Throws `unsupported` where there is none of that name, or it has no such setting.
  static func make(_ name: String, _ attributes: JSON) throws -> any StoredOperation {
    let type = try check(name)
    let reader = try AttributeReader(attributes)
    let operation = try naming(name) { try type.init(reader) }
    try naming(name) { try reader.finish() }
    return operation
  }

  /// The operation that files call `name`; throws `unsupported` where there is none.
  @discardableResult
  static func check(_ name: String) throws -> any StoredOperation.Type {
    guard let type = all.first(where: { $0.name == name }) else {
      throw FCNError(
        .unsupported,
        "the operation \(quoted(name)) is unknown to this version, which knows "
          + all.map { $0.name }.joined(separator: ", ") + "; a newer version wrote it")
    }
    return type
  }
}

/// Collects an operation's settings as members of an object.
struct AttributeWriter {
  private(set) var members: [JSON.Member] = []

  mutating func add(_ name: String, _ value: Int, unless standard: Int? = nil) {
    if value != standard { members.append(.init(name, .number(value))) }
  }

  mutating func add(_ name: String, _ value: Float, unless standard: Float? = nil) {
    if value != standard { members.append(.init(name, .number(value))) }
  }

  mutating func add(_ name: String, _ value: Bool, unless standard: Bool) {
    if value != standard { members.append(.init(name, .bool(value))) }
  }

  mutating func add(_ name: String, _ value: JSON) { members.append(.init(name, value)) }

  /// A choice by its name.
  mutating func add<Choice: RawRepresentable<String>>(
    _ name: String, _ value: Choice, unless standard: Choice
  ) {
    if value.rawValue != standard.rawValue { add(name, .string(value.rawValue)) }
  }

  /// One number where both are the same, an array of rows and columns otherwise.
  mutating func add(_ name: String, _ value: Extent, unless standard: Extent? = nil) {
    guard value != standard else { return }
    let both: JSON = [.number(value.h), .number(value.w)]
    members.append(.init(name, value.h == value.w ? .number(value.h) : both))
  }
}

/// Reads an operation's settings from an object, and knows at the end which nobody asked for.
final class AttributeReader {
  private let members: [JSON.Member]
  private var known: [String] = []

  init(_ json: JSON) throws {
    guard let members = json.members else {
      throw FCNError(.corrupt, "attributes is \(AttributeReader.shown(json)); wanted an object")
    }
    self.members = members
  }

  /// Whether the setting `name` is there.
  func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  func integer(_ name: String, in range: ClosedRange<Int>, else standard: Int? = nil) throws -> Int
  {
    try value(name, "an integer of \(text(range))", else: standard) { json in
      json.integer.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func number(
    _ name: String, _ wanted: String = "a number", else standard: Float? = nil,
    where isProper: (Float) -> Bool = { _ in true }
  ) throws -> Float {
    try value(name, wanted, else: standard) { json in
      json.float.flatMap { isProper($0) ? $0 : nil }
    }
  }

  func truth(_ name: String, else standard: Bool) throws -> Bool {
    try value(name, "true or false", else: standard, \.truth)
  }

  func extent(
    _ name: String, in range: ClosedRange<Int>, else standard: Extent? = nil
  ) throws -> Extent {
    try value(name, "\(text(range)), or two of them, rows and columns", else: standard) { json in
      let values = json.elements?.compactMap(\.integer) ?? json.integer.map { [$0, $0] } ?? []
      guard values.count == 2, json.elements?.count ?? 2 == 2,
        values.allSatisfy({ range.contains($0) })
      else { return nil }
      return Extent(values[0], values[1])
    }
  }

  /// A choice by its name.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, else standard: Choice
  ) throws -> Choice {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return try value(name, "one of \(names)", else: standard) { json in
      json.text.flatMap { Choice(rawValue: $0) }
    }
  }

  /// Throws `unsupported` where a setting is there that was not asked for: what it wants would be left
  /// undone.
  func finish() throws {
    for member in members where !known.contains(member.name) {
      throw FCNError(
        .unsupported,
        "the attribute \(quoted(member.name)) is unknown to this version, which knows "
          + (known.isEmpty ? "none of this operation" : known.joined(separator: ", ")))
    }
  }

  /// What `read` makes of the setting `name`, or `standard` where it is missing.
  func value<Value>(
    _ name: String, _ wanted: String, else standard: Value? = nil, _ read: (JSON) -> Value?
  ) throws -> Value {
    known.append(name)
    guard let json = members.first(where: { $0.name == name })?.value else {
      guard let standard else {
        throw FCNError(.corrupt, "\(name) is missing; wanted \(wanted)")
      }
      return standard
    }
    guard let value = read(json) else {
      throw FCNError(.corrupt, "\(name) is \(AttributeReader.shown(json)); wanted \(wanted)")
    }
    return value
  }

  private func text(_ range: ClosedRange<Int>) -> String {
    "\(range.lowerBound)…\(range.upperBound)"
  }

  /// A value from a file, short enough for a message.
  static func shown(_ json: JSON) -> String {
    switch json {
    case .array(let elements)
    where elements.count > 4 || !elements.allSatisfy { $0.double != nil }:
      "an array of \(elements.count)"
    case .object: "an object"
    case .string(let text): quoted(text)
    default: json.compactText
    }
  }
}
