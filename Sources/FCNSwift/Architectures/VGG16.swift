/// The convolutional part of VGG16 (Simonyan and Zisserman, 2015, configuration D): thirteen 3×3
/// convolutions, each followed by ReLU, in five groups that each end in a 2×2 max pool.
enum VGG16 {
  private static let groups: [(channels: Int, convolutions: Int)] = [
    (64, 2), (128, 2), (256, 3), (512, 3), (512, 3),
  ]

  /// Appends conv1_1 … pool5 to `network`. With batch normalisation, bn1_1 … follow the
  /// convolutions, which then have no bias of their own.
  static func append(to network: inout NetworkBuilder, _ options: ArchitectureOptions) {
    for (group, (channels, convolutions)) in zip(1..., groups) {
      for index in 1...convolutions {
        let suffix = "\(group)_\(index)"
        network.add(
          "conv\(suffix)",
          Convolution(
            options.scaled(channels), kernel: 3, padding: 1, bias: !options.batchNorm))
        if options.batchNorm { network.add("bn\(suffix)", BatchNorm()) }
        network.add("relu\(suffix)", ReLU())
      }
      network.add("pool\(group)", MaxPool(kernel: 2, stride: 2))
    }
  }
}
