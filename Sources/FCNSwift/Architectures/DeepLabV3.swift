extension Architecture {
  /// torchvision's DeepLabV3 (Chen et al., 2017) on each trunk: `deeplabv3_resnet50`, `_resnet101` and
  /// `_mobilenet_v3_large` are theirs.
  static let deepLabV3OnTrunks = family(
    "deeplabv3", source: "torchvision's DeepLabV3 (Chen et al., 2017)",
    choices: [.width, .auxiliaryHead],
    style: { TrunkStyle(library: .torchvision, outputStride: $0.fineStride) },
    build: { network, features, trunk, options in
      network.addAuxiliaryHead(on: features[stage: trunk.auxiliaryStage], options)
      let channels = options.scaled(256)
      network.addSpatialPyramid(
        "classifier.0", on: features[stage: 5].layer, channels: channels, isSeparable: false)
      network.addNormalized(
        "classifier.1", "classifier.2",
        Convolution(channels, kernel: 3, padding: 1, bias: false))
      network.add("classifier.3", ReLU())
      network.add("classifier.4", Convolution.scores(options.classes))
      network.add("resize", Resize(to: .likeSecondInput), [network.last, Network.inputName])
    })
}

extension NetworkBuilder {
  /// Atrous spatial pyramid pooling: what a pixel sees at four distances, and the whole picture's mean.
  mutating func addSpatialPyramid(
    _ name: String, on features: String, channels: Int, isSeparable: Bool
  ) {
    addSequence(
      "\(name).convs.0", Convolution(channels, kernel: 1, bias: false), ReLU(), [features])
    var branches = [last]
    for (number, rate) in zip(1..., [12, 24, 36]) {
      let branch = "\(name).convs.\(number)"
      let rate = Extent(rate, rate)
      if isSeparable {
        addSeparable("\(branch).0", channels: channels, dilation: rate, [features])
        add("\(branch).1", BatchNorm())
        add("\(branch).2", ReLU())
      } else {
        addSequence(
          branch,
          Convolution(channels, kernel: 3, padding: rate, dilation: rate, bias: false), ReLU(),
          [features])
      }
      branches.append(last)
    }
    let pooling = "\(name).convs.4"
    add("\(pooling).0", GlobalAveragePool(), [features])
    addNormalized("\(pooling).1", "\(pooling).2", Convolution(channels, kernel: 1, bias: false))
    add("\(pooling).3", ReLU())
    branches.append(add("\(pooling).resize", Resize(to: .likeSecondInput), [last, features]))
    add("\(name).concatenation", Concatenation(), branches)
    addSequence("\(name).project", Convolution(channels, kernel: 1, bias: false))
    add("\(name).project.3", Dropout(rate: 0.5))
  }

  /// Adds a 3×3 convolution of each channel by itself, and a 1×1 convolution to `channels`.
  mutating func addSeparable(
    _ name: String, channels: Int, dilation: Extent = 1, _ inputs: [String] = []
  ) {
    let inputs = inputs.isEmpty ? [last] : inputs
    let count = channelCount(of: inputs[0])
    add(
      "\(name).0",
      Convolution(
        count, kernel: 3, padding: dilation, dilation: dilation, groups: count, bias: false), inputs
    )
    add("\(name).1", Convolution(channels, kernel: 1, bias: false))
  }
}
