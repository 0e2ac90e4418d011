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

  /// Times that every picture is seen.
  public var epochs = 62
  /// Steps after which the training ends, within an epoch if need be; 0 leaves that to `epochs`.
  public var iterations = 0
  /// Minibatches whose gradients are averaged for one step, Caffe's `iter_size`: a step as of a larger
  /// minibatch, in the memory of a smaller one. Batch normalisation sees each by itself.
  public var accumulation = 1
  /// Pictures of a minibatch; those that do not fill one wait for another epoch's order.
  public var batchSize = 10
  /// How gradients change parameters.
  public var optimizer = Optimizer.sgd(momentum: 0.9)
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
  public var schedule = Schedule.constant
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
  /// On a CUDA device: float32, tf32, float16 (with loss scaling) or bfloat16; weights, their gradients
  /// and the optimizer stay float32. A training goes on in the precision that it began in.
  public var precision = Precision.float32

  // These do not change what is learned.

  /// Threads; 0 means one for every core that the process may use.
  public var threads = 0
  /// Epochs from one evaluation of the test pictures to the next; the last epoch always has one.
  public var evaluationInterval = 1
  /// Epochs without a better mean IU on the test pictures after which the training ends; 0 for never.
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

  /// Throws `invalidArgument` with the option's name where one is out of range.
  public func validate(classCount: Int) throws {
    func check(_ name: String, _ isInRange: Bool, _ found: Any, _ wanted: String) throws {
      guard isInRange else {
        throw FCNError(.invalidArgument, "\(name) is \(found); it must be \(wanted)")
      }
    }
    func finite(_ value: Float, _ range: ClosedRange<Float>) -> Bool { range.contains(value) }
    try check("epochs", (1...1_000_000).contains(epochs), epochs, "1…1000000")
    try check("iterations", (0...1_000_000_000).contains(iterations), iterations, "0…1000000000")
    try check("accumulation", (1...1024).contains(accumulation), accumulation, "1…1024")
    try check("the batch size", (1...1024).contains(batchSize), batchSize, "1…1024")
    try check(
      "the learning rate", learningRate > 0 && learningRate <= 1000, learningRate,
      "above 0, at most 1000")
    try check("the weight decay", finite(weightDecay, 0...1), weightDecay, "0…1")
    try check("the rate of biases", finite(biasRate, 0...1000), biasRate, "0…1000")
    try check("the decay of biases", finite(biasDecay, 0...1000), biasDecay, "0…1000")
    try check("warmup", (0...1_000_000_000).contains(warmup), warmup, "0…1000000000 iterations")
    try check(
      "the norm to clip to", clipNorm >= 0 && clipNorm.isFinite, clipNorm,
      "0 or a positive number")
    try check(
      "the number of epochs between evaluations", (1...1_000_000).contains(evaluationInterval),
      evaluationInterval, "1…1000000")
    try check("the patience", (0...1_000_000).contains(patience), patience, "0…1000000 epochs")
    try check(
      "the time limit", (0...1e9).contains(timeLimit), timeLimit,
      "0 (none) to 1000000000 seconds")
    for (layer, rate) in layerRates {
      try check("the rate of layers \(layer)…", finite(rate, 0...1000), rate, "0…1000")
    }
    switch optimizer {
    case .sgd(let momentum):
      try check("momentum", finite(momentum, 0...0.9999), momentum, "0…0.9999")
    case .adamW(let beta1, let beta2):
      try check("beta1", finite(beta1, 0...0.9999), beta1, "0…0.9999")
      try check("beta2", finite(beta2, 0...0.999999), beta2, "0…0.999999")
    }
    switch schedule {
    case .constant: break
    case .step(let epochs, let factor):
      try check(
        "the schedule's step", (1...Int(Int32.max)).contains(epochs), epochs,
        "1…\(Int32.max) epochs")
      try check("the schedule's factor", factor > 0 && factor <= 1, factor, "above 0, at most 1")
    case .poly(let power):
      try check("the schedule's power", power > 0 && power <= 10, power, "above 0, at most 10")
    }
    if case .explicit(let weights) = classWeights {
      try check(
        "the number of class weights", weights.count == classCount, weights.count, "\(classCount)")
      try check(
        "the class weights", weights.allSatisfy { finite($0, 0...1e6) }, weights, "0…1000000 each")
    }
  }

  /// Every option that decides the numbers, as text by name: what a resumed training must share.
  var decisive: [String: String] {
    var decisive = [
      "epochs": "\(epochs)", "batchSize": "\(batchSize)", "optimizer": "\(optimizer)",
      "learningRate": "\(learningRate)", "weightDecay": "\(weightDecay)",
      "biasRate": "\(biasRate)", "biasDecay": "\(biasDecay)",
      "layerRates": layerRates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        .joined(separator: ","),
      "schedule": "\(schedule)", "warmup": "\(warmup)", "clipNorm": "\(clipNorm)",
      "lossReduction": lossReduction.rawValue, "classWeights": "\(classWeights)",
      "augmentation": "\(augmentation)", "seed": "\(seed)",
    ]
    // Named where they decide something, so that older checkpoints can be resumed.
    if iterations > 0 { decisive["iterations"] = "\(iterations)" }
    if accumulation > 1 { decisive["accumulation"] = "\(accumulation)" }
    return decisive
  }

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
