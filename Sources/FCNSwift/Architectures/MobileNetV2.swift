/// MobileNetV2 (Sandler et al., 2018, table 2) under torchvision's names: blocks that widen, filter each
/// channel by itself, and narrow again.
struct MobileNetV2: Trunk {
  let name = "mobilenet-v2"
  var fineStride: Int { 16 }
  var auxiliaryStage: Int { 3 }

  /// The paper's t, c, n, s: how much wider a block is inside, channels, blocks, stride of the first.
  private static let table = [
    (t: 1, c: 16, n: 1, s: 1),
    (t: 6, c: 24, n: 2, s: 2),
    (t: 6, c: 32, n: 3, s: 2),
    (t: 6, c: 64, n: 4, s: 2),
    (t: 6, c: 96, n: 3, s: 1),
    (t: 6, c: 160, n: 3, s: 2),
    (t: 6, c: 320, n: 1, s: 1),
  ]

  func append(
    to network: inout NetworkBuilder, _ options: ArchitectureOptions, _ style: TrunkStyle
  ) -> TrunkFeatures {
    let prefix = style.library == .torchvision ? "backbone" : "encoder.features"
    var channels = options.scaledToEights(32)
    network.addSequence(
      "\(prefix).0", Convolution(channels, kernel: 3, stride: 2, padding: 1, bias: false),
      ClippedReLU())
    var stages: [TrunkFeatures.Stage] = []
    var (stage, number) = (1, 0)
    for row in Self.table {
      if row.s == 2 {
        stages.append(TrunkFeatures.Stage(layer: network.last, channels: channels))
        stage += 1
      }
      let dilation = style.dilation(ofStage: stage)
      let output = options.scaledToEights(row.c)
      for index in 0..<row.n {
        number += 1
        let isFirst = index == 0 && row.s == 2
        let first = style.library == .torchvision ? style.dilation(ofStage: stage - 1) : dilation
        network.addInvertedResidual(
          "\(prefix).\(number).conv", from: channels, expansion: row.t, to: output,
          stride: isFirst ? style.stride(ofStage: stage) : 1, dilation: isFirst ? first : dilation,
          adds: index > 0)
        channels = output
      }
    }
    channels = options.scaledToEights(1280)
    network.addSequence(
      "\(prefix).\(number + 1)", Convolution(channels, kernel: 1, bias: false), ClippedReLU())
    stages.append(TrunkFeatures.Stage(layer: network.last, channels: channels))
    return TrunkFeatures(stages: stages)
  }
}

extension NetworkBuilder {
  /// Adds a block of MobileNetV2.
  fileprivate mutating func addInvertedResidual(
    _ name: String, from input: Int, expansion: Int, to output: Int, stride: Int, dilation: Int,
    adds: Bool
  ) {
    let source = last
    let inner = expansion * input
    var number = 0
    if expansion > 1 {
      addSequence("\(name).0", Convolution(inner, kernel: 1, bias: false), ClippedReLU())
      number = 1
    }
    let dilation = Extent(dilation, dilation)
    addSequence(
      "\(name).\(number)",
      Convolution(
        inner, kernel: 3, stride: Extent(stride, stride), padding: dilation, dilation: dilation,
        groups: inner, bias: false), ClippedReLU())
    addNormalized(
      "\(name).\(number + 1)", "\(name).\(number + 2)", Convolution(output, kernel: 1, bias: false))
    if adds { add("\(name).add", Sum(), [source, last]) }
  }
}

extension ArchitectureOptions {
  /// `channels` times the width factor, rounded to eights.
  func scaledToEights(_ channels: Int) -> Int { Self.roundedToEights(Float(channels) * width) }

  /// The multiple of 8 that is nearest to `channels`, but not below 90 % of it, as the papers of MobileNets
  /// have it.
  static func roundedToEights(_ channels: Float) -> Int {
    let rounded = max(8, Int((channels + 4) / 8) * 8)
    return Float(rounded) < 0.9 * channels ? rounded + 8 : rounded
  }
}
