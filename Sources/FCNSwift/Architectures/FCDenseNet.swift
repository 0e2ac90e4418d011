/// FC-DenseNets (Jégou et al., 2017), called as in pytorch_tiramisu. Dropout takes values one by one, as the
/// paper's program does, not whole channels.
extension Architecture {
  /// Five dense blocks of four layers each way: 56 layers, 12 new channels a layer.
  public static let fcDenseNet56 = fcDenseNet("fc-densenet56", layers: 4, growth: 12)

  /// Five dense blocks of five layers each way: 67 layers, 16 new channels a layer.
  public static let fcDenseNet67 = fcDenseNet("fc-densenet67", layers: 5, growth: 16)

  private static func fcDenseNet(_ name: String, layers: Int, growth: Int) -> Architecture {
    Architecture(
      name: name, source: "FC-DenseNet (Jégou et al., 2017): \(layers) layers a block",
      preprocessing: .torchvision, stride: 32, choices: [.width]
    ) { network, options in
      let growth = options.scaled(growth)
      network.add("firstconv", Convolution(options.scaled(48), kernel: 3, padding: 1))
      var skips: [String] = []
      for index in 0..<5 {
        network.addDenseBlock("denseBlocksDown.\(index)", layers, growth, keepsInput: true)
        skips.append(network.last)
        network.addTransitionDown("transDownBlocks.\(index)")
      }
      network.addDenseBlock("bottleneck.bottleneck", layers, growth, keepsInput: false)
      for index in 0..<5 {
        try network.addTransitionUp(
          "transUpBlocks.\(index)", channels: layers * growth, beside: skips[4 - index])
        network.addDenseBlock("denseBlocksUp.\(index)", layers, growth, keepsInput: index == 4)
      }
      network.add("finalConv", Convolution.scores(options.classes))
    }
  }
}

extension NetworkBuilder {
  /// Each layer sees the block's input and what all layers before it made. On the way up a block gives on
  /// only what is new.
  fileprivate mutating func addDenseBlock(
    _ name: String, _ layers: Int, _ growth: Int, keepsInput: Bool
  ) {
    let input = last
    var made: [String] = []
    for index in 0..<layers {
      let layer = "\(name).layers.\(index)"
      if index > 0 { add("\(layer).concatenation", Concatenation(), [input] + made) }
      add("\(layer).norm", BatchNorm())
      add("\(layer).relu", ReLU())
      add("\(layer).conv", Convolution(growth, kernel: 3, padding: 1))
      made.append(add("\(layer).drop", Dropout(rate: 0.2)))
    }
    add("\(name).concatenation", Concatenation(), keepsInput ? [input] + made : made)
  }

  fileprivate mutating func addTransitionDown(_ name: String) {
    let channels = channelCount(of: last)
    add("\(name).norm", BatchNorm())
    add("\(name).relu", ReLU())
    add("\(name).conv", Convolution(channels, kernel: 1))
    add("\(name).drop", Dropout(rate: 0.2))
    add("\(name).maxpool", MaxPool(kernel: 2, stride: 2))
  }

  /// A transposed convolution to twice the size, of which the first row and column stay over the skip's.
  fileprivate mutating func addTransitionUp(
    _ name: String, channels: Int, beside skip: String
  ) throws {
    add("\(name).convTrans", TransposedConvolution(channels, kernel: 3, stride: 2))
    add("\(name).crop", Crop(offset: 0), [last, skip])
    add("\(name).concatenation", Concatenation(), [last, skip])
  }
}
