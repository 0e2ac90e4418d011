extension Architecture {
  /// DABNet (Li et al., 2019), called as in its authors' program: 0.76 million parameters for pictures of
  /// streets, trained without weights from elsewhere.
  public static let dabnet = Architecture(
    name: "dabnet", source: "DABNet (Li et al., 2019): depthwise asymmetric bottlenecks",
    preprocessing: .torchvision, stride: 8, choices: [.width]
  ) { network, options in
    for index in 0..<3 {
      let name = "init_conv.\(index)"
      network.add(
        "\(name).conv",
        Convolution(
          options.scaled(32), kernel: 3, stride: index == 0 ? 2 : 1, padding: 1, bias: false))
      network.addNormalizedRectifier("\(name).bn_prelu")
    }
    network.addJunction(1, [network.last])

    let stages = [(channels: 64, dilations: [2, 2, 2]), (128, [4, 4, 8, 8, 16, 16])]
    for (stage, (channels, dilations)) in zip(1..., stages) {
      network.addDownsampling("downsample_\(stage)", to: options.scaled(channels))
      let begin = network.last
      for (index, dilation) in dilations.enumerated() {
        network.addDABModule(
          "DAB_Block_\(stage).DAB_Module_\(stage)_\(index)", channels: options.scaled(channels),
          Extent(dilation, dilation))
      }
      network.addJunction(stage + 1, [network.last, begin])
    }
    network.add(
      "classifier.0.conv",
      Convolution(options.classes, kernel: 1, bias: false, makesScores: true))
    network.add("resize", Resize(to: .likeSecondInput), [network.last, Network.inputName])
  }
}

extension NetworkBuilder {
  /// Batch normalisation and a rectifier with a learned slope a channel.
  fileprivate mutating func addNormalizedRectifier(_ name: String) {
    add("\(name).bn", BatchNorm(epsilon: 1e-3))
    add("\(name).acti", PReLU())
  }

  /// Sets the picture, halved `number` times, beside `features`.
  fileprivate mutating func addJunction(_ number: Int, _ features: [String]) {
    let picture = add(
      "down_\(number)", AveragePool(kernel: 3, stride: 2, padding: 1),
      [number == 1 ? Network.inputName : "down_\(number - 1)"])
    add("concatenation_\(number)", Concatenation(), features + [picture])
    addNormalizedRectifier("bn_prelu_\(number)")
  }

  /// A strided convolution and, where channels grow, the largest of each 2×2 beside it.
  fileprivate mutating func addDownsampling(_ name: String, to channels: Int) {
    let input = last
    let before = channelCount(of: input)
    let grows = before < channels
    add(
      "\(name).conv3x3.conv",
      Convolution(
        grows ? channels - before : channels, kernel: 3, stride: 2, padding: 1, bias: false))
    if grows {
      let convolved = last
      add("\(name).max_pool", MaxPool(kernel: 2, stride: 2), [input])
      add("\(name).concatenation", Concatenation(), [convolved, last])
    }
    addNormalizedRectifier("\(name).bn_prelu")
  }

  /// A bottleneck whose two branches filter each channel by itself, down the columns and along the rows: one
  /// near, one at `dilation`.
  fileprivate mutating func addDABModule(_ name: String, channels: Int, _ dilation: Extent) {
    let input = last
    let inner = max(1, channels / 2)
    addNormalizedRectifier("\(name).bn_relu_1")
    add("\(name).conv3x3.conv", Convolution(inner, kernel: 3, padding: 1, bias: false))
    addNormalizedRectifier("\(name).conv3x3.bn_prelu")
    let shared = last
    var branches: [String] = []
    for (prefix, dilation) in [("dconv", 1), ("ddconv", dilation)] {
      let (rows, columns) = (Extent(dilation.h, 0), Extent(0, dilation.w))
      add(
        "\(name).\(prefix)3x1.conv",
        Convolution(
          inner, kernel: Extent(3, 1), padding: rows, dilation: Extent(dilation.h, 1),
          groups: inner, bias: false), [shared])
      addNormalizedRectifier("\(name).\(prefix)3x1.bn_prelu")
      add(
        "\(name).\(prefix)1x3.conv",
        Convolution(
          inner, kernel: Extent(1, 3), padding: columns, dilation: Extent(1, dilation.w),
          groups: inner, bias: false))
      addNormalizedRectifier("\(name).\(prefix)1x3.bn_prelu")
      branches.append(last)
    }
    add("\(name).branches", Sum(), branches)
    addNormalizedRectifier("\(name).bn_relu_2")
    add("\(name).conv1x1.conv", Convolution(channels, kernel: 1, bias: false))
    add("\(name).add", Sum(), [last, input])
  }
}
