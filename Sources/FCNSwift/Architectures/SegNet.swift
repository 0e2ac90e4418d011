extension Architecture {
  /// SegNet (Badrinarayanan, Kendall and Cipolla, 2017): VGG16's convolutions with batch normalisation, and
  /// the same the other way, where pixels go back to the places that pools took them from. The first half is
  /// called as VGG16 is, whose weights the paper begins with; the second as in Caffe-SegNet.
  public static let segnet = Architecture(
    name: "segnet", source: "SegNet (Badrinarayanan, Kendall, Cipolla, 2017): max unpooling",
    preprocessing: .torchvision, stride: 32, choices: [.width]
  ) { network, options in
    var options = options
    options.batchNorm = true
    _ = VGG16().append(to: &network, options)
    for (group, (channels, convolutions)) in zip(1..., VGG16.groups).reversed() {
      let coarse = network.last
      let places = network.add(
        "pool\(group)_mask", MaxPoolIndices(kernel: 2, stride: 2), ["relu\(group)_\(convolutions)"])
      network.add("upsample\(group)", MaxUnpool(kernel: 2, stride: 2), [coarse, places])
      for index in (1...convolutions).reversed() {
        let name = "\(group)_\(index)_D"
        guard group > 1 || index > 1 else {
          network.add(
            "conv\(name)",
            Convolution(options.classes, kernel: 3, padding: 1, makesScores: true))
          continue
        }
        // The last of a group goes on with the channels of the group before it.
        let outputs = index == 1 ? VGG16.groups[group - 2].channels : channels
        network.add(
          "conv\(name)",
          Convolution(options.scaled(outputs), kernel: 3, padding: 1, bias: false))
        network.add("bn\(name)", BatchNorm())
        network.add("relu\(name)", ReLU())
      }
    }
  }
}
