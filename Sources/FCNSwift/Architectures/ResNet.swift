/// ResNet (He et al., 2016) as torchvision builds it: the stride of a bottleneck in its 3×3 convolution
/// ("v1.5"). For fine features, dilation in place of stride (Yu, Koltun and Funkhouser, 2017).
struct ResNet: Trunk {
  let name: String
  /// Blocks of the four stages after the first.
  let blocks: [Int]
  /// Whether a block is a bottleneck: 1×1, 3×3, and 1×1 to four times the channels. Otherwise two 3×3.
  let hasBottlenecks: Bool

  static let resNet18 = ResNet(name: "resnet18", blocks: [2, 2, 2, 2], hasBottlenecks: false)
  static let resNet34 = ResNet(name: "resnet34", blocks: [3, 4, 6, 3], hasBottlenecks: false)
  static let resNet50 = ResNet(name: "resnet50", blocks: [3, 4, 6, 3], hasBottlenecks: true)
  static let resNet101 = ResNet(name: "resnet101", blocks: [3, 4, 23, 3], hasBottlenecks: true)

  var fineStride: Int { 8 }
  var auxiliaryStage: Int { 4 }

  /// conv1 … layer4 under torchvision's names.
  func append(
    to network: inout NetworkBuilder, _ options: ArchitectureOptions, _ style: TrunkStyle
  ) -> TrunkFeatures {
    let prefix = style.library == .torchvision ? "backbone" : "encoder"
    let stem = options.scaled(64)
    network.addNormalized(
      "\(prefix).conv1", "\(prefix).bn1",
      Convolution(stem, kernel: 7, stride: 2, padding: 3, bias: false))
    var stages = [TrunkFeatures.Stage(layer: network.add("\(prefix).relu", ReLU()), channels: stem)]
    network.add("\(prefix).maxpool", MaxPool(kernel: 3, stride: 2, padding: 1))
    for (layer, count) in zip(1..., blocks) {
      // What torchvision calls layer 1 is stage 2, and keeps the size that the pool has made.
      let stage = layer + 1
      let dilation = style.dilation(ofStage: stage)
      // torchvision's first block of a dilated stage still has the dilation before it.
      let first = style.library == .torchvision ? style.dilation(ofStage: stage - 1) : dilation
      let channels = options.scaled(64 << (layer - 1))
      for index in 0..<count {
        network.addBlock(
          "\(prefix).layer\(layer).\(index)", bottleneck: hasBottlenecks, channels: channels,
          stride: index > 0 || layer == 1 ? 1 : style.stride(ofStage: stage),
          dilation: index == 0 ? first : dilation,
          projects: index == 0 && (layer > 1 || hasBottlenecks))
      }
      stages.append(
        TrunkFeatures.Stage(layer: network.last, channels: hasBottlenecks ? 4 * channels : channels)
      )
    }
    return TrunkFeatures(stages: stages)
  }
}

extension NetworkBuilder {
  /// Adds a residual block, whose convolutions are added to the block's input or, where it `projects`, to a
  /// 1×1 convolution of that.
  fileprivate mutating func addBlock(
    _ name: String, bottleneck: Bool, channels: Int, stride: Int, dilation: Int, projects: Bool
  ) {
    let (stride, dilation) = (Extent(stride, stride), Extent(dilation, dilation))
    func convolution3(stride: Extent) -> Convolution {
      Convolution(
        channels, kernel: 3, stride: stride, padding: dilation, dilation: dilation, bias: false)
    }
    let output = bottleneck ? 4 * channels : channels
    var layers =
      bottleneck
      ? [
        Convolution(channels, kernel: 1, bias: false), convolution3(stride: stride),
        Convolution(output, kernel: 1, bias: false),
      ] : [convolution3(stride: stride), convolution3(stride: 1)]
    let input = last
    let final = layers.removeLast()
    for (index, convolution) in zip(1..., layers) {
      addNormalized("\(name).conv\(index)", "\(name).bn\(index)", convolution)
      add("\(name).relu\(index)", ReLU())
    }
    let count = layers.count + 1
    addNormalized("\(name).conv\(count)", "\(name).bn\(count)", final)
    let residual = last
    var shortcut = input
    if projects {
      addNormalized(
        "\(name).downsample.0", "\(name).downsample.1",
        Convolution(output, kernel: 1, stride: stride, bias: false), [input])
      shortcut = last
    }
    add("\(name).add", Sum(), [residual, shortcut])
    add("\(name).relu\(count)", ReLU())
  }
}
