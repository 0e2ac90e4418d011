extension Architecture {
  /// torchvision's FCN on each trunk: `fcn_resnet50` and `fcn_resnet101` are theirs.
  static let fcnOnTrunks = family(
    "fcn", source: "torchvision's FCN (Long, Shelhamer, Darrell): fine features, FCN head",
    choices: [.width, .auxiliaryHead],
    style: { TrunkStyle(library: .torchvision, outputStride: $0.fineStride) },
    build: { network, features, trunk, options in
      network.addAuxiliaryHead(on: features[stage: trunk.auxiliaryStage], options)
      network.addFCNHead("classifier", on: features[stage: 5], options)
    })
}

extension NetworkBuilder {
  /// torchvision's second head, if there is to be one, whose loss counts half as in its
  /// references/segmentation/train.py.
  mutating func addAuxiliaryHead(
    on features: TrunkFeatures.Stage, _ options: ArchitectureOptions
  ) {
    guard options.auxiliaryHead else { return }
    addFCNHead("aux_classifier", on: features, options)
    auxiliaryScores[last] = 0.5
  }

  /// torchvision's FCNHead: a 3×3 convolution to a quarter of the channels, dropout, scores, brought to the
  /// input's size.
  fileprivate mutating func addFCNHead(
    _ name: String, on features: TrunkFeatures.Stage, _ options: ArchitectureOptions
  ) {
    addSequence(
      name, Convolution(max(1, features.channels / 4), kernel: 3, padding: 1, bias: false), ReLU(),
      [features.layer])
    add("\(name).3", Dropout(rate: 0.1))
    add("\(name).4", Convolution.scores(options.classes))
    add("\(name).resize", Resize(to: .likeSecondInput), [last, Network.inputName])
  }
}
