import FCNSwift

/// Looks through all data before anything is made of it: tells what is odd, stops for what is wrong.
enum DataCheck {
  /// Reads all pictures and labels, logs warnings, and throws all errors in one. `folders` are where
  /// they are, `output` is where the work is going to be written. Where `throwsErrors` is false,
  /// errors are left in what is returned.
  @discardableResult
  static func run(
    _ training: (any LabelledPictures)?, _ validation: (any LabelledPictures)?,
    _ arguments: Arguments, folders: [String] = [], output: String? = nil,
    throwsErrors: Bool = true
  ) throws -> DatasetSurvey {
    let isQuiet = arguments.has(.quiet)
    let start = monotonicSeconds()
    let progress = Progress("checking the data", unit: "pictures", isQuiet: isQuiet)
    defer { progress.finish() }
    let survey = try DatasetSurvey.of(
      training: training, validation: validation, threads: arguments.threads()
    ) { done, total in
      progress.update(done, of: total)
      return !Interrupt.isPending
    }
    progress.finish()
    if !isQuiet {
      Terminal.log(summary(survey) + "; checked in \(duration(monotonicSeconds() - start))")
    }
    tell(survey.warnings)
    if let output, let folder = folders.first(where: { isWithin(output, $0) }) {
      Terminal.log("warning: the output folder \(output) lies within the data, \(folder)")
    }
    if throwsErrors { try check(survey) }
    return survey
  }

  /// Logs what is odd about training so on `survey`'s pictures.
  static func tell(
    _ survey: DatasetSurvey, _ options: TrainingOptions, _ model: Model
  ) {
    tell(survey.findings(for: options, preprocessing: model.description.preprocessing))
  }

  /// Logs `findings` as warnings.
  static func tell(_ findings: [DatasetSurvey.Finding]) {
    for finding in findings { Terminal.log("warning: \(words(finding))") }
  }

  /// Throws all errors in one.
  static func check(_ survey: DatasetSurvey) throws {
    guard survey.errors.isEmpty else { throw failure(survey.errors) }
  }

  private static func failure(_ errors: [DatasetSurvey.Finding]) -> FCNError {
    guard errors.count > 1 else {
      return FCNError(.corrupt, errors.map(words).joined())
    }
    let lines = errors.map { "\n  - \(words($0))" }
    return FCNError(.corrupt, "the data has \(errors.count) faults:\(lines.joined())")
  }

  /// A finding, and the option that answers it.
  private static func words(_ finding: DatasetSurvey.Finding) -> String {
    switch finding.kind {
    case .binaryMasks, .nothingLabelled: finding.text + " (--binary-masks)"
    case .assumedClasses:
      finding.text + "; list yours there, a name a line, or give --classes"
    default: finding.text
    }
  }

  private static func summary(_ survey: DatasetSurvey) -> String {
    let pictures =
      survey.training.pictureCount == 0
      ? counted(survey.validation?.pictureCount ?? 0, "picture")
      : "\(counted(survey.training.pictureCount, "picture")) to learn from, "
        + "\(survey.validation?.pictureCount ?? 0) to validate on"
    let part = survey.training.pictureCount == 0 ? survey.validation : survey.training
    guard let least = part?.smallest, let most = part?.largest else { return "data: \(pictures)" }
    let sizes =
      least == most
      ? "\(least.width)×\(least.height)"
      : "\(least.width)×\(least.height) to \(most.width)×\(most.height)"
    return "data: \(pictures), \(sizes), \(counted(survey.classNames.count, "class"))"
  }

  /// Whether `path`, which need not exist, lies in `folder` or is it.
  private static func isWithin(_ path: String, _ folder: String) -> Bool {
    guard let path = FilePlace(path), let folder = FilePlace(folder) else { return false }
    return path.isWithin(folder)
  }
}

extension Subcommand {
  /// `fcn check-data`.
  static let checkData = Subcommand(
    "check-data", "Look through pictures and labels for what is wrong or odd.",
    usage: ["--data DIR [OPTIONS]"],
    discussion: """
      Reads every file of both lists, as `fcn train` does before it begins, and tells
      how often each class occurs. Ends with status 3 where a training would fail.
      """,
    [
      OptionGroup(
        "Options", TrainingData.options + [FreshModel.classes, .threads, .json, .quiet])
    ]
  ) { arguments in
    let data = try TrainingData(arguments)
    let survey = try DataCheck.run(
      data.training, data.validation, arguments, folders: data.folders, throwsErrors: false)
    if arguments.has(.json) { try Terminal.print(DataCheck.json(survey).indentedText) }
    try DataCheck.check(survey)
    if !arguments.has(.json) { try Terminal.print(DataCheck.table(survey)) }
  }
}

extension DataCheck {
  /// How often each class occurs.
  static func table(_ survey: DatasetSurvey) -> String {
    func share(_ part: DatasetSurvey.Part?, _ index: Int) -> String {
      guard let part, part.labelledPixels > 0 else { return "-" }
      let share = Double(part.classPixels[index]) / Double(part.labelledPixels) * 100
      return "\(share.rounded(toPlaces: 2)) % in \(part.classPictures[index])"
    }
    let rows =
      [("class", "pixels to learn from", "to validate on")]
      + survey.classNames.indices.map {
        ("\($0) \(survey.classNames[$0])", share(survey.training, $0), share(survey.validation, $0))
      }
    let widths = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: width + 2 - text.count)
    }
    return rows.map { padded($0.0, widths.0) + padded($0.1, widths.1) + $0.2 }
      .joined(separator: "\n")
  }

  /// The survey in one object.
  static func json(_ survey: DatasetSurvey) -> JSON {
    func part(_ part: DatasetSurvey.Part?) -> JSON {
      guard let part else { return nil }
      func size(_ size: DatasetSurvey.Size?) -> JSON {
        size.map { [.number($0.width), .number($0.height)] } ?? nil
      }
      return [
        "pictures": .number(part.pictureCount),
        "class_pixels": .array(part.classPixels.map { .number($0) }),
        "class_pictures": .array(part.classPictures.map { .number($0) }),
        "ignored_pixels": .number(part.ignoredPixels), "smallest": size(part.smallest),
        "median": size(part.median), "largest": size(part.largest),
      ]
    }
    return [
      "classes": .array(survey.classNames.map { .string($0) }), "train": part(survey.training),
      "val": part(survey.validation),
      "warnings": .array(survey.warnings.map { .string(words($0)) }),
      "errors": .array(survey.errors.map { .string(words($0)) }),
    ]
  }
}
