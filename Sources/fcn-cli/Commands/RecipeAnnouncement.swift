import FCNSwift

extension Subcommand {
  /// What each recipe sets, for help.
  static let recipeTable: [(String, String)] = Recipe.all.reversed().map { recipe in
    if recipe.isSuited {
      return (
        recipe.name,
        "The default: AdamW, rate falling to 0, pictures scaled, cropped, mirrored and varied in "
          + "light; batch normalisation, and width, crop, minibatch, rate, class weights and epochs "
          + "as suit the data and the machine."
      )
    }
    let options = recipe.options
    let start = recipe.start.map { ", from \($0)" } ?? ""
    return (
      recipe.name,
      "\(recipe.source): \(recipe.architecture ?? "any network")\(start); \(optimizer(options)), "
        + "rate \(options.learningRate), decay \(options.weightDecay), \(minibatch(options)), "
        + "\(length(options))\(options.lossReduction == .sum ? ", summed loss" : "")."
    )
  }

  /// Tells on standard error what is about to be done, and of what was chosen why.
  static func announce(_ setup: TrainingSetup) {
    let (recipe, options, model) = (setup.recipe, setup.options, setup.model)
    let description = model.description
    var rows = [
      (
        "recipe",
        setup.saved == nil ? "\(recipe.name): \(recipe.source)" : "as the training began"
      ),
      ("network", "\(network(description)), pictures at \(description.preprocessing.sizeInWords)"),
      ("length", length(options) + limits(options)),
      ("minibatch", minibatch(options)),
      ("optimizer", "\(optimizer(options)), weight decay \(options.weightDecay)"),
      ("rate", rate(options)),
    ]
    if options.biasRate != 1 || options.biasDecay != 0 {
      rows.append(
        ("biases", "rate × \(options.biasRate), weight decay × \(options.biasDecay)"))
    }
    rows.append(("loss", loss(options)))
    rows.append(("pictures", augmentation(options.augmentation)))
    if let suited = setup.suited { rows.append(("because", reasons(suited, setup))) }
    for (name, text) in rows {
      Terminal.note(
        name + String(repeating: "\u{A0}", count: 11 - name.count) + text, indent: 11)
    }
  }

  /// Warns where the recipe goes on from weights that nobody gave.
  static func warnOfStart(_ setup: TrainingSetup, startsFresh: Bool) {
    guard startsFresh, setup.saved == nil, let start = setup.recipe.start else { return }
    Terminal.note(
      "warning: this recipe starts from \(start), which --from FILE gives; without it every layer "
        + "starts at random")
  }

  private static func network(_ description: ModelDescription) -> String {
    guard description.graph == nil else { return description.architecture }
    var text = "\(description.architecture), width \(description.options.width)"
    if description.options.batchNorm { text += ", batch normalisation" }
    return text
  }

  private static func limits(_ options: TrainingOptions) -> String {
    var text = ""
    if options.patience > 0 {
      text += ", ended by \(counted(options.patience, "epoch")) without a better mean IU"
    }
    if options.timeLimit > 0 { text += ", at most \(duration(options.timeLimit))" }
    if options.evaluationInterval > 1 {
      text += ", an evaluation every \(counted(options.evaluationInterval, "epoch"))"
    }
    return text
  }

  /// What the choice followed from.
  private static func reasons(_ suited: SuitedTraining, _ setup: TrainingSetup) -> String {
    let training = setup.survey.training
    var parts = [counted(training.pictureCount, "picture")]
    if let size = training.median { parts.append("of \(size.width)×\(size.height)") }
    var text = parts.joined(separator: " ") + "; \(Capabilities.processor)"
    if let (index, share) = suited.rarestClass, setup.options.classWeights == .enet {
      let name = setup.survey.classNames[index]
      text += "; \(name) has \((share * 100).rounded(toPlaces: 2)) % of the pixels"
    }
    return text + ". Options change each: fcn train --help"
  }

  static func length(_ options: TrainingOptions) -> String {
    options.iterations > 0
      ? counted(options.iterations, "iteration") : counted(options.epochs, "epoch")
  }

  private static func minibatch(_ options: TrainingOptions) -> String {
    let pictures = counted(options.batchSize, "picture")
    return options.accumulation > 1
      ? "\(pictures), gradients of \(counted(options.accumulation, "minibatch")) a step" : pictures
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
    case .step(let epochs, let factor):
      text += ", × \(factor) every \(epochs == 1 ? "epoch" : counted(epochs, "epoch"))"
    case .poly(let power): text += ", falling to 0 with power \(power)"
    }
    if options.warmup > 0 { text += ", warmed up over \(counted(options.warmup, "iteration"))" }
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
