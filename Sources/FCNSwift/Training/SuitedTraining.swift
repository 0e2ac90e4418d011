/// The settings that suit a data set, a network and a machine: what a training has that is told
/// nothing. They follow from the facts alone.
///
/// - *width*: the network's channels are cut to what the cores can train in minutes: a quarter below 8
///   cores, half below 32, all beyond and on a device; networks that are small as published keep all.
/// - *batch normalisation* wherever a fresh network can have it: fresh weights do not learn without.
/// - *longest side*: larger pictures are seen at 640 pixels, 1024 on a device, since a small network
///   sees too little of a large picture at once.
/// - *minibatch*: 8 pictures, fewer where there are not four minibatches of that.
/// - *crop*: 256 pixels a side, 384 on a device, or the picture's sides where those are shorter.
/// - *length*: 4,800 pieces for up to 200 pictures, beyond that growing with the root of their number,
///   four times that on a device; 5 to 300 epochs.
/// - *rate*: AdamW at 0.002, with weights that were trained 0.0005, without batch normalisation 0.0001
///   and gradients clipped to 1; falling to 0, rising over a tenth of the steps, at most 100.
/// - *class weights* where a class has less than a fifth of an even share of the labelled pixels.
/// - *evaluations*: 40 at most, and so few that they take a third of the time at most.
public struct SuitedTraining: Sendable, Hashable {
  /// How it is trained.
  public var options: TrainingOptions
  /// The factor on the network's channel counts.
  public var width: Float
  /// Whether the network has batch normalisation.
  public var batchNorm: Bool
  /// The longer side at which larger pictures are seen; nil where they are seen as they are.
  public var longestSide: Int?
  /// The class that has least of the labelled pixels, where classes are weighed because of it.
  public var rarestClass: (index: Int, share: Double)? {
    rare.map { ($0.index, $0.share) }
  }
  private var rare: RareClass?

  private struct RareClass: Sendable, Hashable {
    var index: Int
    var share: Double
  }

  /// What suits `facts`.
  public init(_ facts: TrainingFacts) {
    let settled = facts.settled
    let pictures = max(1, facts.pictures)
    width = facts.offersWidth && !facts.startsTrained ? SuitedTraining.width(facts) : 1
    batchNorm = settled.batchNorm ?? (facts.offersBatchNorm && !facts.startsTrained)
    options = Recipe.modern.options

    let largest = facts.usesDevice ? 1024 : 640
    let side = max(1, facts.size.width, facts.size.height)
    longestSide = settled.longestSide == nil && side > largest ? largest : nil
    let scale = min(1, Double(settled.longestSide ?? longestSide ?? side) / Double(side))
    let crop = facts.usesDevice ? 384 : 256
    func cropped(_ side: Int) -> Int { max(1, min(crop, Int(Double(side) * scale))) }
    options.augmentation.cropWidth = settled.cropWidth ?? cropped(facts.size.width)
    options.augmentation.cropHeight = settled.cropHeight ?? cropped(facts.size.height)

    options.batchSize = max(1, settled.batchSize ?? [8, 4, 2].first { 4 * $0 <= pictures } ?? 1)
    let steps = max(1, pictures / options.batchSize)
    let epochs = settled.epochs ?? SuitedTraining.epochs(pictures, facts.usesDevice)
    options.epochs = TrainingNumber.epochs.range.clamping(epochs)
    options.iterations = TrainingNumber.iterations.range.clamping(settled.iterations ?? 0)
    let iterations = options.iterations > 0 ? options.iterations : options.epochs * steps
    options.warmup = min(100, iterations / 10)

    if batchNorm || facts.alwaysHasBatchNorm {
      options.learningRate = facts.startsTrained ? 0.0005 : 0.002
    } else {
      (options.learningRate, options.clipNorm) = (0.0001, 1)
    }
    rare = SuitedTraining.rarest(facts.classPixels)
    options.classWeights = rare == nil ? .none : .enet
    options.evaluationInterval = interval(
      facts, scale: scale, epochs: (iterations + steps - 1) / steps)
  }

  private static func width(_ facts: TrainingFacts) -> Float {
    if facts.usesDevice || facts.cores >= 32 { return 1 }
    return facts.cores < 8 ? 0.25 : 0.5
  }

  private static func epochs(_ pictures: Int, _ usesDevice: Bool) -> Int {
    let growth = max(1, (Double(pictures) / 200).squareRoot())
    let pieces = 4800 * growth * (usesDevice ? 4 : 1)
    return min(300, max(5, Int((pieces / Double(pictures)).rounded())))
  }

  private static func rarest(_ pixels: [Int]) -> RareClass? {
    let total = Double(pixels.reduce(0, +))
    let there = pixels.indices.filter { pixels[$0] > 0 }
    guard there.count > 1, let rarest = there.min(by: { pixels[$0] < pixels[$1] }) else {
      return nil
    }
    let share = Double(pixels[rarest]) / total
    return share < 0.2 / Double(there.count) ? RareClass(index: rarest, share: share) : nil
  }

  /// Epochs from one evaluation to the next. Learning from a pixel takes three times as long as
  /// looking at it.
  private func interval(_ facts: TrainingFacts, scale: Double, epochs: Int) -> Int {
    func whole(_ side: Int) -> Double { max(1, Double(side) * scale) }
    func side(_ crop: Int, _ whole: Double) -> Double { crop == 0 ? whole : Double(crop) }
    let (columns, rows) = (whole(facts.size.width), whole(facts.size.height))
    let (crop, pictures) = (options.augmentation, Double(max(1, facts.pictures)))
    let learning =
      3 * pictures * side(crop.cropWidth, columns) * side(crop.cropHeight, rows)
    let looking = Double(facts.validationPictures) * columns * rows
    let interval = max(2 * looking / learning, Double(epochs) / 40)
    return max(1, Int(min(Double(epochs), interval.rounded(.up))))
  }
}
