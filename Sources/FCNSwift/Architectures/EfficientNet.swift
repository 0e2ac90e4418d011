/// EfficientNet-B0 (Tan and Le, 2019, table 1) as segmentation_models_pytorch has it: strided convolutions
/// see one row and column more at the bottom and the right, as TensorFlow's do on even sizes. What is
/// dropped whole from blocks while that trains ("stochastic depth") is kept here.
struct EfficientNet: Trunk {
  let name = "efficientnet-b0"
  var fineStride: Int { 16 }
  var auxiliaryStage: Int { 3 }
  /// Of odd sizes TensorFlow's convolutions would see a row and column at the other side too.
  var wantsWholeStrides: Bool { true }

  /// The paper's table: kernel, how much wider a block is inside, channels, blocks, stride of the first.
  private static let table = [
    (kernel: 3, expansion: 1, channels: 16, blocks: 1, stride: 1),
    (kernel: 3, expansion: 6, channels: 24, blocks: 2, stride: 2),
    (kernel: 5, expansion: 6, channels: 40, blocks: 2, stride: 2),
    (kernel: 3, expansion: 6, channels: 80, blocks: 3, stride: 2),
    (kernel: 5, expansion: 6, channels: 112, blocks: 3, stride: 1),
    (kernel: 5, expansion: 6, channels: 192, blocks: 4, stride: 2),
    (kernel: 3, expansion: 6, channels: 320, blocks: 1, stride: 1),
  ]
  /// The last block of stages 2 to 5, as segmentation_models_pytorch divides them; dilation follows that.
  private static let lastBlocks = [2, 4, 8, 15]

  func append(
    to network: inout NetworkBuilder, _ options: ArchitectureOptions, _ style: TrunkStyle
  ) -> TrunkFeatures {
    let prefix = style.library == .torchvision ? "backbone" : "encoder"
    let norm = BatchNorm(epsilon: 1e-3, momentum: 0.01)
    var channels = options.scaledToEights(32)
    network.addOverhanging(
      "\(prefix)._conv_stem", Convolution(channels, kernel: 3, stride: 2, bias: false))
    network.add("\(prefix)._bn0", norm)
    network.add("\(prefix)._swish", SiLU())
    var stages = [TrunkFeatures.Stage(layer: network.last, channels: channels)]
    var number = 0
    for row in Self.table {
      for index in 0..<row.blocks {
        // A dilated stage begins where the library says it does, which may be before the stride.
        let stage = 2 + (Self.lastBlocks.firstIndex { number <= $0 } ?? 3)
        let dilation = style.dilation(ofStage: stage)
        let output = options.scaledToEights(row.channels)
        network.addBlock(
          "\(prefix)._blocks.\(number)", from: channels, expansion: row.expansion, to: output,
          kernel: row.kernel, stride: index == 0 && dilation == 1 ? row.stride : 1,
          dilation: dilation, adds: index > 0, norm: norm)
        channels = output
        if Self.lastBlocks.contains(number) {
          stages.append(TrunkFeatures.Stage(layer: network.last, channels: channels))
        }
        number += 1
      }
    }
    return TrunkFeatures(stages: stages)
  }
}

extension NetworkBuilder {
  /// Adds `convolution`, whose own padding is none, on a picture with zeros around it: where its stride is
  /// 2, one row and column more at the end than at the beginning.
  fileprivate mutating func addOverhanging(_ name: String, _ convolution: Convolution) {
    let (before, after) = (
      (convolution.window.kernel.h - 2) / 2, (convolution.window.kernel.h - 1) / 2
    )
    add("\(name).static_padding", Pad(top: before, left: before, bottom: after, right: after))
    add(name, convolution)
  }

  fileprivate mutating func addBlock(
    _ name: String, from input: Int, expansion: Int, to output: Int, kernel: Int, stride: Int,
    dilation: Int, adds: Bool, norm: BatchNorm
  ) {
    let source = last
    let inner = expansion * input
    if expansion > 1 {
      addNormalized(
        "\(name)._expand_conv", "\(name)._bn0", Convolution(inner, kernel: 1, bias: false),
        norm: norm)
      add("\(name)._swish0", SiLU())
    }
    let extent = Extent(kernel, kernel)
    if stride == 2 {
      addOverhanging(
        "\(name)._depthwise_conv",
        Convolution(inner, kernel: extent, stride: 2, groups: inner, bias: false))
    } else {
      let padding = kernel / 2 * dilation
      add(
        "\(name)._depthwise_conv",
        Convolution(
          inner, kernel: extent, padding: Extent(padding, padding),
          dilation: Extent(dilation, dilation), groups: inner, bias: false))
    }
    add("\(name)._bn1", norm)
    add("\(name)._swish1", SiLU())
    addSqueezeExcitation(
      "\(name)._se", reduce: "\(name)._se_reduce", expand: "\(name)._se_expand", channels: inner,
      squeezed: max(1, input / 4), activation: SiLU(), gate: Sigmoid())
    addNormalized(
      "\(name)._project_conv", "\(name)._bn2", Convolution(output, kernel: 1, bias: false),
      norm: norm)
    if adds { add("\(name).add", Sum(), [source, last]) }
  }
}
