/// Everything that decides what a training does; together with the data and the starting weights it
/// decides every bit of the result.
public struct TrainingOptions: Sendable, Hashable {
  /// How classes weigh in the loss.
  public enum ClassWeights: Sendable, Hashable {
    /// All 1.
    case none
    /// 1 / ln(1.1 + the class's share of the labelled pixels) (after ENet, Paszke et al., 2016).
    case enet
    /// As given, a weight for each class.
    case explicit([Float])
  }

  /// Passes over the pictures. Each pass shuffles them and leaves out those that fill no whole minibatch.
  public var epochs = 62
  /// Steps after which the training ends, within an epoch if need be; 0 leaves that to `epochs`.
  public var iterations = 0
  /// Minibatches whose gradients are averaged for one step, Caffe's `iter_size`: a step as of a larger
  /// minibatch, in the memory of a smaller one. Batch normalisation sees each by itself.
  public var accumulation = 1
  /// Pictures of a minibatch; those that do not fill one wait for another epoch's order.
  public var batchSize = 10
  /// How gradients change parameters.
  public var optimizer = Optimizer.sgd()
  /// The learning rate before schedule and multipliers.
  public var learningRate: Float = 0.01
  /// Weight decay of parameters whose role is `weight`.
  public var weightDecay: Float = 5e-4
  /// What the learning rate of biases is multiplied by; 2 in the FCN papers.
  public var biasRate: Float = 1
  /// What the weight decay is multiplied by for biases and batch normalisation; 0 in the papers.
  public var biasDecay: Float = 0
  /// Learning-rate multipliers by the beginning of a layer's name; the longest that fits counts, and
  /// 0 freezes. Layers that none fits have their own: 0 for upsampling that is kept bilinear, else 1.
  public var layerRates: [String: Float] = [:]
  /// How the learning rate changes.
  public var schedule = RateSchedule.constant
  /// Iterations over which the learning rate first rises.
  public var warmup = 0
  /// Largest norm of all gradients together; longer ones are shortened to it. 0 means no limit.
  public var clipNorm: Float = 0
  /// How the losses of pixels make one number.
  public var lossReduction = LossReduction.mean
  /// How classes weigh in the loss.
  public var classWeights = ClassWeights.none
  /// What is done to pictures before they are learned from.
  public var augmentation = Augmentation()
  /// What shuffling, augmentation and dropout follow from.
  public var seed: UInt64 = 1

  /// What is trained on. Each kind of device rounds sums in its own way. Checkpoints of one go on on
  /// another, though not to the same bits: see `Trainer.resumeNote`.
  public var device = Device.processor
  /// float32; bfloat16, on the processor where that has AVX512_BF16; on a CUDA device also tf32 or float16
  /// (with loss scaling). Weights, their gradients and the optimizer stay float32. A training goes on in the
  /// precision that it began in.
  public var precision = Precision.float32

  // These do not change what is learned.

  /// Threads; 0 means one for every core that the process may use.
  public var threads = 0
  /// Epochs from one evaluation on the validation pictures to the next; the last epoch always has one.
  public var evaluationInterval = 1
  /// Epochs without a better mean IU on the validation pictures after which the training ends; 0 for never.
  public var patience = 0
  /// Seconds that a run may take: it ends after the epoch whose successor would not fit, the first at
  /// the earliest; 0 means no limit.
  public var timeLimit = 0.0
  /// Whether the model of every epoch is kept as `epoch-0001.safetensors` and so on.
  public var keepsEveryEpoch = false
  /// How the models' weights are stored; checkpoints are always float32.
  public var elementType = ElementType.float32

  /// The defaults: the published system's 62 epochs in minibatches of 10.
  public init() {}

  /// The learning-rate and decay multipliers of a parameter.
  func multipliers(for parameter: ParameterSpecification) -> (rate: Float, decay: Float) {
    let prefix = layerRates.keys.filter { parameter.name.hasPrefix($0) }.max { $0.count < $1.count }
    let rate = prefix.flatMap { layerRates[$0] } ?? parameter.rate
    switch parameter.role {
    case .weight: return (rate, 1)
    case .bias: return (rate * biasRate, biasDecay)
    case .statistic: return (0, 0)
    }
  }
}

// What is made of several numbers, or none.

extension TrainingOptions {
  /// What a factor on the learning rate of layers may be.
  public static let layerRateRange = NumberRange<Float>(0...1000)

  /// Sets the optimizer; a rate goes with one, so that of another kind does not carry over.
  public mutating func setOptimizer(_ new: Optimizer) {
    let usual = TrainingOptions()
    switch (optimizer, new) {
    case (.sgd, .adamW): learningRate = 0.001
    case (.adamW, .sgd): (learningRate, weightDecay) = (usual.learningRate, usual.weightDecay)
    default: break
    }
    optimizer = new
  }

  /// The layers and the factor of `conv1=0.5`; nil where a text is no such thing.
  public static func layerRate(in text: some StringProtocol) -> (name: String, factor: Float)? {
    guard let equals = text.lastIndex(of: "="),
      let factor = Float(text[text.index(after: equals)...])
    else { return nil }
    return (String(text[..<equals]), factor)
  }

  /// One of `layerRates` that fits no layer of `network`; nil where there is none.
  public func layerRateWithoutLayer(in network: Network) -> String? {
    layerRates.keys.sorted().first { name in
      // A single parameter may be named too.
      !network.layers.contains { $0.name.hasPrefix(name) }
        && !network.parameters.contains { $0.name.hasPrefix(name) }
    }
  }

  /// As checkpoints keep them: `conv=0.0,score=2.5`.
  static func text(of rates: [String: Float]) -> String {
    rates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }

  static func layerRates(in text: String) -> [String: Float] {
    text.split(separator: ",").reduce(into: [:]) { rates, part in
      if let (name, factor) = layerRate(in: part) { rates[name] = factor }
    }
  }
}

extension TrainingOptions.ClassWeights {
  /// What the weight of a class may be.
  public static let range = NumberRange<Float>(0...1e6)

  func validate() throws {
    guard case .explicit(let weights) = self else { return }
    for (index, weight) in weights.enumerated() {
      try Self.range.check(weight, "the weight of class \(index)")
    }
  }
}
