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
      "\(recipe.source): \(recipe.architecture ?? "any network")\(start); "
        + "\(options.words(on: .optimizer)), rate \(options.learningRate), "
        + "\(options.words(on: .minibatch)), \(options.lengthInWords)"
        + "\(options.lossReduction == .sum ? ", summed loss" : "")."
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
    ]
    for topic in TrainingTopic.allCases {
      let words = options.words(on: topic)
      if !words.isEmpty { rows.append((topic.rawValue, words)) }
    }
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
