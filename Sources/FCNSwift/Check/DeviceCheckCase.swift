/// A few layers on an input, small enough to be computed by their reference forms.
struct DeviceCheckCase {
  let name: String
  let layers: [Layer]
  let input: Shape
  /// Whether gradients are compared too.
  var trains = true

  func network() throws -> Network {
    try Network(inputChannels: input.c, stride: 1, layers: layers)
  }

  private init(_ name: String, _ input: Shape, trains: Bool = true, _ operations: any Operation...)
  {
    self.name = name
    self.input = input
    self.trains = trains
    var layers: [Layer] = []
    for (index, operation) in operations.enumerated() {
      let source = layers.last?.name ?? Network.inputName
      // Operations of two inputs see the network's own as the other.
      let inputs = operation.inputCount.lowerBound == 2 ? [source, Network.inputName] : [source]
      layers.append(Layer("layer\(index + 1)", operation, inputs))
    }
    self.layers = layers
  }

  /// Layers that `build` adds to a factor and an offset a channel, whose gradients come through all of
  /// them.
  private init(
    _ name: String, after input: Shape, trains: Bool = true,
    _ build: (inout NetworkBuilder) -> Void
  ) {
    var builder = NetworkBuilder()
    builder.add("layer1", Affine())
    build(&builder)
    (self.name, self.input, self.trains, layers) = (name, input, trains, builder.layers)
  }

  /// Every kind of layer, and of convolution every kind of tile: few and many pixels and channels,
  /// channels that fill no whole group, groups, strides, dilation, borders.
  static let all: [DeviceCheckCase] = [
    convolutions, others, pools, pairs, shapes, normalizations,
  ].flatMap { $0 }

  private static let convolutions: [DeviceCheckCase] = [
    DeviceCheckCase("1×1 convolution", Shape(2, 24, 9, 7), Convolution(16, kernel: 1)),
    DeviceCheckCase(
      "3×3 convolution", Shape(2, 16, 13, 11), Convolution(24, kernel: 3, padding: 1)),
    DeviceCheckCase(
      "3×3 convolution of 3 channels to 5", Shape(1, 3, 20, 21),
      Convolution(5, kernel: 3, padding: 1)),
    DeviceCheckCase(
      "3×3 convolution of many channels", Shape(1, 136, 10, 9),
      Convolution(200, kernel: 3, padding: 1)),
    DeviceCheckCase(
      "3×3 convolution of many pixels", Shape(2, 8, 64, 65), Convolution(72, kernel: 3, padding: 1)
    ),
    DeviceCheckCase(
      "7×7 convolution, stride 2", Shape(1, 8, 25, 22),
      Convolution(16, kernel: 7, stride: 2, padding: 3)),
    DeviceCheckCase(
      "3×3 convolution, dilation 4", Shape(1, 16, 17, 15),
      Convolution(16, kernel: 3, padding: 4, dilation: 4)),
    DeviceCheckCase(
      "5×5 convolution in 2 groups", Shape(1, 32, 9, 9),
      Convolution(48, kernel: 5, padding: 2, groups: 2)),
    DeviceCheckCase(
      "3×3 convolution in groups of 3 channels", Shape(1, 9, 9, 9),
      Convolution(12, kernel: 3, padding: 1, groups: 3)),
    DeviceCheckCase(
      "3×3 convolution, padding 30", Shape(1, 3, 8, 9),
      Convolution(8, kernel: 3, padding: 30)),
    DeviceCheckCase(
      "convolution and rectifier", Shape(1, 16, 12, 12), Convolution(16, kernel: 3, padding: 1),
      ReLU()),
  ]

  private static let others: [DeviceCheckCase] = [
    DeviceCheckCase(
      "transposed convolution", Shape(1, 6, 7, 5), TransposedConvolution(6, kernel: 4, stride: 2)),
    DeviceCheckCase(
      "transposed convolution of each channel", Shape(1, 6, 7, 5),
      TransposedConvolution(6, kernel: 8, stride: 4, padding: 2, groups: 6, bias: false)),
    DeviceCheckCase(
      "max pooling", Shape(1, 16, 13, 12), MaxPool(kernel: 3, stride: 2, padding: 1)),
    DeviceCheckCase(
      "max pooling in ceil mode", Shape(1, 16, 13, 11),
      MaxPool(kernel: 2, stride: 2, ceilMode: true)
    ),
    DeviceCheckCase("sum", Shape(1, 12, 9, 8), Scale(by: 0.5), Sum()),
    DeviceCheckCase(
      "crop", Shape(1, 8, 6, 6), TransposedConvolution(8, kernel: 4, stride: 2),
      Crop(offset: Extent(2, 3))),
    DeviceCheckCase("resize", Shape(1, 9, 7, 8), Resize(to: .exact(Extent(20, 17)))),
    DeviceCheckCase(
      "cubic resize", Shape(1, 9, 7, 8), Affine(), Resize(to: .exact(Extent(20, 5)), .cubic)),
    DeviceCheckCase(
      "local response normalization", Shape(1, 21, 5, 6),
      LocalResponseNormalization(size: 5, alpha: 0.5)),
    DeviceCheckCase("batch normalization", Shape(2, 12, 9, 8), trains: false, BatchNorm()),
    DeviceCheckCase("softmax", Shape(1, 11, 6, 7), Affine(), Softmax()),
    DeviceCheckCase("error function", Shape(1, 11, 6, 7), Affine(), ErrorFunction()),
    DeviceCheckCase("gelu", Shape(1, 11, 6, 7), Affine(), GELU()),
    DeviceCheckCase("power", Shape(1, 11, 6, 7), Affine(), Power(3)),
    DeviceCheckCase("factor and offset a channel", Shape(2, 12, 9, 8), Affine(), Affine()),
    DeviceCheckCase("learned slopes", Shape(2, 12, 9, 8), Affine(), PReLU()),
    DeviceCheckCase("one learned slope", Shape(2, 12, 9, 8), Affine(), PReLU(isShared: true)),
  ]

  private static let pools: [DeviceCheckCase] = [
    DeviceCheckCase("global average pooling", after: Shape(2, 12, 40, 31)) {
      $0.add("layer2", GlobalAveragePool())
    },
    DeviceCheckCase("global max pooling", after: Shape(2, 12, 20, 17)) {
      $0.add("layer2", GlobalMaxPool())
    },
    DeviceCheckCase("unpooling", after: Shape(2, 12, 8, 12)) {
      let side = Extent(2, 4)
      $0.add("layer2", AveragePool(kernel: side, stride: side))
      // Of the network's own input, so that roundings move no place.
      $0.add("layer3", MaxPoolIndices(kernel: side, stride: side), [Network.inputName])
      $0.add("layer4", MaxUnpool(kernel: side, stride: side), ["layer2", "layer3"])
    },
    DeviceCheckCase("mean of channels", after: Shape(2, 21, 9, 8)) {
      $0.add("layer2", ReducedMean(.channels))
    },
    DeviceCheckCase("mean of rows", after: Shape(2, 12, 40, 9)) {
      $0.add("layer2", ReducedMean(.rows))
    },
    DeviceCheckCase("maximum of channels and columns", after: Shape(2, 12, 2, 40)) {
      $0.add("layer2", ReducedMaximum([.channels, .columns]))
    },
    DeviceCheckCase("maximum of rows", after: Shape(2, 12, 40, 1)) {
      $0.add("layer2", ReducedMaximum(.rows))
    },
    DeviceCheckCase("average pooling", after: Shape(2, 12, 9, 8)) {
      $0.add("layer2", AveragePool(kernel: 3, stride: 2, padding: 1))
    },
    DeviceCheckCase("average pooling in ceil mode, padding not counted", after: Shape(1, 9, 10, 8))
    {
      $0.add(
        "layer2",
        AveragePool(kernel: 3, stride: 2, padding: 1, ceilMode: true, countsPadding: false))
    },
  ]

  private static let pairs: [DeviceCheckCase] = [
    DeviceCheckCase("product by channel", after: Shape(2, 12, 40, 31)) {
      $0.add("layer2", GlobalMaxPool())
      $0.add("layer3", Product(), ["layer1", "layer2"])
    },
    DeviceCheckCase("product by pixel", after: Shape(2, 12, 9, 8)) {
      $0.add("layer2", Slicing(channels: Slicing.Lines(from: 3, to: 4)))
      $0.add("layer3", Product(), ["layer1", "layer2"])
    },
    DeviceCheckCase("product", Shape(1, 12, 9, 8), Affine(), Product()),
    DeviceCheckCase("larger of two", Shape(1, 12, 9, 8), trains: false, Affine(), Maximum()),
    DeviceCheckCase("smaller by channel", after: Shape(2, 12, 9, 8), trains: false) {
      $0.add("layer2", GlobalAveragePool())
      $0.add("layer3", Minimum(), ["layer1", "layer2"])
    },
    DeviceCheckCase("difference", Shape(1, 12, 9, 8), Affine(), Difference()),
    DeviceCheckCase("difference by channel", after: Shape(2, 12, 9, 8)) {
      $0.add("layer2", GlobalMaxPool())
      // Else what is added to a channel would make no difference, and gradients be none.
      $0.add("layer3", Sigmoid())
      $0.add("layer4", Difference(), ["layer1", "layer3"])
    },
    DeviceCheckCase("quotient", after: Shape(1, 12, 9, 8)) {
      $0.add("layer2", Sigmoid())
      $0.add("layer3", Quotient(), ["layer1", "layer2"])
    },
  ]

  private static let shapes: [DeviceCheckCase] = [
    DeviceCheckCase("padding", after: Shape(2, 12, 9, 8)) {
      $0.add("layer2", Pad(top: 2, left: -1, bottom: 3, filling: .constant(0.5)))
    },
    DeviceCheckCase("padding by reflection", after: Shape(1, 12, 9, 8)) {
      $0.add("layer2", Pad(top: 2, left: 7, bottom: 8, right: 3, filling: .reflect))
    },
    DeviceCheckCase("padding by the edge", after: Shape(1, 12, 9, 8)) {
      $0.add("layer2", Pad(top: 2, left: 11, bottom: 3, right: -1, filling: .edge))
    },
    DeviceCheckCase("slice", after: Shape(2, 21, 9, 8)) {
      $0.add(
        "layer2",
        Slicing(channels: .init(from: 3, to: -4), rows: .init(from: 1), columns: .init(to: 6)))
    },
    DeviceCheckCase("channels shuffled", after: Shape(2, 21, 5, 6)) {
      $0.add("layer2", ChannelShuffle(groups: 3))
    },
    DeviceCheckCase("channels laid out as pixels", after: Shape(2, 20, 5, 6)) {
      $0.add("layer2", DepthToSpace(block: 2, order: .channelsFirst))
    },
    DeviceCheckCase("pixels laid out as channels", after: Shape(2, 5, 8, 6)) {
      $0.add("layer2", SpaceToDepth(block: 2))
    },
  ]

  private static let normalizations: [DeviceCheckCase] = [
    DeviceCheckCase(
      "group normalization", Shape(2, 12, 37, 31), Affine(), GroupNormalization(groups: 3)),
    // By itself: a factor and an offset a channel before it would be normalised away, and have no gradient.
    DeviceCheckCase("instance normalization", Shape(2, 12, 9, 8), InstanceNormalization()),
    DeviceCheckCase("layer normalization", Shape(2, 12, 9, 8), Affine(), LayerNormalization()),
  ]
}
