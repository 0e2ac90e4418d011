/// The choices an architecture leaves open, alike for all of them.
public struct ArchitectureOptions: Sendable, Hashable {
  /// Classes to tell apart, background included; 1…255, since 255 is the ignore label. A model has two
  /// or more; networks of one are other frameworks'.
  public var classes: Int
  /// Channels of the input.
  public var inputChannels: Int
  /// A factor on every channel count of the trunk; counts are rounded, at least 1.
  public var width: Float
  /// Batch normalisation after each convolution of a VGG trunk. ResNets always have it.
  public var batchNorm: Bool
  /// A second score head, on the trunk's next to last stage, which training learns from too.
  public var auxiliaryHead: Bool
  /// Upsampling that may mix classes, as in networks that learned it, in place of a kernel a class.
  public var denseUpsampling: Bool

  /// Options that an architecture may leave open or not, as model files spell them.
  public enum Choice: String, Sendable, CaseIterable {
    case width
    case batchNorm = "batch_norm"
    case auxiliaryHead = "auxiliary_head"
    case denseUpsampling = "dense_upsampling"
  }

  /// Makes the options; `validate()` says whether they are in range.
  public init(
    classes: Int, inputChannels: Int = 3, width: Float = 1, batchNorm: Bool = false,
    auxiliaryHead: Bool = false, denseUpsampling: Bool = false
  ) {
    self.classes = classes
    self.inputChannels = inputChannels
    self.width = width
    self.batchNorm = batchNorm
    self.auxiliaryHead = auxiliaryHead
    self.denseUpsampling = denseUpsampling
  }

  /// The choices that differ from their default.
  var choicesMade: Set<Choice> {
    var choices: Set<Choice> = []
    if width != 1 { choices.insert(.width) }
    if batchNorm { choices.insert(.batchNorm) }
    if auxiliaryHead { choices.insert(.auxiliaryHead) }
    if denseUpsampling { choices.insert(.denseUpsampling) }
    return choices
  }

  /// What `width` may be.
  public static let widthRange = NumberRange<Float>(0.01...4)

  /// Throws where an option is outside what any architecture can be built with.
  public func validate() throws {
    guard (1...255).contains(classes) else {
      throw FCNError(.invalidArgument, "the number of classes is \(classes); it must be 1…255")
    }
    guard (1...64).contains(inputChannels) else {
      throw FCNError(
        .invalidArgument, "the number of input channels is \(inputChannels); it must be 1…64")
    }
    try Self.widthRange.check(width, "width")
  }

  /// `channels` times the width factor, rounded, at least 1.
  func scaled(_ channels: Int) -> Int {
    max(1, Int((Float(channels) * width).rounded()))
  }
}
