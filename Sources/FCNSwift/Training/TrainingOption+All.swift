extension TrainingOption {
  /// Every option that has a range, is kept or is told of; in the order of helps and announcements.
  package static let all = [
    TrainingOption(
      .epochs,
      "Passes over the pictures, but for those that fill no whole minibatch, others each time; 5 to 300 by "
        + "default, as follows from their number.",
      told: .on(.length) { $0.lengthInWords }),
    TrainingOption(
      .iterations, "Steps to make, in place of `epochs`.",
      resumed: .decidesWhere { $0.iterations > 0 }),
    TrainingOption(
      .patience, unit: "epochs",
      "End when the mean IU has not grown for so many epochs; what is resumed can go on. "
        + "0, the default: never.",
      resumed: .kept,
      told: .on(.length) {
        $0.patience > 0 ? "ended by \(counted($0.patience, "epoch")) without a better mean IU" : nil
      }),
    TrainingOption(
      .timeLimit, unit: "seconds", resumed: .once,
      told: .on(.length) { $0.timeLimit > 0 ? "at most \(duration($0.timeLimit))" : nil }),
    TrainingOption(
      .batchSize, "Pictures of a minibatch; 8 by default, fewer for few.",
      told: .on(.minibatch) { counted($0.batchSize, "picture") }),
    TrainingOption(
      .accumulation, "Minibatches whose gradients are averaged for one step; 1 by default.",
      resumed: .decidesWhere { $0.accumulation > 1 },
      told: .on(.minibatch) {
        $0.accumulation > 1
          ? "gradients of \(counted($0.accumulation, "minibatch")) a step" : nil
      }),
    TrainingOption(
      "optimizer", \.optimizer, Optimizer.init(described:),
      told: .on(.optimizer) {
        switch $0.optimizer {
        case .sgd(let momentum): "SGD with momentum \(momentum)"
        case .adamW: "AdamW"
        }
      }, check: { try $0.validate() }),
    TrainingOption(
      .learningRate, unit: "rate",
      "The learning rate; for adamw 0.002 by default, 0.0005 with weights that were trained, 0.0001 "
        + "without batch normalisation; for sgd 0.01.",
      told: .on(.rate) { "\($0.learningRate)" }),
    TrainingOption(
      .weightDecay, unit: "factor",
      "Of weights, not of biases; 0.01 by default, 0.0005 for sgd.",
      told: .on(.optimizer) { "weight decay \($0.weightDecay)" }),
    TrainingOption(
      .biasRate, unit: "factor", "A factor on the learning rate of biases; 1 by default.",
      told: .on(.biases) { $0.hasOwnBiases ? "rate × \($0.biasRate)" : nil }),
    TrainingOption(
      .biasDecay, unit: "factor", "A factor on the weight decay of biases; 0 by default.",
      told: .on(.biases) { $0.hasOwnBiases ? "weight decay × \($0.biasDecay)" : nil }),
    TrainingOption(
      "schedule", \.schedule, RateSchedule.init(described:),
      told: .on(.rate) {
        switch $0.schedule {
        case .constant: "constant"
        case .step(let epochs, let factor):
          "× \(factor) every \(epochs == 1 ? "epoch" : counted(epochs, "epoch"))"
        case .poly(let power): "falling to 0 with power \(power)"
        }
      }, check: { try $0.validate() }),
    TrainingOption(
      .warmup,
      "Iterations over which the learning rate first rises; a tenth of all, 100 at most, by default.",
      told: .on(.rate) {
        $0.warmup > 0 ? "warmed up over \(counted($0.warmup, "iteration"))" : nil
      }),
    TrainingOption(
      "layerRates", \.layerRates, TrainingOptions.layerRates(in:),
      told: .on(.rate, isApart: true) {
        let rates = $0.layerRates.sorted { $0.key < $1.key }
        return rates.isEmpty
          ? nil : rates.map { "\($0.key)… × \($0.value)" }.joined(separator: ", ")
      },
      text: TrainingOptions.text(of:),
      check: { rates in
        for (layer, rate) in rates {
          try TrainingOptions.layerRateRange.check(rate, "the rate of layers \(layer)…")
        }
      }),
    TrainingOption(
      "lossReduction", \.lossReduction, LossReduction.init(rawValue:),
      "The loss of a minibatch is the mean (the default) or the sum of its labelled pixels' losses.",
      told: .on(.loss) {
        $0.lossReduction == .sum
          ? "cross-entropy, summed over pixels" : "cross-entropy, mean over labelled pixels"
      }),
    TrainingOption(
      "classWeights", \.classWeights, TrainingOptions.ClassWeights.init(described:),
      told: .on(.loss) { $0.classWeights == .none ? nil : "weighted by class" },
      check: { try $0.validate() }),
    TrainingOption(
      .clipNorm, unit: "norm",
      "Gradients longer than this are shortened to it; 0: never, the default but without batch "
        + "normalisation, where it is 1.",
      told: .on(.loss, isApart: true) {
        $0.clipNorm > 0 ? "gradients clipped to \($0.clipNorm)" : nil
      }),
    TrainingOption(
      .seed, "What initial weights, order and augmentation follow from; 1 by default."),
    TrainingOption(
      "augmentation", \.augmentation, Augmentation.init(described:), in: .augmentation,
      told: .on(.pictures) { $0.augmentation.words }, check: { try $0.validate() }),
    TrainingOption(.threads, in: .machine, resumed: .once),
    TrainingOption(
      .evaluationInterval,
      "Epochs from one evaluation to the next; by default so many that evaluating takes a "
        + "third of the time at most.",
      in: .output, resumed: .kept,
      told: .on(.length) {
        $0.evaluationInterval > 1
          ? "an evaluation every \(counted($0.evaluationInterval, "epoch"))" : nil
      }),
    TrainingOption(
      "keepsEveryEpoch", \.keepsEveryEpoch, Bool.init,
      "Keep the model of every epoch, as epoch-0001.safetensors and so on.", in: .output,
      resumed: .kept,
      told: .on(.models) { $0.keepsEveryEpoch ? "that of every epoch kept" : nil }),
    TrainingOption(
      "elementType", \.elementType, ElementType.init(rawValue:),
      "Store the models' weights as float16.", in: .output, resumed: .kept,
      told: .on(.models) { $0.elementType == .float16 ? "stored as float16" : nil },
      text: { $0.rawValue }),
  ]
}

extension TrainingOption.Telling {
  fileprivate static func on(
    _ topic: TrainingTopic, isApart: Bool = false,
    _ words: @escaping @Sendable (TrainingOptions) -> String?
  ) -> Self { .init(topic: topic, words: words, isApart: isApart) }
}

extension TrainingOptions {
  /// Whether biases learn otherwise than weights.
  fileprivate var hasOwnBiases: Bool { biasRate != 1 || biasDecay != 0 }
}

extension Augmentation {
  /// What is done, one after another; nil where that is nothing.
  fileprivate var words: String? {
    var parts: [String] = []
    if scale != 1...1 { parts.append("scaled \(scale.lowerBound)…\(scale.upperBound)") }
    if cropWidth > 0 { parts.append("cropped to \(cropWidth)×\(cropHeight)") }
    if flip { parts.append("every second one mirrored") }
    if brightness > 0 { parts.append("brightness ± \(brightness)") }
    if contrast > 0 { parts.append("contrast ± \(contrast)") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}
