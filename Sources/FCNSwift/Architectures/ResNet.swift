/// ResNet with bottleneck blocks (He et al., 2016) as torchvision builds it for segmentation: the
/// stride of a block in its 3×3 convolution ("v1.5"), and dilation in place of stride in the last two
/// stages (Yu, Koltun and Funkhouser, 2017), whose features stay at an eighth of the picture's size.
struct ResNet: Trunk {
  /// Blocks of the four stages.
  let blocks: [Int]

  static let resNet50 = ResNet(blocks: [3, 4, 6, 3])
  static let resNet101 = ResNet(blocks: [3, 4, 23, 3])

  /// Appends backbone.conv1 … backbone.layer4; layers have torchvision's names.
  func append(to network: inout NetworkBuilder, _ options: ArchitectureOptions) -> TrunkFeatures {
    network.addNormalized(
      "backbone.conv1", "backbone.bn1",
      Convolution(options.scaled(64), kernel: 7, stride: 2, padding: 3, bias: false))
    network.add("backbone.relu", ReLU())
    network.add("backbone.maxpool", MaxPool(kernel: 3, stride: 2, padding: 1))
    // Stage, stride of its first block, dilation of its first and of its other blocks.
    let plan: [(stage: Int, stride: Extent, first: Extent, others: Extent)] = [
      (1, 1, 1, 1), (2, 2, 1, 1), (3, 1, 1, 2), (4, 1, 2, 4),
    ]
    for (count, (stage, stride, first, others)) in zip(blocks, plan) {
      for index in 0..<count {
        network.addBottleneck(
          "backbone.layer\(stage).\(index)", channels: options.scaled(64 << (stage - 1)),
          stride: index == 0 ? stride : 1, dilation: index == 0 ? first : others,
          projects: index == 0)
      }
    }
    func output(_ stage: Int) -> String { "backbone.layer\(stage).\(blocks[stage - 1] - 1).relu3" }
    return TrunkFeatures(stage3: output(2), stage4: output(3), stage5: output(4))
  }
}

extension NetworkBuilder {
  /// Adds a convolution and the batch normalisation that follows it.
  mutating func addNormalized(
    _ convolutionName: String, _ normName: String, _ convolution: Convolution,
    _ inputs: [String] = []
  ) {
    add(convolutionName, convolution, inputs)
    add(normName, BatchNorm())
  }

  /// Adds a bottleneck: 1×1 to `channels`, 3×3, 1×1 to four times as many, added to the block's input
  /// or, where it `projects`, to a 1×1 convolution of that.
  fileprivate mutating func addBottleneck(
    _ name: String, channels: Int, stride: Extent, dilation: Extent, projects: Bool
  ) {
    var shortcut = last
    let input = last
    addNormalized("\(name).conv1", "\(name).bn1", Convolution(channels, kernel: 1, bias: false))
    add("\(name).relu1", ReLU())
    addNormalized(
      "\(name).conv2", "\(name).bn2",
      Convolution(
        channels, kernel: 3, stride: stride, padding: dilation, dilation: dilation, bias: false))
    add("\(name).relu2", ReLU())
    addNormalized(
      "\(name).conv3", "\(name).bn3", Convolution(4 * channels, kernel: 1, bias: false))
    let residual = last
    if projects {
      addNormalized(
        "\(name).downsample.0", "\(name).downsample.1",
        Convolution(4 * channels, kernel: 1, stride: stride, bias: false), [input])
      shortcut = last
    }
    add("\(name).add", Sum(), [residual, shortcut])
    add("\(name).relu3", ReLU())
  }
}
