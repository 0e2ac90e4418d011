import Foundation
import Testing

@testable import FCNSwift

/// What Goldens/make_layers.py made with PyTorch.
struct LayerGoldens: Decodable {
  let layers: [LayerGolden]
  let losses: [LossGolden]
  let optimizers: [OptimizerGolden]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Goldens")

  static func load() throws -> LayerGoldens {
    let data = try Data(contentsOf: folder.appendingPathComponent("layers.json"))
    return try JSONDecoder().decode(LayerGoldens.self, from: data)
  }

  private static let file = Result {
    try Safetensors(contentsOf: folder.appendingPathComponent("layers.safetensors").path)
  }

  /// The tensor called `name`, ones in front of its extents if it has fewer than four.
  static func tensor(_ name: String) throws -> Tensor {
    try file.get().tensor(named: name).fourDimensional()
  }
}

extension WeightTensor {
  /// The elements in a tensor of their own, ones in front of the extents if there are fewer than four.
  func fourDimensional() throws -> Tensor {
    let extents = [Int](repeating: 1, count: 4 - shape.count) + shape
    return try Tensor(Shape(extents[0], extents[1], extents[2], extents[3]), floats)
  }
}

/// An operation with inputs, parameters, output and gradients.
struct LayerGolden: Decodable, CustomTestStringConvertible {
  let name: String
  private let operation: String
  private let inputs: Int
  private let outputShape: [Int]
  private let outputChannels: Int?
  private let kernel: Pair?
  private let stride: Pair?
  private let padding: Pair?
  private let dilation: Pair?
  private let groups: Int?
  private let heads: Int?
  private let softmax: String?
  private let bias: Bool?
  private let ceilMode: Bool?
  private let epsilon: Float?
  private let momentum: Float?
  private let offset: Pair?
  private let exact: Pair?
  private let scale: Pair?
  private let factor: Float?
  private let size: Int?
  private let alpha: Float?
  private let beta: Float?
  private let k: Float?
  private let slope: Float?
  private let limit: Float?
  /// The smallest and the largest value.
  private let bounds: [Float]?
  private let countsPadding: Bool?
  private let interpolation: String?
  private let coordinates: String?
  private let rounding: String?
  private let factors: [Float]?
  /// Top, left, bottom, right.
  private let sides: [Int]?
  private let filling: String?
  private let value: Float?
  private let channels: [Int]?
  private let rows: [Int]?
  private let columns: [Int]?
  private let block: Int?
  private let order: String?
  private let shared: Bool?
  private let transposed: Bool?
  /// Names of axes.
  private let axes: [String]?
  private let axis: String?
  /// The first row and column of the output that the golden has; outside it the upstream gradient is
  /// zero. Without it the golden has all.
  let window: Pair?
  /// Whether it is the training form of an operation that has one.
  let training: Bool?

  struct Pair: Decodable {
    let extent: Extent
    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      extent = Extent(try container.decode(Int.self), try container.decode(Int.self))
    }
  }

  var testDescription: String { name }

  /// The operation that the settings describe.
  func makeOperation() throws -> any FCNSwift.Operation {
    switch operation {
    case "convolution":
      return Convolution(
        try require(outputChannels), kernel: try require(kernel).extent,
        stride: try require(stride).extent, padding: try require(padding).extent,
        dilation: try require(dilation).extent, groups: try require(groups),
        bias: try require(bias))
    case "transposed_convolution":
      return TransposedConvolution(
        try require(outputChannels), kernel: try require(kernel).extent,
        stride: try require(stride).extent, padding: try require(padding).extent,
        groups: try require(groups), bias: try require(bias))
    case "max_pool":
      return MaxPool(
        kernel: try require(kernel).extent, stride: try require(stride).extent,
        padding: try require(padding).extent, dilation: dilation?.extent ?? 1,
        ceilMode: try require(ceilMode))
    case "max_pool_indices":
      return MaxPoolIndices(kernel: try require(kernel).extent, stride: try require(stride).extent)
    case "max_unpool":
      return MaxUnpool(kernel: try require(kernel).extent, stride: try require(stride).extent)
    case "batch_norm":
      return BatchNorm(epsilon: try require(epsilon), momentum: try require(momentum))
    case "resize":
      return try makeResize()
    case "crop": return Crop(offset: try require(offset).extent)
    case "relu": return ReLU()
    case "leaky_relu": return LeakyReLU(slope: try require(slope))
    case "clipped_relu": return ClippedReLU(limit: try require(limit))
    case "sigmoid": return Sigmoid()
    case "hard_sigmoid": return HardSigmoid()
    case "hard_swish": return HardSwish()
    case "silu": return SiLU()
    case "tanh": return Tanh()
    case "elu": return ELU(alpha: try require(alpha))
    case "softplus": return Softplus()
    case "mish": return Mish()
    case "clip":
      let bounds = try require(bounds)
      return Clip(low: bounds[0], high: bounds[1])
    case "exponential": return Exponential()
    case "gelu": return GELU()
    case "error_function": return ErrorFunction()
    case "power": return Power(try require(value))
    case "channel_shuffle": return ChannelShuffle(groups: try require(groups))
    case "attention":
      return Attention(
        heads: try require(heads), factor: try require(factor),
        normalization: try require(Attention.Normalization(rawValue: require(softmax))))
    case "pixels_as_channels": return PixelsAsChannels()
    case "adaptive_average_pool": return AdaptiveAveragePool(bins: try require(exact).extent)
    case "reduce_mean": return ReducedMean(try pictureAxes())
    case "reduce_maximum": return ReducedMaximum(try pictureAxes())
    case "scale": return Scale(by: try require(factor))
    case "local_response_normalization":
      return LocalResponseNormalization(
        size: try require(size), alpha: try require(alpha), beta: try require(beta),
        bias: try require(k))
    case "softmax": return Softmax(groups: groups ?? 1)
    case "sum": return Sum()
    case "concatenation": return Concatenation()
    case "product": return Product()
    case "difference": return Difference()
    case "quotient": return Quotient()
    case "maximum": return Maximum()
    case "minimum": return Minimum()
    case "coordinates":
      return Coordinates(
        try require(Coordinates.Axis(rawValue: require(axis))), size: exact?.extent)
    case "constant_planes":
      return ConstantPlanes(try require(outputChannels), try require(exact).extent)
    case "line_concatenation":
      return LineConcatenation(try require(LineConcatenation.Axis(rawValue: require(axis))))
    case "rows_as_columns": return RowsAsColumns()
    case "channel_products": return ChannelProducts(heads: try require(heads))
    case "channel_mixing":
      return ChannelMixing(heads: try require(heads), isTransposed: try require(transposed))
    case "average_pool":
      return AveragePool(
        kernel: try require(kernel).extent, stride: try require(stride).extent,
        padding: try require(padding).extent, ceilMode: try require(ceilMode),
        countsPadding: try require(countsPadding))
    case "global_average_pool": return GlobalAveragePool()
    case "global_max_pool": return GlobalMaxPool()
    case "pad":
      let sides = try require(sides)
      let filling: Pad.Filling =
        filling == "reflect" ? .reflect : filling == "edge" ? .edge : .constant(try require(value))
      return Pad(
        top: sides[0], left: sides[1], bottom: sides[2], right: sides[3], filling: filling)
    case "slice":
      return Slicing(channels: lines(channels), rows: lines(rows), columns: lines(columns))
    case "prelu": return PReLU(isShared: try require(shared))
    case "affine": return Affine()
    case "group_normalization":
      return GroupNormalization(groups: try require(groups), epsilon: try require(epsilon))
    case "layer_normalization": return LayerNormalization(epsilon: try require(epsilon))
    case "instance_normalization": return InstanceNormalization(epsilon: try require(epsilon))
    case "depth_to_space":
      return DepthToSpace(
        block: try require(block), order: try require(DepthToSpace.Order(rawValue: require(order))))
    case "space_to_depth": return SpaceToDepth(block: try require(block))
    default:
      throw FCNError(.unsupported, "\(name): there is no operation \(operation)")
    }
  }

  private func makeResize() throws -> Resize {
    let size =
      exact.map { Resize.Size.exact($0.extent) } ?? scale.map { .scaled(by: $0.extent) }
      ?? factors.map { .scaledAndRounded(h: $0[0], w: $0[1]) }
    let kind: Resize.Interpolation =
      switch interpolation {
      case "nearest": .nearest(try require(Resize.Rounding(rawValue: require(rounding))))
      case "cubic": .cubic
      default: .bilinear
      }
    return Resize(
      to: size ?? .likeSecondInput, kind,
      coordinates: try coordinates.map { try require(Resize.Coordinates(rawValue: $0)) }
        ?? .halfPixel)
  }

  private func pictureAxes() throws -> PictureAxes {
    try require(axes).reduce(into: []) { axes, name in
      axes.formUnion(try require(PictureAxes.names.first { $0.name == name }).axis)
    }
  }

  private func lines(_ numbers: [Int]?) -> Slicing.Lines {
    guard let numbers else { return .all }
    return Slicing.Lines(from: numbers[0], to: numbers.count == 2 ? numbers[1] : nil)
  }

  private func require<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw FCNError(.corrupt, "\(name): a setting is missing") }
    return value
  }

  /// The output's shape in PyTorch.
  var wantedShape: Shape {
    Shape(outputShape[0], outputShape[1], outputShape[2], outputShape[3])
  }

  func tensor(_ key: String) throws -> Tensor { try LayerGoldens.tensor("\(name)/\(key)") }

  /// Names of the inputs' tensors.
  var inputNames: [String] { (0..<inputs).map { $0 == 0 ? "input" : "input\($0)" } }
}

/// A loss with scores, labels and the gradient by the scores.
struct LossGolden: Decodable, CustomTestStringConvertible {
  let name: String
  let reduction: String
  let classWeights: [Float]?
  var testDescription: String { name }
  func tensor(_ key: String) throws -> Tensor { try LayerGoldens.tensor("\(name)/\(key)") }
}

/// Some steps of an optimizer.
struct OptimizerGolden: Decodable, CustomTestStringConvertible {
  let name: String
  let kind: String
  let rate: Float
  let decay: Float
  let momentum: Float?
  let beta1: Float?
  let beta2: Float?
  var testDescription: String { name }
  func tensor(_ key: String) throws -> Tensor { try LayerGoldens.tensor("\(name)/\(key)") }
}
