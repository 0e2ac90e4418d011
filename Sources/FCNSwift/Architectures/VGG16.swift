/// VGG16 (Simonyan and Zisserman, 2015, configuration D): thirteen 3×3 convolutions, each followed by
/// ReLU, in five groups that each end in a 2×2 max pool.
struct VGG16 {
  /// Zeros around the picture.
  var padding: Extent = 1
  /// Whether pools round their size up, as Caffe's do.
  var ceilMode = false
  /// Whether the classifier's hidden layers follow as convolutions: fc6 7×7, fc7 1×1.
  var includesClassifier = false

  /// As the FCN papers have it: padding enough for fc6 to fit on small pictures.
  static let fullyConvolutional = VGG16(padding: 100, ceilMode: true, includesClassifier: true)

  static let groups: [(channels: Int, convolutions: Int)] = [
    (64, 2), (128, 2), (256, 3), (512, 3), (512, 3),
  ]

  /// 1_1 … 5_3, which the layers' names end with.
  static var convolutionNames: [String] {
    zip(1..., groups).flatMap { group, plan in (1...plan.convolutions).map { "\(group)_\($0)" } }
  }

  /// Appends conv1_1 … pool5, then fc6 and fc7 if they are to be there. With batch normalisation,
  /// bn1_1 … follow the convolutions, which then have no bias of their own. Returns the layers
  /// that scores are taken from; stage k has one pixel for 2ᵏ of the picture along each axis.
  func append(
    to network: inout NetworkBuilder, _ options: ArchitectureOptions
  ) -> (stage3: String, stage4: String, stage5: String) {
    for (group, (channels, convolutions)) in zip(1..., Self.groups) {
      for index in 1...convolutions {
        let suffix = "\(group)_\(index)"
        network.add(
          "conv\(suffix)",
          Convolution(
            options.scaled(channels), kernel: 3, padding: suffix == "1_1" ? padding : 1,
            bias: !options.batchNorm))
        if options.batchNorm { network.add("bn\(suffix)", BatchNorm()) }
        network.add("relu\(suffix)", ReLU())
      }
      network.add("pool\(group)", MaxPool(kernel: 2, stride: 2, ceilMode: ceilMode))
    }
    if includesClassifier {
      network.addClassifierLayer("6", Convolution(options.scaled(4096), kernel: 7))
      network.addClassifierLayer("7", Convolution(options.scaled(4096), kernel: 1))
    }
    return (stage3: "pool3", stage4: "pool4", stage5: network.last)
  }
}

extension NetworkBuilder {
  /// Adds fc`number`, a hidden layer of a classifier as a convolution, with ReLU and dropout.
  mutating func addClassifierLayer(_ number: String, _ convolution: Convolution) {
    add("fc\(number)", convolution)
    add("relu\(number)", ReLU())
    add("drop\(number)", Dropout(rate: 0.5))
  }
}
