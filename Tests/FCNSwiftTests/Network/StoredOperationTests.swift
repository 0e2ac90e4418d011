import FCNTestSupport
import Testing

@testable import FCNSwift

/// Operations' settings as attributes.
struct StoredOperationTests {
  /// Each with its defaults, then with every setting otherwise.
  static let cases: [(operation: any StoredOperation, text: String)] = [
    (Convolution(7, kernel: 3), #"{"output_channels":7,"kernel":3}"#),
    (
      Convolution(
        6, kernel: Extent(3, 5), stride: Extent(2, 1), padding: Extent(0, 2), dilation: 2,
        groups: 3, bias: false, makesScores: true),
      #"{"output_channels":6,"kernel":[3,5],"stride":[2,1],"padding":[0,2],"dilation":2,"#
        + #""groups":3,"bias":false,"makes_scores":true}"#
    ),
    (TransposedConvolution(4, kernel: 2), #"{"output_channels":4,"kernel":2}"#),
    (
      TransposedConvolution(
        4, kernel: Extent(4, 6), stride: Extent(2, 3), padding: 1, groups: 2, bias: false,
        isFixed: true),
      #"{"output_channels":4,"kernel":[4,6],"stride":[2,3],"padding":1,"groups":2,"bias":false,"#
        + #""fixed":true}"#
    ),
    (MaxPool(kernel: 2, stride: 1), #"{"kernel":2,"stride":1}"#),
    (
      MaxPool(kernel: Extent(3, 4), stride: Extent(2, 3), padding: Extent(1, 2), ceilMode: true),
      #"{"kernel":[3,4],"stride":[2,3],"padding":[1,2],"ceil_mode":true}"#
    ),
    (MaxPoolIndices(kernel: 2, stride: 2), #"{"kernel":2,"stride":2}"#),
    (
      MaxUnpool(kernel: Extent(2, 3), stride: Extent(2, 3)),
      #"{"kernel":[2,3],"stride":[2,3]}"#
    ),
    (BatchNorm(), "{}"),
    (BatchNorm(epsilon: 1e-3, momentum: 0.01), #"{"epsilon":0.001,"momentum":0.01}"#),
    (Crop(offset: 0), #"{"offset":0}"#),
    (Crop(offset: Extent(19, 3)), #"{"offset":[19,3]}"#),
    (Dropout(rate: 0.3), #"{"rate":0.3}"#),
    (LocalResponseNormalization(), "{}"),
    (
      LocalResponseNormalization(size: 3, alpha: 0.5, beta: 0.6, bias: 1.5),
      #"{"size":3,"alpha":0.5,"beta":0.6,"bias":1.5}"#
    ),
    (Resize(to: .likeSecondInput), "{}"),
    (Resize(to: .scaled(by: Extent(2, 3))), #"{"factor":[2,3]}"#),
    (Resize(to: .exact(5)), #"{"size":5}"#),
    (Scale(by: -1e-4), #"{"factor":-0.0001}"#),
    (ReLU(), "{}"), (Softmax(), "{}"), (Softmax(groups: 3), #"{"groups":3}"#), (Sum(), "{}"),
    (Concatenation(), "{}"), (SiLU(), "{}"),
    (Sigmoid(), "{}"), (HardSigmoid(), "{}"), (HardSwish(), "{}"), (LeakyReLU(), "{}"),
    (LeakyReLU(slope: -0.5), #"{"slope":-0.5}"#), (ClippedReLU(), "{}"),
    (ClippedReLU(limit: 1), #"{"limit":1}"#),
    (Tanh(), "{}"), (ELU(), "{}"), (ELU(alpha: 0.5), #"{"alpha":0.5}"#), (Softplus(), "{}"),
    (Mish(), "{}"), (Exponential(), "{}"), (Clip(low: -1, high: 2), #"{"low":-1,"high":2}"#),
    (Maximum(), "{}"), (Minimum(), "{}"),
    (
      MaxPool(kernel: 3, stride: 1, dilation: Extent(2, 3)),
      #"{"kernel":3,"stride":1,"dilation":[2,3]}"#
    ),
    (ChannelProducts(), "{}"), (ChannelProducts(heads: 3), #"{"heads":3}"#),
    (ChannelMixing(), "{}"),
    (ChannelMixing(heads: 2, isTransposed: true), #"{"heads":2,"transposed":true}"#),
    (Coordinates(.rows), #"{"axis":"rows"}"#),
    (Coordinates(.columns, size: Extent(4, 5)), #"{"axis":"columns","size":[4,5]}"#),
    (ConstantPlanes(3, Extent(4, 5)), #"{"channels":3,"size":[4,5]}"#),
    (LineConcatenation(.columns), #"{"axis":"columns"}"#), (RowsAsColumns(), "{}"),
    (Product(), "{}"), (Difference(), "{}"), (Quotient(), "{}"), (Affine(), "{}"),
    (GlobalAveragePool(), "{}"), (GlobalMaxPool(), "{}"),
    (AveragePool(kernel: 2, stride: 1), #"{"kernel":2,"stride":1}"#),
    (
      AveragePool(
        kernel: Extent(3, 4), stride: 2, padding: Extent(1, 2), ceilMode: true,
        countsPadding: false),
      #"{"kernel":[3,4],"stride":2,"padding":[1,2],"ceil_mode":true,"counts_padding":false}"#
    ),
    (
      Resize(to: .exact(5), .nearest(.floor), coordinates: .asymmetric),
      #"{"size":5,"interpolation":"nearest","coordinates":"asymmetric"}"#
    ),
    (
      Resize(to: .scaled(by: 2), .nearest(.preferCeil)),
      #"{"factor":2,"interpolation":"nearest","rounding":"round_prefer_ceil"}"#
    ),
    (
      Resize(to: .likeSecondInput, .cubic, coordinates: .alignCorners),
      #"{"interpolation":"cubic","coordinates":"align_corners"}"#
    ),
    (Resize(to: .scaledAndRounded(h: 1.5, w: 2)), #"{"factor":[1.5,2]}"#),
    (Resize(to: .scaledAndRounded(h: 0.1, w: 0.1)), #"{"factor":0.1}"#),
    (Pad(), "{}"),
    (
      Pad(top: 1, left: -2, bottom: 3, right: -4, filling: .constant(0.5)),
      #"{"top":1,"left":-2,"bottom":3,"right":-4,"value":0.5}"#
    ),
    (Pad(left: 1, filling: .reflect), #"{"left":1,"filling":"reflect"}"#),
    (Pad(right: 1, filling: .edge), #"{"right":1,"filling":"edge"}"#),
    (Slicing(), "{}"),
    (
      Slicing(channels: .init(from: 1, to: 3), rows: .init(from: -2), columns: .init(to: -1)),
      #"{"channels":[1,3],"rows":[-2],"columns":[0,-1]}"#
    ),
    (Slicing(rows: .init(from: 1, to: .max)), #"{"rows":[1]}"#),
    (PReLU(), "{}"), (PReLU(isShared: true), #"{"shared":true}"#),
    (InstanceNormalization(), "{}"), (InstanceNormalization(epsilon: 0.01), #"{"epsilon":0.01}"#),
    (GroupNormalization(groups: 4), #"{"groups":4}"#),
    (GroupNormalization(groups: 1, epsilon: 0.01), #"{"groups":1,"epsilon":0.01}"#),
    (LayerNormalization(), "{}"), (LayerNormalization(epsilon: 0.01), #"{"epsilon":0.01}"#),
    (DepthToSpace(block: 2), #"{"block":2}"#),
    (DepthToSpace(block: 3, order: .channelsFirst), #"{"block":3,"order":"crd"}"#),
    (SpaceToDepth(block: 4), #"{"block":4}"#),
    (GELU(), "{}"), (ErrorFunction(), "{}"), (Power(0.5), #"{"exponent":0.5}"#),
    (ChannelShuffle(groups: 2), #"{"groups":2}"#),
    (Attention(), "{}"),
    (
      Attention(heads: 4, factor: 0.5, normalization: .pairs),
      #"{"heads":4,"factor":0.5,"softmax":"pairs"}"#
    ),
    (PixelsAsChannels(), "{}"), (AdaptiveAveragePool(bins: Extent(3, 6)), #"{"bins":[3,6]}"#),
    (ReducedMean(.channels), #"{"axes":["channels"]}"#),
    (ReducedMaximum([.rows, .columns]), #"{"axes":["rows","columns"]}"#),
  ]

  @Test func attributesComeBack() throws {
    for (operation, text) in Self.cases {
      var writer = AttributeWriter()
      operation.write(to: &writer)
      #expect(JSON.object(writer.members).compactText == text)
      let name = type(of: operation).name
      let read = try StoredOperations.make(name, JSON(parsing: text))
      #expect("\(read)" == "\(operation)")
      #expect(type(of: read) == type(of: operation))
    }
  }

  @Test func whatContradictsItselfIsRefused() {
    let cases: [(name: String, text: String, complaint: String)] = [
      ("resize", #"{"factor":2,"size":3}"#, "factor and size are both given"),
      ("resize", #"{"factor":-1.5}"#, "factor is -1.5; wanted a number above 0, at most 4096"),
      ("resize", #"{"interpolation":"area"}"#, "wanted one of nearest, bilinear, cubic"),
      ("resize", #"{"coordinates":"tf"}"#, "wanted one of half_pixel, pytorch_half_pixel"),
      ("resize", #"{"rounding":"ceil"}"#, "interpolation is bilinear; wanted nearest"),
      ("pad", #"{"filling":"edge","value":1}"#, "filling is edge; wanted constant"),
      ("clip", #"{"low":2,"high":1}"#, "high is 1; wanted a number of at least 2"),
      ("clip", #"{"high":1}"#, "low is missing"),
      ("pad", #"{"top":65537}"#, "top is 65537; wanted an integer of -65536…65536"),
      ("slice", #"{"rows":[1,2,3]}"#, "rows is [1,2,3]; wanted an array"),
      ("slice", #"{"rows":[0.5]}"#, "rows is [0.5]; wanted an array"),
      ("channel_mixing", #"{"transposed":1}"#, "transposed is 1; wanted true or false"),
      ("channel_products", #"{"heads":0}"#, "heads is 0; wanted an integer of 1…65536"),
      ("coordinates", "{}", "axis is missing; wanted one of rows, columns"),
      ("coordinates", #"{"axis":"channels"}"#, "wanted one of rows, columns"),
      ("coordinates", #"{"axis":"rows","size":0}"#, "size is 0; wanted 1…65536"),
      ("constant_planes", #"{"channels":3}"#, "size is missing"),
      ("constant_planes", #"{"channels":70000,"size":1}"#, "channels is 70000; wanted an integer"),
      ("line_concatenation", #"{"axis":1}"#, "axis is 1; wanted one of rows, columns"),
      ("max_pool", #"{"kernel":2,"stride":1,"dilation":0}"#, "dilation is 0; wanted 1…4096"),
      ("depth_to_space", #"{"block":0}"#, "block is 0; wanted an integer of 1…256"),
    ]
    for (name, text, complaint) in cases {
      expectError(.corrupt, saying: name, complaint) {
        _ = try StoredOperations.make(name, JSON(parsing: text))
      }
    }
  }

  @Test func everyOperationIsTriedAndEveryOneIsFoundByItsName() {
    let tried = Set(Self.cases.map { type(of: $0.operation).name })
    #expect(tried == Set(StoredOperations.all.map { $0.name }))
    #expect(Set(StoredOperations.all.map { $0.name }).count == StoredOperations.all.count)
  }
}
