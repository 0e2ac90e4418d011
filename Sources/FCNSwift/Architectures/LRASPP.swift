extension Architecture {
  /// torchvision's LR-ASPP (Howard et al., 2019) on each trunk: `lraspp_mobilenet_v3_large` is theirs.
  /// Coarse features, gated by the whole picture's mean, and fine ones make scores of their own.
  static let lrasppOnTrunks = family(
    "lraspp", source: "torchvision's LR-ASPP (Howard et al., 2019)",
    style: { TrunkStyle(library: .torchvision, outputStride: $0.fineStride) },
    build: { network, features, trunk, options in
      let (low, high) = (features[stage: 3].layer, features[stage: 5].layer)
      let channels = options.scaled(128)
      network.addSequence(
        "classifier.cbr", Convolution(channels, kernel: 1, bias: false), ReLU(), [high])
      let context = network.last
      network.add("classifier.scale.0", GlobalAveragePool(), [high])
      network.add("classifier.scale.1", Convolution(channels, kernel: 1, bias: false))
      network.add("classifier.scale.2", Sigmoid())
      network.add("classifier.product", Product(), [context, network.last])
      network.add("classifier.resize", Resize(to: .likeSecondInput), [network.last, low])
      network.add("classifier.high_classifier", Convolution.scores(options.classes))
      network.add("classifier.low_classifier", Convolution.scores(options.classes), [low])
      network.add("classifier.sum", Sum(), [network.last, "classifier.high_classifier"])
      network.add("resize", Resize(to: .likeSecondInput), [network.last, Network.inputName])
    })
}
