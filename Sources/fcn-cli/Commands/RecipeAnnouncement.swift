import FCNSwift

extension Subcommand {
  /// Tells on standard error what a recipe, with the command line's changes, is about to do.
  static func announce(
    _ recipe: Recipe, _ options: TrainingOptions, _ model: Model, startsFresh: Bool
  ) {
    let description = model.description
    let rows = [
      ("recipe", "\(recipe.name): \(recipe.source)"),
      (
        "network",
        "\(description.architecture), pictures at \(description.preprocessing.sizeInWords)"
      ),
      ("length", length(options)),
      ("minibatch", minibatch(options)),
      ("optimizer", "\(optimizer(options)), weight decay \(options.weightDecay)"),
      ("rate", rate(options)),
      ("biases", "rate × \(options.biasRate), weight decay × \(options.biasDecay)"),
      ("loss", loss(options)),
      ("pictures", augmentation(options.augmentation)),
    ]
    for (name, text) in rows {
      Terminal.log(name + String(repeating: " ", count: 11 - name.count) + text)
    }
    if startsFresh, let start = recipe.start {
      Terminal.log(
        "warning: this recipe starts from \(start), which --from FILE gives; without it every layer "
          + "starts at random")
    }
  }

  /// Whether a training starts with random weights.
  static func startsFresh(_ arguments: Arguments) -> Bool {
    !arguments.has(.model) && !arguments.has(FreshModel.source)
  }

  private static func length(_ options: TrainingOptions) -> String {
    options.iterations > 0
      ? "\(grouped(options.iterations)) iterations" : "\(options.epochs) epochs"
  }

  private static func minibatch(_ options: TrainingOptions) -> String {
    let pictures = options.batchSize == 1 ? "1 picture" : "\(options.batchSize) pictures"
    return options.accumulation > 1
      ? "\(pictures), gradients of \(options.accumulation) minibatches a step" : pictures
  }

  private static func optimizer(_ options: TrainingOptions) -> String {
    switch options.optimizer {
    case .sgd(let momentum): "SGD with momentum \(momentum)"
    case .adamW: "AdamW"
    }
  }

  private static func rate(_ options: TrainingOptions) -> String {
    var text = "\(options.learningRate)"
    switch options.schedule {
    case .constant: text += ", constant"
    case .step(let epochs, let factor): text += ", × \(factor) every \(epochs) epochs"
    case .poly(let power): text += ", falling to 0 with power \(power)"
    }
    if options.warmup > 0 { text += ", warmed up over \(options.warmup) iterations" }
    if !options.layerRates.isEmpty {
      let rates = options.layerRates.sorted { $0.key < $1.key }
      text += "; " + rates.map { "\($0.key)… × \($0.value)" }.joined(separator: ", ")
    }
    return text
  }

  private static func loss(_ options: TrainingOptions) -> String {
    var text =
      options.lossReduction == .sum
      ? "cross-entropy, summed over pixels" : "cross-entropy, mean over labelled pixels"
    if options.classWeights != .none { text += ", weighted by class" }
    if options.clipNorm > 0 { text += "; gradients clipped to \(options.clipNorm)" }
    return text
  }

  private static func augmentation(_ augmentation: Augmentation) -> String {
    var parts: [String] = []
    if augmentation.scale != 1...1 {
      parts.append("scaled \(augmentation.scale.lowerBound)…\(augmentation.scale.upperBound)")
    }
    if augmentation.cropWidth > 0 {
      parts.append("cropped to \(augmentation.cropWidth)×\(augmentation.cropHeight)")
    }
    if augmentation.flip { parts.append("every second one mirrored") }
    if augmentation.brightness > 0 { parts.append("brightness ± \(augmentation.brightness)") }
    if augmentation.contrast > 0 { parts.append("contrast ± \(augmentation.contrast)") }
    return parts.isEmpty ? "as they are" : parts.joined(separator: ", ")
  }
}

extension Preprocessing {
  fileprivate var sizeInWords: String {
    switch size {
    case .native: "their own size"
    case .exact(let width, let height): "\(width)×\(height)"
    case .longestSide(let side): "\(side) pixels along the longer side"
    case .atMost(let side): "\(side) pixels along the longer side at most"
    }
  }
}
