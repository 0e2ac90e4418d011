extension Architecture {
  /// FCN-16s (Long, Shelhamer and Darrell, 2015; Shelhamer, Long and Darrell, 2017): FCN-32s with
  /// scores of pool4 added, then upsampled from stride 16.
  public static let fcn16s = Architecture(
    name: "fcn16s", source: "FCN-16s (Shelhamer, Long, Darrell): VGG16, scores of pool4 and fc7",
    preprocessing: .caffe, choices: [.width, .batchNorm, .denseUpsampling]
  ) { network, options in
    let trunk = VGG16.fullyConvolutional.append(to: &network, options)
    network.add("score_fr", Convolution.scores(options.classes), [trunk.stage5])
    network.add("upscore2", TransposedConvolution.upsampling(by: 2, options))
    network.add("score_pool4", Convolution.scores(options.classes), [trunk.stage4])
    try network.addCrop("score_pool4c", to: "upscore2")
    network.add("fuse_pool4", Sum(), ["upscore2", "score_pool4c"])
    network.add("upscore16", TransposedConvolution.upsampling(by: 16, options))
    try network.addCrop("score", to: Network.inputName)
  }
}
