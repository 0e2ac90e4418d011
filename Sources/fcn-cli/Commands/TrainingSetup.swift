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

  /// `folder` is that of the output, and `saved` the training there that is to go on.
  init(
    _ arguments: Arguments, _ data: any LabelledPictures, _ survey: DatasetSurvey,
    folder: String, saved: SavedTraining?
  ) throws {
    (self.survey, self.saved) = (survey, saved)
    if let saved, let note = arguments.text(Subcommand.trainingNote),
      note != saved.description.note
    {
      throw UsageError("--note is for a training that begins; that in \(folder) keeps its own")
    }
    let named = try TrainOptions.recipe(arguments)
    recipe = named ?? .modern
    let training = UsualTraining(
      try TrainingSetup.facts(arguments, survey), saved: saved, recipe: recipe)
    model = try TrainingSetup.model(arguments, data, training, named)
    if let saved, let path = arguments.text(FreshModel.graph),
      model.description.graph != saved.description.graph
    {
      throw UsageError(
        "--graph \(path) is another network than that of the training in \(folder); leave it out to "
          + "go on with that, or name another folder for a training of its own")
    }
    var usual = training.options(of: model)
    if let place = saved?.place {
      (usual.device, usual.precision) = (place.device, place.precision)
    }
    options = try TrainOptions.make(arguments, usual: usual)
    if let name = options.layerRateWithoutLayer(in: model.network) {
      throw UsageError(
        "no layer's name begins with \"\(name)\"; `fcn info MODEL --tensors` lists them")
    }
    suited =
      recipe.isSuited && saved == nil ? SuitedTraining(training.facts.of(model)) : nil
  }

  /// Whether the weights are random at the beginning.
  static func startsFresh(_ arguments: Arguments) -> Bool {
    !arguments.has(Subcommand.trainingStart) && !arguments.has(FreshModel.source)
  }

  private static func facts(
    _ arguments: Arguments, _ survey: DatasetSurvey
  ) throws -> TrainingFacts {
    var facts = TrainingFacts(
      survey, threads: try arguments.threads(), device: try arguments.device())
    facts.settled = try TrainOptions.settled(arguments)
    facts.startsTrained = !startsFresh(arguments)
    return facts
  }

  private static func model(
    _ arguments: Arguments, _ data: any LabelledPictures, _ training: UsualTraining,
    _ recipe: Recipe?
  ) throws -> Model {
    let saved = training.saved
    if let path = arguments.text(Subcommand.trainingStart) {
      return try existing(path, arguments, data, saved)
    }
    let seed = try TrainOptions.seed(arguments)
    let note = arguments.text(Subcommand.trainingNote) ?? ""
    if let saved, FreshModel.given(in: arguments).isEmpty {
      return try Model.fresh(saved.description, seed: seed)
    }
    return try FreshModel.make(
      arguments, recipe: recipe, classNames: data.classNames, seed: seed,
      note: saved?.description.note ?? note, takesScale: false,
      usual: training.network
    ) { transplant in
      if !arguments.has(.quiet) { Subcommand.report(transplant) }
    }
  }

  /// The model at `path`, to go on from.
  private static func existing(
    _ path: String, _ arguments: Arguments, _ data: any LabelledPictures,
    _ saved: SavedTraining?
  ) throws -> Model {
    let model = try Model(contentsOf: path)
    let (own, wanted) = (model.description.classNames.count, data.classNames.count)
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
