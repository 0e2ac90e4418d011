import FCNSwift

/// What `train` is about to do: the model it begins with and its options. What nobody named follows
/// from the data and the machine, in a resumed training from its checkpoint.
struct TrainingSetup {
  let model: Model
  let options: TrainingOptions
  /// The recipe, whose settings the options are.
  let recipe: Recipe
  /// What was chosen, where the recipe leaves it to the data.
  let suited: SuitedTraining?
  /// The training that goes on; nil where one begins.
  let saved: SavedTraining?
  /// The data, counted.
  let survey: DatasetSurvey

  /// `folder` is that of the output.
  init(
    _ arguments: Arguments, _ training: any LabelledPictures, _ survey: DatasetSurvey,
    folder: String, resume: Bool
  ) throws {
    self.survey = survey
    saved = resume ? try SavedTraining(folder: folder) : nil
    if let saved, let note = arguments.text(Subcommand.trainingNote),
      note != saved.description.note
    {
      throw UsageError("--note is for a training that begins; that in \(folder) keeps its own")
    }
    let named = try TrainOptions.recipe(arguments)
    recipe = named ?? .modern
    let facts = try TrainingSetup.facts(arguments, survey)
    model = try TrainingSetup.model(arguments, training, facts, named, saved)
    let suited = SuitedTraining(facts.of(model))
    var usual = recipe.isSuited ? suited.options : recipe.options
    if let saved, recipe.isSuited {
      usual = saved.options
      if !saved.knowsEvaluationInterval {
        usual.evaluationInterval = suited.options.evaluationInterval
      }
    }
    if let place = saved?.place {
      (usual.device, usual.precision) = (place.device, place.precision)
    }
    options = try TrainOptions.make(
      arguments, usual: usual, layers: model.network.layers.map(\.name))
    self.suited = recipe.isSuited && saved == nil ? suited : nil
  }

  /// Whether the weights are random at the beginning.
  static func startsFresh(_ arguments: Arguments) -> Bool {
    !arguments.has(Subcommand.trainingStart) && !arguments.has(FreshModel.source)
  }

  private static func facts(
    _ arguments: Arguments, _ survey: DatasetSurvey
  ) throws -> TrainingFacts {
    let (threads, device) = (try arguments.threads(), try arguments.device())
    let median = survey.training.median.map { (width: $0.width, height: $0.height) }
    var facts = TrainingFacts(
      pictures: survey.training.pictureCount, size: median ?? (1, 1),
      classPixels: survey.training.classPixels,
      validationPictures: survey.validation?.pictureCount ?? 0,
      cores: threads > 0 ? threads : nil, usesDevice: device != .processor)
    facts.settled = try TrainOptions.settled(arguments)
    facts.startsTrained = !startsFresh(arguments)
    return facts
  }

  private static func model(
    _ arguments: Arguments, _ training: any LabelledPictures, _ facts: TrainingFacts,
    _ recipe: Recipe?, _ saved: SavedTraining?
  ) throws -> Model {
    if let path = arguments.text(Subcommand.trainingStart) {
      return try existing(path, arguments, training, saved)
    }
    let seed = try TrainOptions.seed(arguments)
    let note = arguments.text(Subcommand.trainingNote) ?? ""
    if let saved, FreshModel.given(in: arguments).isEmpty {
      return try Model.fresh(saved.description, seed: seed)
    }
    return try FreshModel.make(
      arguments, recipe: recipe, classNames: training.classNames, seed: seed,
      note: saved?.description.note ?? note, takesScale: false,
      usual: { usual(for: $0, recipe, facts, saved) }
    ) { transplant in
      if !arguments.has(.quiet) { Subcommand.report(transplant) }
    }
  }

  /// What a fresh model has that nobody named.
  private static func usual(
    for architecture: Architecture, _ recipe: Recipe?, _ facts: TrainingFacts,
    _ saved: SavedTraining?
  ) -> FreshModel.Usual {
    if let description = saved?.description {
      let options = description.options
      return FreshModel.Usual(
        width: options.width, batchNorm: options.batchNorm, auxiliaryHead: options.auxiliaryHead,
        denseUpsampling: options.denseUpsampling, preprocessing: description.preprocessing)
    }
    guard recipe?.isSuited ?? true else { return FreshModel.Usual() }
    var facts = facts
    facts.offersWidth = architecture.choices.contains(.width)
    facts.offersBatchNorm = architecture.choices.contains(.batchNorm)
    let suited = SuitedTraining(facts)
    return FreshModel.Usual(
      width: suited.width, batchNorm: suited.batchNorm,
      size: suited.longestSide.map { .atMost($0) })
  }

  /// The model at `path`, to go on from.
  private static func existing(
    _ path: String, _ arguments: Arguments, _ training: any LabelledPictures,
    _ saved: SavedTraining?
  ) throws -> Model {
    let model = try Model(contentsOf: path)
    let (own, wanted) = (model.description.classNames.count, training.classNames.count)
    guard own == wanted else {
      throw FCNError(
        .shapeMismatch,
        "\(path) has \(counted(own, "class")), the data \(wanted). To learn the data's "
          + "classes from what the model has learned, give --from \(path) in place of --model: all "
          + "but its last layers is taken")
    }
    let given = saved?.description.note ?? arguments.text(Subcommand.trainingNote)
    guard let text = given, text != model.description.note else { return model }
    var description = model.description
    description.note = text
    return try Model(description: description, weights: model.orderedWeights)
  }
}
