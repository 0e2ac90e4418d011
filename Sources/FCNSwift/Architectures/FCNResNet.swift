extension Architecture {
  /// torchvision's `fcn_resnet50`.
  public static let fcnResNet50 = fcnResNet(
    name: "fcn-resnet50", source: "torchvision's fcn_resnet50: dilated ResNet-50, FCN head",
    .resNet50)

  /// torchvision's `fcn_resnet101`.
  public static let fcnResNet101 = fcnResNet(
    name: "fcn-resnet101", source: "torchvision's fcn_resnet101: dilated ResNet-101, FCN head",
    .resNet101)

  private static func fcnResNet(name: String, source: String, _ trunk: ResNet) -> Architecture {
    Architecture(
      name: name, source: source, preprocessing: .torchvision, choices: [.width, .auxiliaryHead]
    ) { network, options in
      let features = trunk.append(to: &network, options)
      if options.auxiliaryHead {
        network.addFCNHead(
          "aux_classifier", on: features.stage4, channels: options.scaled(256), options)
        // As in torchvision's references/segmentation/train.py.
        network.auxiliaryScores[network.last] = 0.5
      }
      network.addFCNHead(
        "classifier", on: features.stage5, channels: options.scaled(512), options)
    }
  }
}

extension NetworkBuilder {
  /// torchvision's FCNHead: a 3×3 convolution to `channels`, dropout, scores, brought to the input's
  /// size.
  fileprivate mutating func addFCNHead(
    _ name: String, on features: String, channels: Int, _ options: ArchitectureOptions
  ) {
    addNormalized(
      "\(name).0", "\(name).1", Convolution(channels, kernel: 3, padding: 1, bias: false),
      [features])
    add("\(name).2", ReLU())
    add("\(name).3", Dropout(rate: 0.1))
    add("\(name).4", Convolution.scores(options.classes))
    add("\(name).resize", Resize(to: .likeSecondInput), [last, Network.inputName])
  }
}
