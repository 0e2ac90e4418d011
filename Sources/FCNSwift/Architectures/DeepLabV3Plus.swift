extension Architecture {
  /// segmentation_models_pytorch's DeepLabV3+ (Chen et al., 2018) on each trunk: the pyramid of DeepLabV3 by
  /// separable convolutions at a sixteenth of the picture's size, joined with features at a quarter.
  static let deepLabV3PlusOnTrunks = family(
    "deeplabv3plus", source: "segmentation_models_pytorch's DeepLabV3+ (Chen et al., 2018)",
    stride: 16,
    assumptions: ["the trunk's output stride is 16, the pyramid's rates are 12, 24 and 36"],
    style: { _ in TrunkStyle(library: .segmentationModels, outputStride: 16) },
    build: { network, features, trunk, options in
      let channels = options.scaled(256)
      network.addSpatialPyramid(
        "decoder.aspp.0", on: features[stage: 5].layer, channels: channels, isSeparable: true)
      network.addSeparable("decoder.aspp.1", channels: channels)
      network.add("decoder.aspp.2", BatchNorm())
      network.add("decoder.aspp.3", ReLU())
      let context = network.add(
        "decoder.up", Resize(to: .scaled(by: 4), coordinates: .alignCorners))
      network.addSequence(
        "decoder.block1", Convolution(options.scaled(48), kernel: 1, bias: false), ReLU(),
        [features[stage: 2].layer])
      network.add("decoder.concatenation", Concatenation(), [context, network.last])
      network.addSeparable("decoder.block2.0", channels: channels)
      network.add("decoder.block2.1", BatchNorm())
      network.add("decoder.block2.2", ReLU())
      network.add("segmentation_head.0", Convolution.scores(options.classes))
      network.add("segmentation_head.1", Resize(to: .scaled(by: 4), coordinates: .alignCorners))
    })
}
