@testable import FCNSwift

extension GradientTests {
  /// Operations that networks from other frameworks have.
  static let furtherCases: [LayerCase] = [
    LayerCase("product", Product(), Shape(2, 3, 2, 4), Shape(2, 3, 2, 4)),
    LayerCase("product by channel", Product(), Shape(2, 3, 2, 4), Shape(2, 3, 1, 1)),
    LayerCase("product by pixel", Product(), Shape(2, 3, 2, 4), Shape(2, 1, 2, 4)),
    LayerCase("product by row", Product(), Shape(2, 3, 2, 4), Shape(2, 3, 2, 1)),
    LayerCase("product by column", Product(), Shape(2, 3, 2, 4), Shape(2, 1, 1, 4)),
    LayerCase("difference", Difference(), Shape(2, 3, 2, 4), Shape(2, 3, 1, 1)),
    LayerCase(
      "quotient", Quotient(), Shape(2, 3, 2, 4), Shape(2, 1, 2, 4), values: .farFromZero,
      isLinear: false),
    LayerCase(
      "average pool", AveragePool(kernel: Extent(3, 2), stride: 2, padding: 1), Shape(2, 2, 5, 6)),
    LayerCase(
      "average pool in ceil mode, padding not counted",
      AveragePool(kernel: 3, stride: 2, padding: 1, ceilMode: true, countsPadding: false),
      Shape(1, 2, 6, 5)),
    LayerCase("global average pool", GlobalAveragePool(), Shape(2, 3, 4, 5)),
    LayerCase("global max pool", GlobalMaxPool(), Shape(2, 3, 4, 5), values: .apart),
    LayerCase(
      "resize to the nearest",
      Resize(to: .exact(Extent(5, 3)), .nearest(.floor), coordinates: .asymmetric),
      Shape(2, 2, 3, 4)),
    LayerCase(
      "resize with corners aligned",
      Resize(to: .exact(Extent(5, 3)), coordinates: .alignCorners), Shape(2, 2, 3, 4)),
    LayerCase("cubic resize", Resize(to: .exact(Extent(5, 3)), .cubic), Shape(1, 2, 3, 4)),
    LayerCase(
      "resize by factors", Resize(to: .scaledAndRounded(h: 1.7, w: 0.6)), Shape(1, 2, 3, 5)),
    LayerCase("pad", Pad(top: 1, left: -1, bottom: 2, right: 3), Shape(2, 2, 3, 4)),
    LayerCase(
      "pad by reflection", Pad(top: 2, left: 1, right: 3, filling: .reflect), Shape(1, 2, 3, 4)),
    LayerCase("pad by the edge", Pad(top: 3, right: 5, filling: .edge), Shape(1, 2, 3, 4)),
    LayerCase(
      "slice",
      Slicing(
        channels: .init(from: 1, to: 3), rows: .init(from: -2), columns: .init(to: -1)),
      Shape(2, 4, 3, 4)),
    LayerCase("prelu", PReLU(), Shape(2, 3, 2, 4), values: .awayFromZero),
    LayerCase(
      "prelu of one slope", PReLU(isShared: true), Shape(2, 3, 2, 4), values: .awayFromZero),
    LayerCase("tanh", Tanh(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("elu", ELU(alpha: 0.7), Shape(1, 3, 3, 4), values: .awayFromZero, isLinear: false),
    LayerCase(
      "elu that falls", ELU(alpha: -0.7), Shape(1, 3, 3, 4), values: .awayFromZero,
      isLinear: false),
    LayerCase("softplus", Softplus(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("mish", Mish(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("clip", Clip(low: 0, high: 40), Shape(1, 3, 3, 4), values: .awayFromZero),
    LayerCase("exponential", Exponential(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("affine", Affine(), Shape(2, 3, 2, 4)),
    LayerCase(
      "max pool indices", MaxPoolIndices(kernel: Extent(2, 3), stride: Extent(2, 3)),
      Shape(2, 2, 4, 6), values: .apart),
    LayerCase(
      "max unpool", MaxUnpool(kernel: Extent(2, 3), stride: Extent(2, 3)), Shape(2, 3, 3, 2),
      Shape(2, 3, 3, 2), values: .places(6)),
    LayerCase(
      "instance normalization", InstanceNormalization(epsilon: 0.1), Shape(2, 3, 4, 5),
      isLinear: false),
    LayerCase(
      "group normalization", GroupNormalization(groups: 2, epsilon: 0.1), Shape(2, 4, 3, 5),
      isLinear: false),
    LayerCase(
      "layer normalization", LayerNormalization(epsilon: 0.1), Shape(2, 5, 3, 4), isLinear: false),
    LayerCase("depth to space", DepthToSpace(block: 2), Shape(2, 8, 2, 3)),
    LayerCase("pixel shuffle", DepthToSpace(block: 2, order: .channelsFirst), Shape(1, 8, 2, 3)),
    LayerCase("space to depth", SpaceToDepth(block: 2), Shape(2, 2, 4, 6)),
    LayerCase("gelu", GELU(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("error function", ErrorFunction(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("cube", Power(3), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase(
      "reciprocal", Power(-1), Shape(1, 3, 3, 4), values: .farFromZero, isLinear: false),
    LayerCase("channel shuffle", ChannelShuffle(groups: 3), Shape(2, 6, 2, 3)),
    LayerCase(
      "attention", Attention(), Shape(2, 3, 2, 3), Shape(2, 3, 2, 3), Shape(2, 4, 2, 3),
      isLinear: false),
    LayerCase(
      "attention in 2 heads to fewer pixels", Attention(heads: 2, factor: 0.6), Shape(1, 4, 3, 3),
      Shape(1, 4, 1, 4), Shape(1, 6, 1, 4), isLinear: false),
    LayerCase(
      "attention over all pairs", Attention(heads: 2, normalization: .pairs), Shape(2, 4, 2, 2),
      Shape(2, 4, 3, 2), Shape(2, 2, 3, 2), isLinear: false),
    LayerCase("pixels as channels", PixelsAsChannels(), Shape(2, 3, 2, 4)),
    LayerCase("adaptive average pool", AdaptiveAveragePool(bins: Extent(3, 2)), Shape(2, 2, 7, 5)),
    LayerCase("mean of channels", ReducedMean(.channels), Shape(2, 3, 2, 4)),
    LayerCase("mean of rows", ReducedMean(.rows), Shape(2, 3, 2, 4)),
    LayerCase(
      "mean of columns of all channels", ReducedMean([.channels, .columns]), Shape(2, 3, 2, 4)),
    LayerCase("maximum of channels", ReducedMaximum(.channels), Shape(2, 3, 2, 4), values: .apart),
    LayerCase("maximum", Maximum(), Shape(2, 3, 2, 4), Shape(2, 3, 2, 4), values: .apart),
    LayerCase(
      "minimum by channel", Minimum(), Shape(2, 3, 2, 4), Shape(2, 3, 1, 1), values: .apart),
    LayerCase(
      "max pool with holes", MaxPool(kernel: 3, stride: 1, padding: 1, dilation: Extent(2, 1)),
      Shape(2, 2, 5, 6), values: .apart),
    LayerCase("coordinates", Coordinates(.rows), Shape(2, 3, 2, 4)),
    LayerCase("constant planes", ConstantPlanes(2, Extent(3, 2)), Shape(2, 3, 2, 4)),
    LayerCase(
      "rows below rows", LineConcatenation(.rows), Shape(2, 3, 2, 4), Shape(2, 3, 1, 4)),
    LayerCase(
      "columns beside columns", LineConcatenation(.columns), Shape(2, 3, 2, 1), Shape(2, 3, 2, 3)),
    LayerCase(
      "channel products", ChannelProducts(heads: 2), Shape(2, 4, 2, 3), Shape(2, 6, 2, 3)),
    LayerCase("channel mixing", ChannelMixing(heads: 2), Shape(1, 4, 1, 3), Shape(1, 6, 2, 3)),
    LayerCase(
      "channel mixing, transposed", ChannelMixing(isTransposed: true), Shape(2, 4, 1, 3),
      Shape(2, 4, 2, 3)),
    LayerCase("rows as columns", RowsAsColumns(), Shape(2, 3, 2, 4)),
    LayerCase("maximum of columns", ReducedMaximum(.columns), Shape(2, 3, 2, 4), values: .apart),
  ]
}
