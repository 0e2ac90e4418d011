extension Architecture {
  /// U-Net (Ronneberger, Fischer and Brox, 2015) with padded convolutions, so that scores have the
  /// picture's size; layers are called as in the PyTorch programs that most people have it from.
  public static let unet = Architecture(
    name: "unet", source: "U-Net (Ronneberger, Fischer, Brox, 2015), padded",
    preprocessing: .torchvision, stride: 16, choices: [.width, .batchNorm]
  ) { network, options in
    var skips = [network.addPair("inc.double_conv", channels: 64, options)]
    for (number, channels) in zip(1..., [128, 256, 512, 1024]) {
      network.add("down\(number).maxpool_conv.0", MaxPool(kernel: 2, stride: 2))
      let name = "down\(number).maxpool_conv.1.double_conv"
      skips.append(network.addPair(name, channels: channels, options))
    }
    for (number, channels) in zip(1..., [512, 256, 128, 64]) {
      network.add(
        "up\(number).up",
        TransposedConvolution(options.scaled(channels), kernel: 2, stride: 2))
      network.add("up\(number).concatenation", Concatenation(), [skips[4 - number], network.last])
      network.addPair("up\(number).conv.double_conv", channels: channels, options)
    }
    network.add("outc.conv", Convolution.scores(options.classes))
  }

  /// segmentation_models_pytorch's U-Net on each trunk: coarse features, repeated to twice the size, and
  /// those of the finer stage go through two convolutions, five times.
  static let unetOnTrunks = family(
    "unet", source: "segmentation_models_pytorch's U-Net (Ronneberger, Fischer, Brox, 2015)",
    stride: 32, assumptions: ["the decoder doubles by nearest neighbours"],
    style: { _ in TrunkStyle(library: .segmentationModels, outputStride: 32) },
    build: { network, features, trunk, options in
      var last = features[stage: 5].layer
      for (index, channels) in [256, 128, 64, 32, 16].enumerated() {
        let name = "decoder.blocks.\(index)"
        last = network.add(
          "\(name).resize",
          Resize(to: .scaled(by: 2), .nearest(.floor), coordinates: .asymmetric), [last])
        if index < 4 {
          network.add(
            "\(name).concatenation", Concatenation(), [last, features[stage: 4 - index].layer])
        }
        for part in ["conv1", "conv2"] {
          network.addSequence(
            "\(name).\(part)",
            Convolution(options.scaled(channels), kernel: 3, padding: 1, bias: false))
        }
        last = network.last
      }
      network.add(
        "segmentation_head.0",
        Convolution(options.classes, kernel: 3, padding: 1, makesScores: true))
    })
}

extension NetworkBuilder {
  /// Adds two 3×3 convolutions with ReLU, and batch normalisation where it is wanted.
  @discardableResult
  fileprivate mutating func addPair(
    _ name: String, channels: Int, _ options: ArchitectureOptions
  ) -> String {
    for number in [0, 3] {
      add(
        "\(name).\(number)",
        Convolution(
          options.scaled(channels), kernel: 3, padding: 1, bias: !options.batchNorm))
      if options.batchNorm { add("\(name).\(number + 1)", BatchNorm()) }
      add("\(name).\(number + 2)", ReLU())
    }
    return last
  }
}
