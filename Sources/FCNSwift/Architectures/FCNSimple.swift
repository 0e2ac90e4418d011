extension Architecture {
  /// The published Chainer system's network: VGG16 to pool5, scores from pool3, pool4 and pool5
  /// brought to pool3's size, summed, and brought to the input's size, all by learned transposed
  /// convolutions.
  public static let fcnSimple = Architecture(
    name: "fcn-simple",
    source: "VGG16 to pool5 with summed scores of pool3, pool4 and pool5",
    preprocessing: .torchvision, stride: 32, choices: [.width, .batchNorm]
  ) { network, options in
    let classes = options.classes
    let trunk = VGG16().append(to: &network, options)
    network.add("score_pool3", Convolution.scores(classes), [trunk.stage3])
    network.add("score_pool4", Convolution.scores(classes), [trunk.stage4])
    network.add(
      "upsampled_pool4", TransposedConvolution(classes, kernel: 4, stride: 2, padding: 1))
    network.add("score_pool5", Convolution.scores(classes), [trunk.stage5])
    network.add(
      "upsampled_pool5", TransposedConvolution(classes, kernel: 8, stride: 4, padding: 2))
    network.add("sum", Sum(), ["score_pool3", "upsampled_pool4", "upsampled_pool5"])
    network.add(
      "upsampled_final", TransposedConvolution(classes, kernel: 16, stride: 8, padding: 4))
  }
}
