extension Architecture {
  /// segmentation_models_pytorch's feature pyramid network (Kirillov et al., 2019) on each trunk: features
  /// of four stages, each added to what comes from the coarser, brought to a quarter of the picture's
  /// size and summed. Dropout takes values one by one, not whole channels.
  static let fpnOnTrunks = family(
    "fpn", source: "segmentation_models_pytorch's FPN (Kirillov et al., 2019)", stride: 32,
    assumptions: ["the decoder doubles by nearest neighbours and adds"],
    style: { _ in TrunkStyle(library: .segmentationModels, outputStride: 32) },
    build: { network, features, trunk, options in
      let channels = options.scaled(256)
      network.add(
        "decoder.p5", Convolution(channels, kernel: 1), [features[stage: 5].layer])
      var pyramid = [network.last]
      for stage in [4, 3, 2] {
        let name = "decoder.p\(stage)"
        let coarse = network.add(
          "\(name).resize",
          Resize(to: .scaled(by: 2), .nearest(.floor), coordinates: .asymmetric))
        network.add(
          "\(name).skip_conv", Convolution(channels, kernel: 1), [features[stage: stage].layer])
        pyramid.append(network.add("\(name).sum", Sum(), [coarse, network.last]))
      }
      // Thirty-two groups, whatever the width.
      let groups = 32
      let merged = groups * options.scaled(128 / groups)
      var branches: [String] = []
      for (index, (level, doublings)) in zip(pyramid, [3, 2, 1, 0]).enumerated() {
        network.addBranch(
          "decoder.seg_blocks.\(index)", on: level, channels: merged, groups: groups, doublings)
        branches.append(network.last)
      }
      network.add("decoder.merge", Sum(), branches)
      network.add("decoder.dropout", Dropout(rate: 0.2))
      network.add("segmentation_head.0", Convolution.scores(options.classes))
      network.add("segmentation_head.1", Resize(to: .scaled(by: 4), coordinates: .alignCorners))
    })
}

extension NetworkBuilder {
  /// A 3×3 convolution, group normalisation and ReLU before each of `doublings` of the size, or once.
  fileprivate mutating func addBranch(
    _ name: String, on level: String, channels: Int, groups: Int, _ doublings: Int
  ) {
    for step in 0..<max(1, doublings) {
      let block = "\(name).block.\(step)"
      add(
        "\(block).block.0", Convolution(channels, kernel: 3, padding: 1, bias: false),
        step == 0 ? [level] : [])
      add("\(block).block.1", GroupNormalization(groups: groups))
      add("\(block).block.2", ReLU())
      guard step < doublings else { continue }
      add("\(block).resize", Resize(to: .scaled(by: 2), coordinates: .alignCorners))
    }
  }
}
