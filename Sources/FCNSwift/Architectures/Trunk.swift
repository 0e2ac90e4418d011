/// What stands between the picture and a head's scores: layers that make features, taken over from a
/// network that classifies whole pictures. Every head goes with every trunk. A new trunk is a type that
/// conforms to this, in a file of its own, and a line in `Trunks.all`.
protocol Trunk: Sendable {
  /// What architectures' names end with.
  var name: String { get }

  /// Pixels of the picture for one of its features, along each axis, below heads that want them fine;
  /// strides beyond give way to dilation.
  var fineStride: Int { get }

  /// Whether the picture's sides must be multiples of what it shrinks them by.
  var wantsWholeStrides: Bool { get }

  /// The stage that an auxiliary head reads, where there is one.
  var auxiliaryStage: Int { get }

  /// What `library` may set otherwise without its showing in names and shapes of weights, in words.
  func assumptions(_ library: TrunkStyle.Library) -> [String]

  /// Appends the trunk's layers to `network`, on top of its last layer, under the names that `style` has for
  /// them, and says where its features are.
  func append(
    to network: inout NetworkBuilder, _ options: ArchitectureOptions, _ style: TrunkStyle
  ) -> TrunkFeatures
}

extension Trunk {
  var wantsWholeStrides: Bool { false }
  func assumptions(_ library: TrunkStyle.Library) -> [String] { [] }
}

/// The trunks that heads go with.
enum Trunks {
  static let all: [any Trunk] = [
    ResNet.resNet18, ResNet.resNet34, ResNet.resNet50, ResNet.resNet101, MobileNetV2(),
    MobileNetV3(), EfficientNet(),
  ]
}

/// Whose network a trunk is part of, which decides what its layers are called, and how far it shrinks the
/// picture.
struct TrunkStyle: Sendable {
  /// A library of segmentation networks.
  enum Library: Sendable {
    case torchvision
    /// segmentation_models_pytorch.
    case segmentationModels
  }

  let library: Library
  /// Pixels of the picture for one of the last features, along each axis: 8, 16 or 32.
  let outputStride: Int

  /// Of the convolutions of stage k, which has one pixel for 2ᵏ of the picture if nothing is dilated.
  func dilation(ofStage k: Int) -> Int { max(1, (1 << k) / outputStride) }

  /// Of the first block of stage k.
  func stride(ofStage k: Int) -> Int { dilation(ofStage: k) > dilation(ofStage: k - 1) ? 1 : 2 }
}

/// The layers whose outputs are a trunk's features, finest first. In a trunk without dilation, stage k has
/// one pixel for 2ᵏ of the picture along each axis.
struct TrunkFeatures {
  /// A layer and how many channels it has.
  struct Stage {
    let layer: String
    let channels: Int
  }

  /// Stages 1 to 5.
  let stages: [Stage]

  /// Features of stage k, 1…5.
  subscript(stage k: Int) -> Stage { stages[k - 1] }
}

extension Architecture {
  /// An architecture for each trunk, called `head`, a hyphen and the trunk's name.
  static func family(
    _ head: String, source: String, choices: Set<ArchitectureOptions.Choice> = [.width],
    stride: Int = 1, assumptions: [String] = [], style: (any Trunk) -> TrunkStyle,
    build:
      @escaping @Sendable (
        _ network: inout NetworkBuilder, _ features: TrunkFeatures, _ trunk: any Trunk,
        _ options: ArchitectureOptions
      ) throws -> Void
  ) -> [Architecture] {
    Trunks.all.map { trunk in
      let style = style(trunk)
      return Architecture(
        name: "\(head)-\(trunk.name)", source: "\(source); trunk \(trunk.name)",
        preprocessing: .torchvision,
        stride: trunk.wantsWholeStrides ? max(stride, style.outputStride) : stride,
        choices: choices, assumptions: assumptions + trunk.assumptions(style.library),
        trunkStyle: style
      ) { network, options in
        let features = trunk.append(to: &network, options, style)
        try build(&network, features, trunk, options)
      }
    }
  }
}

extension NetworkBuilder {
  /// Adds a convolution and the batch normalisation that follows it.
  mutating func addNormalized(
    _ convolutionName: String, _ normName: String, _ convolution: Convolution,
    _ inputs: [String] = [], norm: BatchNorm = BatchNorm()
  ) {
    add(convolutionName, convolution, inputs)
    add(normName, norm)
  }

  /// Adds what PyTorch's programs put into one `Sequential`: `name`.0, a convolution, `name`.1, its batch
  /// normalisation, and `name`.2, an activation, if there is one.
  mutating func addSequence(
    _ name: String, _ convolution: Convolution, norm: BatchNorm = BatchNorm(),
    _ activation: (any Operation)? = ReLU(), _ inputs: [String] = []
  ) {
    addNormalized("\(name).0", "\(name).1", convolution, inputs, norm: norm)
    if let activation { add("\(name).2", activation) }
  }

  /// Adds squeeze and excitation (Hu, Shen and Sun, 2018) of the last layer, which has `channels`: their
  /// means go through two 1×1 convolutions, called `reduce` and `expand`, to a factor a channel.
  mutating func addSqueezeExcitation(
    _ name: String, reduce: String, expand: String, channels: Int, squeezed: Int,
    activation: any Operation = ReLU(), gate: any Operation = HardSigmoid()
  ) {
    let input = last
    add("\(name).pool", GlobalAveragePool())
    add(reduce, Convolution(squeezed, kernel: 1))
    add("\(name).activation", activation)
    add(expand, Convolution(channels, kernel: 1))
    add("\(name).gate", gate)
    add("\(name).scale", Product(), [input, last])
  }
}
