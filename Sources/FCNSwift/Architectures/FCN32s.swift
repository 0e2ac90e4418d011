extension Architecture {
  /// FCN-32s (Long, Shelhamer and Darrell, 2015; Shelhamer, Long and Darrell, 2017): VGG16 as
  /// convolutions, class scores from fc7, upsampled from stride 32.
  public static let fcn32s = Architecture(
    name: "fcn32s", source: "FCN-32s (Shelhamer, Long, Darrell): VGG16, scores of fc7",
    preprocessing: .caffe, choices: [.width, .batchNorm, .denseUpsampling]
  ) { network, options in
    let trunk = VGG16.fullyConvolutional.append(to: &network, options)
    network.add("score_fr", Convolution.scores(options.classes), [trunk.stage5])
    network.add("upscore", TransposedConvolution.upsampling(by: 32, options))
    try network.addCrop("score", to: Network.inputName)
  }
}

extension TransposedConvolution {
  /// The FCN papers' upsampling by `factor`: kernel 2 · factor unless another is given, bilinear and
  /// left so by training unless told otherwise. A kernel for every class; with the option
  /// `denseUpsampling`, one for every pair.
  static func upsampling(
    by factor: Int, kernel: Int? = nil, _ options: ArchitectureOptions
  ) -> TransposedConvolution {
    let kernel = kernel ?? 2 * factor
    return TransposedConvolution(
      options.classes, kernel: Extent(kernel, kernel), stride: Extent(factor, factor),
      groups: options.denseUpsampling ? 1 : options.classes, bias: false, isFixed: true)
  }
}
