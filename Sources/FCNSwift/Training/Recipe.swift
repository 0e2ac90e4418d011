/// A training by name: a network, where it starts from, and every setting.
public struct Recipe: Sendable {
  /// `voc-fcn32s` for one.
  public let name: String
  /// Whose settings they are.
  public let source: String
  /// The network, nil where the recipe leaves it open.
  public let architecture: String?
  /// What the weights start from, in words; nil where nothing is wanted.
  public let start: String?
  /// How score layers begin.
  public let scores: Model.ScoreInitialization
  /// The size at which the network sees pictures, nil where the recipe leaves it open.
  public let size: Preprocessing.SizeRule?
  /// How it is trained.
  public let options: TrainingOptions
  /// Whether what suits the data and the machine, `SuitedTraining`, takes the place of `options`.
  public var isSuited = false

  /// The recipe called `name`; throws `notFound` with the names there are.
  public static func named(_ name: String) throws -> Recipe {
    guard let found = all.first(where: { $0.name == name }) else {
      throw FCNError(
        .notFound,
        "there is no recipe \(quoted(name)); there are: "
          + all.map(\.name).joined(separator: ", "))
    }
    return found
  }

  /// Every recipe there is.
  public static let all: [Recipe] = voc + pascalContext + siftFlow + nyud + [simple, modern]

  // MARK: The FCN papers' (fcn.berkeleyvision.org, each model's solver.prototxt and net.py)

  private static let voc = [
    fcn("voc", .fcn32s, rate: 1e-10, iterations: 100_000, start: vgg16),
    fcn("voc", .fcn16s, rate: 1e-12, iterations: 100_000, start: "voc-fcn32s's model"),
    fcn("voc", .fcn8s, rate: 1e-14, iterations: 100_000, start: "voc-fcn16s's model"),
    fcn("voc", .fcn8sAtOnce, rate: 1e-10, iterations: 300_000, start: vgg16),
    alexNet,
  ]

  private static let pascalContext = [
    fcn("pascalcontext", .fcn32s, rate: 1e-10, iterations: 300_000, start: vgg16),
    fcn(
      "pascalcontext", .fcn16s, rate: 1e-12, iterations: 300_000,
      start: "pascalcontext-fcn32s's model"),
    fcn(
      "pascalcontext", .fcn8s, rate: 1e-14, iterations: 300_000,
      start: "pascalcontext-fcn16s's model"),
  ]

  private static let siftFlow = [
    fcn("siftflow", .fcn32s, rate: 1e-10, iterations: 300_000, start: vgg16),
    fcn("siftflow", .fcn16s, rate: 1e-12, iterations: 300_000, start: "siftflow-fcn32s's model"),
    fcn("siftflow", .fcn8s, rate: 1e-12, iterations: 300_000, start: "siftflow-fcn16s's model"),
  ]

  private static let nyud = [
    fcn("nyud", .fcn32s, rate: 1e-10, iterations: 300_000, start: vgg16)
  ]

  private static let vgg16 = "VGG16's weights"

  /// One picture an iteration, the loss summed over its pixels, so that tiny rates and a heavy
  /// momentum stand for large minibatches; biases at twice the rate without decay.
  private static func fcn(
    _ dataset: String, _ architecture: Architecture, rate: Float, iterations: Int, start: String
  ) -> Recipe {
    var options = TrainingOptions()
    options.iterations = iterations
    options.batchSize = 1
    options.optimizer = .sgd(momentum: 0.99)
    options.learningRate = rate
    options.weightDecay = 5e-4
    options.biasRate = 2
    options.biasDecay = 0
    options.lossReduction = .sum
    return Recipe(
      name: "\(dataset)-\(architecture.name)",
      source: "Shelhamer, Long and Darrell's \(dataset)-\(architecture.name)",
      architecture: architecture.name, start: start, scores: .zero, size: .native,
      options: options)
  }

  private static var alexNet: Recipe {
    var options = TrainingOptions()
    options.iterations = 100_000
    options.batchSize = 1
    options.accumulation = 20
    options.optimizer = .sgd()
    options.learningRate = 1e-4
    options.weightDecay = 5e-4
    options.biasRate = 2
    options.biasDecay = 0
    return Recipe(
      name: "voc-fcn-alexnet", source: "Shelhamer, Long and Darrell's voc-fcn-alexnet",
      architecture: Architecture.fcnAlexNet.name, start: "CaffeNet's weights", scores: .zero,
      size: .native, options: options)
  }

  // MARK: Others

  /// The published Chainer system's.
  private static let simple = Recipe(
    name: "simple", source: "the published Chainer system",
    architecture: Architecture.fcnSimple.name, start: vgg16, scores: .he,
    size: .exact(width: 224, height: 224), options: TrainingOptions())

  /// What serves most data sets of today: AdamW, a rate that falls to zero, varied pictures; the rest
  /// follows from the data and the machine.
  public static var modern: Recipe {
    var options = TrainingOptions()
    options.epochs = 60
    options.batchSize = 8
    options.optimizer = .adamW()
    options.learningRate = 0.002
    options.weightDecay = 0.01
    options.schedule = .poly()
    options.warmup = 100
    options.augmentation = Augmentation(
      cropWidth: 256, cropHeight: 256, scale: 0.6...1.6, flip: true, brightness: 0.2,
      contrast: 0.2)
    return Recipe(
      name: "modern", source: "AdamW, poly schedule, augmentation", architecture: nil, start: nil,
      scores: .he, size: nil, options: options, isSuited: true)
  }
}
