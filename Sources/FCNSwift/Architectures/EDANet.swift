extension Architecture {
  /// EDANet (Lo et al., 2019), called as in its authors' program: dense blocks of asymmetric convolutions,
  /// 0.68 million parameters for pictures of streets.
  public static let edanet = Architecture(
    name: "edanet", source: "EDANet (Lo et al., 2019): dense asymmetric convolutions",
    preprocessing: .torchvision, stride: 8, choices: [.width]
  ) { network, options in
    var number = 0
    func name() -> String {
      defer { number += 1 }
      return "layers.\(number)"
    }
    network.addDownsampler(name(), to: options.scaled(15))
    network.addDownsampler(name(), to: options.scaled(60))
    for dilation in [1, 1, 1, 2, 2] {
      network.addEDAModule(name(), growth: options.scaled(40), Extent(dilation, dilation))
    }
    network.addDownsampler(name(), to: options.scaled(130))
    for dilation in [2, 2, 4, 4, 8, 8, 16, 16] {
      network.addEDAModule(name(), growth: options.scaled(40), Extent(dilation, dilation))
    }
    network.add("project_layer", Convolution.scores(options.classes))
    network.add("resize", Resize(to: .scaled(by: 8), coordinates: .alignCorners))
  }
}

extension NetworkBuilder {
  /// A strided convolution and, where channels grow, the largest of each 2×2 beside it.
  fileprivate mutating func addDownsampler(_ name: String, to channels: Int) {
    let input = last
    let before = channelCount(of: input)
    let grows = before < channels
    add(
      "\(name).conv",
      Convolution(grows ? channels - before : channels, kernel: 3, stride: 2, padding: 1))
    if grows {
      let convolved = last
      add("\(name).pool", MaxPool(kernel: 2, stride: 2), [input])
      add("\(name).concatenation", Concatenation(), [convolved, last])
    }
    add("\(name).bn", BatchNorm())
    add("\(name).relu", ReLU())
  }

  /// A 1×1 convolution and two pairs of 3×1 and 1×3, the second pair dilated, set before their input.
  fileprivate mutating func addEDAModule(_ name: String, growth: Int, _ dilation: Extent) {
    let input = last
    add("\(name).conv1x1", Convolution(growth, kernel: 1))
    add("\(name).bn0", BatchNorm())
    add("\(name).relu0", ReLU())
    for (pair, dilation) in [(1, 1), (2, dilation)] {
      add(
        "\(name).conv3x1_\(pair)",
        Convolution(
          growth, kernel: Extent(3, 1), padding: Extent(dilation.h, 0),
          dilation: Extent(dilation.h, 1)))
      add(
        "\(name).conv1x3_\(pair)",
        Convolution(
          growth, kernel: Extent(1, 3), padding: Extent(0, dilation.w),
          dilation: Extent(1, dilation.w)))
      add("\(name).bn\(pair)", BatchNorm())
      add("\(name).relu\(pair)", ReLU())
    }
    add("\(name).dropout", Dropout(rate: 0.02))
    add("\(name).concatenation", Concatenation(), [last, input])
  }
}
