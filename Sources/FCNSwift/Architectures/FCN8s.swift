extension Architecture {
  /// FCN-8s (Long, Shelhamer and Darrell, 2015; Shelhamer, Long and Darrell, 2017): FCN-16s with
  /// scores of pool3 added before the last upsampling, from stride 8.
  public static let fcn8s = Architecture(
    name: "fcn8s", source: "FCN-8s (Shelhamer, Long, Darrell): VGG16, scores of pool3, pool4, fc7",
    preprocessing: .caffe, choices: [.width, .batchNorm, .denseUpsampling]
  ) { network, options in
    try network.addFCN8s(options, poolScales: nil)
  }

  /// FCN-8s trained all at once: pool4 and pool3 are scaled down by 0.01 and 0.0001, so that their
  /// score layers, which start late in the staged training, learn slowly from the start.
  public static let fcn8sAtOnce = Architecture(
    name: "fcn8s-atonce",
    source: "FCN-8s trained at once (Shelhamer, Long, Darrell): pool4 × 0.01, pool3 × 0.0001",
    preprocessing: .caffe, choices: [.width, .batchNorm, .denseUpsampling]
  ) { network, options in
    try network.addFCN8s(options, poolScales: (pool4: 0.01, pool3: 0.0001))
  }
}

extension NetworkBuilder {
  fileprivate mutating func addFCN8s(
    _ options: ArchitectureOptions, poolScales: (pool4: Float, pool3: Float)?
  ) throws {
    let trunk = VGG16.fullyConvolutional.append(to: &self, options)
    add("score_fr", Convolution.scores(options.classes), [trunk.stage5])
    add("upscore2", TransposedConvolution.upsampling(by: 2, options))

    var pool4 = trunk.stage4
    if let poolScales { pool4 = add("scale_pool4", Scale(by: poolScales.pool4), [pool4]) }
    add("score_pool4", Convolution.scores(options.classes), [pool4])
    try addCrop("score_pool4c", to: "upscore2")
    add("fuse_pool4", Sum(), ["upscore2", "score_pool4c"])
    add("upscore_pool4", TransposedConvolution.upsampling(by: 2, options))

    var pool3 = trunk.stage3
    if let poolScales { pool3 = add("scale_pool3", Scale(by: poolScales.pool3), [pool3]) }
    add("score_pool3", Convolution.scores(options.classes), [pool3])
    try addCrop("score_pool3c", to: "upscore_pool4")
    add("fuse_pool3", Sum(), ["upscore_pool4", "score_pool3c"])
    add("upscore8", TransposedConvolution.upsampling(by: 8, options))
    try addCrop("score", to: Network.inputName)
  }
}
