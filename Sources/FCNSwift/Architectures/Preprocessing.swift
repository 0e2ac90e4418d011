/// How a picture becomes a network's input; stored in the model file, so that no host can get it wrong.
///
/// An RGB picture is scaled as `size` says, its channels put in `channelOrder`, and each value v of
/// 0…255 becomes (v − mean) · scale, with `mean` and `scale` in channel order. The result is
/// zero-padded at the right and the bottom to multiples of the architecture's stride.
public struct Preprocessing: Sendable, Hashable {
  /// Which of the picture's sizes the network sees.
  public enum SizeRule: Sendable, Hashable {
    /// The picture's own size.
    case native
    /// Stretched to exactly `width`×`height`.
    case exact(width: Int, height: Int)
    /// Scaled, keeping its proportions, so that the longer side has this many pixels.
    case longestSide(Int)
    /// As `longestSide`, but pictures that are smaller stay as they are.
    case atMost(Int)
  }

  /// The order in which the network wants the colour channels.
  public enum ChannelOrder: String, Sendable, CaseIterable {
    /// Red first: torchvision's networks and those trained here.
    case rgb
    /// Blue first: networks from Caffe, and those converted from them.
    case bgr
    /// One channel of luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    case grey
  }

  /// Which of the picture's sizes the network sees.
  public var size: SizeRule
  /// The order of the network's input channels.
  public var channelOrder: ChannelOrder
  /// What is subtracted from each channel, in 0…255 units, in channel order.
  public var mean: [Float]
  /// What each channel is multiplied by after the mean is off, in channel order.
  public var scale: [Float]

  /// Makes a rule of its parts; `validate()` says whether they fit together.
  public init(size: SizeRule, channelOrder: ChannelOrder, mean: [Float], scale: [Float]) {
    self.size = size
    self.channelOrder = channelOrder
    self.mean = mean
    self.scale = scale
  }

  /// ImageNet's means and deviations as torchvision states them (0.485, 0.456, 0.406 and 0.229,
  /// 0.224, 0.225 of 1), RGB, the picture's own size.
  public static let torchvision = Preprocessing(
    size: .native, channelOrder: .rgb,
    mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    scale: [1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)])

  /// The means of Caffe's VGG and FCN models (104.00699, 116.66877, 122.67892), BGR, no scale.
  public static let caffe = Preprocessing(
    size: .native, channelOrder: .bgr,
    mean: [104.00699, 116.66877, 122.67892], scale: [1, 1, 1])

  /// The luma of the picture to about −1…1.
  public static let grey = Preprocessing(
    size: .native, channelOrder: .grey, mean: [127.5], scale: [1 / 64])

  /// Values from 0 to 1, as PyTorch's `ToTensor` alone makes them: RGB, the picture's own size.
  public static let unit = Preprocessing(
    size: .native, channelOrder: .rgb, mean: [0, 0, 0], scale: [1.0 / 255, 1.0 / 255, 1.0 / 255])

  /// The rules that have names, by name.
  public static let named: [(name: String, rule: Preprocessing)] = [
    ("torchvision", .torchvision), ("caffe", .caffe), ("grey", .grey), ("unit", .unit),
  ]

  /// The rule called `name`; throws `notFound` with the names there are.
  public static func named(_ name: String) throws -> Preprocessing {
    guard let found = named.first(where: { $0.name == name }) else {
      throw FCNError(
        .notFound,
        "there is no preprocessing \(quoted(name)); there are: "
          + named.map(\.name).joined(separator: ", "))
    }
    return found.rule
  }

  /// Channels of the input this rule makes.
  public var channels: Int { channelOrder == .grey ? 1 : 3 }

  /// Throws unless `mean` and `scale` are finite and have an entry a channel, and sizes are sane.
  public func validate() throws {
    guard mean.count == channels, scale.count == channels else {
      throw FCNError(
        .invalidArgument,
        "preprocessing for \(channelOrder.rawValue) wants \(channels) means and scales; found "
          + "\(mean.count) and \(scale.count)")
    }
    guard (mean + scale).allSatisfy(\.isFinite) else {
      throw FCNError(.invalidArgument, "preprocessing has a mean or scale that is not finite")
    }
    guard !scale.contains(0) else {
      throw FCNError(
        .invalidArgument,
        "preprocessing has a scale of 0, by which every picture is the same; 1 leaves values as they are"
      )
    }
    let sides: [Int]
    switch size {
    case .native: sides = []
    case .exact(let width, let height): sides = [width, height]
    case .longestSide(let side), .atMost(let side): sides = [side]
    }
    guard sides.allSatisfy({ (1...16384).contains($0) }) else {
      throw FCNError(
        .invalidArgument, "preprocessing has a size of \(sides), outside 1…16384 pixels")
    }
  }

  /// The size at which the network sees a picture of `width`×`height`, before padding.
  public func networkSize(width: Int, height: Int) -> (width: Int, height: Int) {
    func fit(_ side: Int) -> (Int, Int) {
      let factor = Double(side) / Double(max(width, height))
      return (
        max(1, Int((Double(width) * factor).rounded())),
        max(1, Int((Double(height) * factor).rounded()))
      )
    }
    switch size {
    case .native: return (width, height)
    case .exact(let width, let height): return (width, height)
    case .longestSide(let side): return fit(side)
    case .atMost(let side): return max(width, height) <= side ? (width, height) : fit(side)
    }
  }
}
