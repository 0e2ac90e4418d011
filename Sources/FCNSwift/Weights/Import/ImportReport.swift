/// What an import did beyond finding a place for every tensor.
public struct ImportReport: Sendable, Hashable {
  /// Tensors of the file that what was made of it does without, by the file's names where they stand
  /// beside the network, by the network's otherwise.
  public internal(set) var leftOut: [String] = []
  /// Of those the ones that are layers' weights: somebody may miss them.
  public internal(set) var leftOutLayers: [String] = []
  /// Parameters that the file does not have, made as the network's paper has them: bilinear upsampling.
  public internal(set) var filledIn: [String] = []
  /// Whether the preprocessing is the usual one for weights of this kind, since neither the file nor
  /// the caller says which one these were trained with.
  public internal(set) var preprocessingIsAssumed = false
  /// What programs may set otherwise and a file of weights does not tell, as it is taken to be, in words.
  public internal(set) var assumed: [String] = []
  /// Where the file itself says which of several networks it is: the words.
  public internal(set) var statedName: String?
  /// Of an ONNX graph: the output whose scores the model has; empty for other files.
  public internal(set) var output = ""
  /// Of an ONNX graph: the outputs that training learns from too.
  public internal(set) var auxiliaryOutputs: [String] = []
  /// Of an ONNX graph: the outputs that are left out.
  public internal(set) var otherOutputs: [String] = []
  /// Of an ONNX graph: what it does with its scores at the end, and is left out, since labels do not change:
  /// `softmax`, `sigmoid`, `argmax`.
  public internal(set) var ending: [String] = []

  /// Of an ONNX graph that makes what it works on of values itself, with means and deviations of its own:
  /// the largest value that it takes pictures to have, 1 or 255. What preprocessing does comes before that.
  public internal(set) var normalisedRange: Float?

  init() {}
}

/// What a file turned out to be, and what that took.
public struct ImportResult: Sendable {
  /// A model or a trunk.
  public let found: Import
  /// What was left out, filled in and assumed.
  public let report: ImportReport
}

/// What is said of preprocessing beyond a rule that is known by name.
public struct PreprocessingAdjustment: Sendable, Hashable {
  /// The order of the network's input channels.
  public var channelOrder: Preprocessing.ChannelOrder?
  /// What is subtracted, in 0…255 units, in channel order; one value stands for all channels.
  public var mean: [Float]?
  /// What is multiplied by after that, in channel order; one value stands for all channels.
  public var scale: [Float]?

  /// Nothing.
  public init() {}

  /// Whether nothing is said.
  public var isEmpty: Bool { channelOrder == nil && mean == nil && scale == nil }

  /// `rule` with what is said in place of what it says. Another order takes the means and scales of
  /// the colours along. Throws `invalidArgument` where the result is none.
  public func applied(to rule: Preprocessing) throws -> Preprocessing {
    guard !isEmpty else { return rule }
    var rule = rule
    if let channelOrder, channelOrder != rule.channelOrder {
      switch (rule.channelOrder, channelOrder) {
      case (_, .grey):
        // One value that all channels share is grey's too; three are another's.
        let isShared = Set(rule.mean).count == 1 && Set(rule.scale).count == 1
        (rule.mean, rule.scale) =
          isShared
          ? ([rule.mean[0]], [rule.scale[0]]) : (Preprocessing.grey.mean, Preprocessing.grey.scale)
      case (.grey, _): break
      default: (rule.mean, rule.scale) = (rule.mean.reversed(), rule.scale.reversed())
      }
      rule.channelOrder = channelOrder
    }
    if let mean { rule.mean = mean }
    if let scale { rule.scale = scale }
    func spread(_ values: [Float]) -> [Float] {
      values.count == 1 ? [Float](repeating: values[0], count: rule.channels) : values
    }
    (rule.mean, rule.scale) = (spread(rule.mean), spread(rule.scale))
    try rule.validate()
    return rule
  }
}
