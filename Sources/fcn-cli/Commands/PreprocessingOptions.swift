import FCNSwift

/// The options that say how pictures become a network's input, alike for `import`, `init` and `train`.
enum PreprocessingOptions {
  static let name = Option.value(
    "preprocessing", "NAME",
    "Channel order, mean and scale: torchvision, caffe, grey or unit (values 0…1); by default the "
      + "architecture's or, with weights from elsewhere, the usual one for them."
  ).choosing(from: Preprocessing.named.map(\.name))
  static let order = Option.value(
    "order", "ORDER", "The order of the network's input channels: rgb, bgr or grey."
  ).choosing(from: Preprocessing.ChannelOrder.self)
  static let mean = Option.value(
    "mean", "LIST",
    "What is subtracted from each channel, a value or one a channel in --order: of values of 0…255, "
      + "or, with --std within 0…1, of values of 0…1 as in PyTorch's Normalize.")
  static let std = Option.value(
    "std", "LIST", "What is divided by after that: deviations in the units of --mean.")
  static let scale = Option.value(
    "scale", "LIST", "In place of --std, what values of 0…255 are multiplied by after the mean.")

  /// Those of `import` and `init`.
  static let all = [name, order, mean, std, scale]
  /// Those of `train`, where `--scale` is a matter of augmentation.
  static let besideAugmentation = [name, order, mean, std]

  /// A rule that is named, and what is said beyond it. Numbers without a name stand for themselves: a
  /// mean that is not given is 0, a scale 1. Where `takesScale` is false, `--scale` means another
  /// thing.
  static func given(
    in arguments: Arguments, takesScale: Bool = true
  ) throws -> (named: Preprocessing?, adjustment: PreprocessingAdjustment) {
    let named = try arguments.text(name).map { text in
      guard let rule = Preprocessing.named.first(where: { $0.name == text }) else {
        throw arguments.outside(
          name, text,
          Preprocessing.named.map(\.name).joined(separator: ", ")
            + "; for others say --mean and --std\(takesScale ? " or --scale" : ""), and --order")
      }
      return rule.rule
    }
    var adjustment = PreprocessingAdjustment()
    let hasScale = takesScale && arguments.has(scale)
    adjustment.channelOrder = try arguments.choice(order)
    if arguments.has(std), hasScale {
      throw UsageError("--std divides and --scale multiplies: say one of them")
    }
    let means = try values(mean, arguments, in: -255...255)
    if let deviations = try values(std, arguments, in: 0.0001...255) {
      let unit = try isOfUnit(means ?? [], deviations) ? Float(255) : 1
      adjustment.mean = means?.map { $0 * unit }
      adjustment.scale = deviations.map { 1 / ($0 * unit) }
    } else {
      adjustment.mean = means
      adjustment.scale = hasScale ? try values(scale, arguments, in: 1e-6...255) : nil
      if let means, !hasScale, means.contains(where: { $0 != 0 }),
        means.allSatisfy({ abs($0) <= 1 })
      {
        throw UsageError(
          "--mean is within 0…1: say --std too, in the same units"
            + (takesScale ? ", or --scale and a mean of 0…255" : ""))
      }
    }
    if named == nil, adjustment.mean != nil || adjustment.scale != nil {
      adjustment.mean = adjustment.mean ?? [0]
      adjustment.scale = adjustment.scale ?? [1]
    }
    let differ = [adjustment.mean, adjustment.scale].contains { Set($0 ?? []).count > 1 }
    if differ, adjustment.channelOrder == nil, named == nil {
      // A network's usual order may be another than that of the values.
      throw UsageError(
        "values that differ between channels want the order of these: say --order rgb, as PyTorch's "
          + "usual ones are, or --order bgr")
    }
    let grey = (adjustment.channelOrder ?? named?.channelOrder) == .grey
    let divisor = hasScale ? scale : std
    for (option, count) in [(mean, means?.count), (divisor, adjustment.scale?.count)]
    where grey && (count ?? 1) != 1 {
      throw UsageError("\(option.spelling) wants one value for grey pictures")
    }
    return (named, adjustment)
  }

  /// What the options make of `rule`, which is meant where they name none.
  static func rule(
    _ arguments: Arguments, otherwise rule: Preprocessing, takesScale: Bool = true
  ) throws -> Preprocessing {
    let (named, adjustment) = try given(in: arguments, takesScale: takesScale)
    return try adjustment.applied(to: named ?? rule)
  }

  /// Whether means and deviations are of values of 0…1, and not of 0…255.
  private static func isOfUnit(_ means: [Float], _ deviations: [Float]) throws -> Bool {
    let (small, large) = (deviations.allSatisfy { $0 <= 1 }, means.contains { abs($0) > 1 })
    if small, !large { return true }
    // Deviations of 1 with Caffe's means divide by nothing.
    if deviations.allSatisfy({ $0 >= 1 }) { return false }
    throw UsageError(
      "--mean and --std are in different units: wanted both of values of 0…1, or both of 0…255")
  }

  private static func values(
    _ option: Option, _ arguments: Arguments, in range: ClosedRange<Float>
  ) throws -> [Float]? {
    try arguments.text(option).map { text in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count == 1 || parts.count == 3 else {
        throw arguments.outside(option, text, "one number or three, such as 0.485,0.456,0.406")
      }
      return try parts.map { try arguments.number(String($0), option, in: NumberRange(range)) }
    }
  }
}

extension Preprocessing {
  /// Channel order, mean and scale in words, with the name of those that have one.
  var valuesInWords: String {
    let name = Preprocessing.named.first {
      ($0.rule.channelOrder, $0.rule.mean, $0.rule.scale) == (channelOrder, mean, scale)
    }?.name
    func list(_ values: [Float]) -> String {
      let short = values.map { value in
        // Four digits tell what somebody gave.
        let factor: Float = abs(value) >= 10 ? 100 : 100_000
        return "\((value * factor).rounded() / factor)"
      }
      return Set(short).count == 1 ? short[0] : short.joined(separator: ", ")
    }
    return (name.map { "\($0): " } ?? "")
      + "\(channelOrder.rawValue), (value − \(list(mean))) × \(list(scale))"
  }
}
