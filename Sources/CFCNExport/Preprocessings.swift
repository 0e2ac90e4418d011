public import CFCN
import FCNSwift

extension fcn_preprocessing: GrowingStruct {
  static var name: StaticString { "fcn_preprocessing" }

  /// The rule as the header has it.
  init(_ rule: Preprocessing) {
    self.init()
    switch rule.size {
    case .native:
      size_rule = Int32(FCN_SIZE_NATIVE)
    case .exact(let width, let height):
      size_rule = Int32(FCN_SIZE_EXACT)
      (size_width, size_height) = (Int32(width), Int32(height))
    case .longestSide(let side):
      size_rule = Int32(FCN_SIZE_LONGEST_SIDE)
      size_width = Int32(side)
    case .atMost(let side):
      size_rule = Int32(FCN_SIZE_AT_MOST)
      size_width = Int32(side)
    }
    switch rule.channelOrder {
    case .rgb: channel_order = Int32(FCN_CHANNELS_RGB)
    case .bgr: channel_order = Int32(FCN_CHANNELS_BGR)
    case .grey: channel_order = Int32(FCN_CHANNELS_GREY)
    }
    mean = tuple(rule.mean)
    scale = tuple(rule.scale)
  }

  /// The rule that the host describes; throws where it is none.
  func rule() throws -> Preprocessing {
    guard reserved == 0 else {
      throw FCNError(
        .invalidArgument, "reserved of fcn_preprocessing is \(reserved); it must be 0")
    }
    let size = try sizeRule()
    let order: Preprocessing.ChannelOrder
    switch Int(channel_order) {
    case FCN_CHANNELS_RGB: order = .rgb
    case FCN_CHANNELS_BGR: order = .bgr
    case FCN_CHANNELS_GREY: order = .grey
    default:
      throw FCNError(
        .invalidArgument,
        "channel_order is \(channel_order); it must be FCN_CHANNELS_RGB or another order")
    }
    let channels = order == .grey ? 1 : 3
    guard channels == 3 || (mean.1 == 0 && mean.2 == 0) else {
      throw FCNError(
        .invalidArgument,
        "mean is {\(mean.0), \(mean.1), \(mean.2)} with FCN_CHANNELS_GREY, which has one channel; "
          + "the others must be 0")
    }
    let rule = Preprocessing(
      size: size, channelOrder: order, mean: Array([mean.0, mean.1, mean.2].prefix(channels)),
      scale: Array([scale.0, scale.1, scale.2].prefix(channels)))
    try rule.validate()
    return rule
  }
}

extension fcn_preprocessing {
  private static let sides: ClosedRange<Int32> = 1...16384

  /// The rule for sizes; throws where a size is out of range or is given where the rule has none.
  private func sizeRule() throws -> Preprocessing.SizeRule {
    switch Int(size_rule) {
    case FCN_SIZE_NATIVE:
      try requireUnset(size_width, "size_width", "FCN_SIZE_NATIVE")
      try requireUnset(size_height, "size_height", "FCN_SIZE_NATIVE")
      return .native
    case FCN_SIZE_EXACT:
      try check(size_width, "size_width", Self.sides)
      try check(size_height, "size_height", Self.sides)
      return .exact(width: Int(size_width), height: Int(size_height))
    case FCN_SIZE_LONGEST_SIDE:
      return .longestSide(try side("FCN_SIZE_LONGEST_SIDE"))
    case FCN_SIZE_AT_MOST:
      return .atMost(try side("FCN_SIZE_AT_MOST"))
    default:
      throw FCNError(
        .invalidArgument, "size_rule is \(size_rule); it must be FCN_SIZE_NATIVE or another rule")
    }
  }

  private func side(_ rule: StaticString) throws -> Int {
    try check(size_width, "size_width", Self.sides)
    try requireUnset(size_height, "size_height", rule)
    return Int(size_width)
  }

  private func requireUnset(
    _ value: Int32, _ name: StaticString, _ rule: StaticString
  ) throws {
    guard value == 0 else {
      throw FCNError(
        .invalidArgument, "\(name) is \(value) with \(rule), which does not use it; it must be 0")
    }
  }
}

/// The first three of `values`, zero where there are fewer.
private func tuple(_ values: [Float]) -> (Float, Float, Float) {
  func value(_ index: Int) -> Float { values.indices.contains(index) ? values[index] : 0 }
  return (value(0), value(1), value(2))
}

@_cdecl("fcn_model_get_preprocessing")
public func fcn_model_get_preprocessing(
  _ out: UnsafeMutablePointer<fcn_preprocessing>?, _ model: OpaquePointer?
) -> fcn_status {
  attempt {
    try fcn_preprocessing(ModelObject.from(model).model.description.preprocessing).fill(out)
  }
}
