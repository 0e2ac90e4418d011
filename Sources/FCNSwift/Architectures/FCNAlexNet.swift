extension Architecture {
  /// FCN-AlexNet (Long, Shelhamer and Darrell, 2015): CaffeNet (Krizhevsky, Sutskever and Hinton,
  /// 2012, pools before normalisations) as convolutions, class scores from fc7, upsampled from
  /// stride 32.
  public static let fcnAlexNet = Architecture(
    name: "fcn-alexnet", source: "FCN-AlexNet (Long, Shelhamer, Darrell): CaffeNet, scores of fc7",
    preprocessing: .caffe, choices: [.width, .denseUpsampling]
  ) { network, options in
    // Half the channels each for the two groups.
    func channels(_ count: Int) -> Int { 2 * options.scaled(count / 2) }
    let pool = MaxPool(kernel: 3, stride: 2, ceilMode: true)

    network.add("conv1", Convolution(channels(96), kernel: 11, stride: 4, padding: 100))
    network.add("relu1", ReLU())
    network.add("pool1", pool)
    network.add("norm1", LocalResponseNormalization())
    network.add("conv2", Convolution(channels(256), kernel: 5, padding: 2, groups: 2))
    network.add("relu2", ReLU())
    network.add("pool2", pool)
    network.add("norm2", LocalResponseNormalization())
    network.add("conv3", Convolution(channels(384), kernel: 3, padding: 1))
    network.add("relu3", ReLU())
    network.add("conv4", Convolution(channels(384), kernel: 3, padding: 1, groups: 2))
    network.add("relu4", ReLU())
    network.add("conv5", Convolution(channels(256), kernel: 3, padding: 1, groups: 2))
    network.add("relu5", ReLU())
    network.add("pool5", pool)
    network.addClassifierLayer("6", Convolution(options.scaled(4096), kernel: 6))
    network.addClassifierLayer("7", Convolution(options.scaled(4096), kernel: 1))
    network.add("score_fr", Convolution.scores(options.classes))
    network.add("upscore", TransposedConvolution.upsampling(by: 32, kernel: 63, options))
    try network.addCrop("score", to: Network.inputName)
  }
}
