import FCNSwift

/// What `eval --report` gathers while pictures are evaluated, and makes a page of.
struct EvaluationPage {
  static let option = Option.value(
    "report", "FILE",
    "Write a page with all measures, the confusion matrix, the worst and the best pictures, and what is "
      + "right where the model is sure; it needs nothing but a browser.")

  private let path: String
  private var gallery: PictureGallery

  /// Nil where no page is wanted.
  init?(_ arguments: Arguments, _ model: Model) {
    guard let path = arguments.text(Self.option) else { return nil }
    self.path = path
    gallery = PictureGallery(palette: model.description.palette)
  }

  /// Takes a picture into account.
  mutating func note(_ picture: LabelledPicture, _ prediction: LabelMap) throws {
    try gallery.add(
      name: picture.name, image: picture.image, truth: picture.labels, prediction: prediction)
  }

  /// Writes the page. `facts` are what was evaluated on what.
  func write(_ evaluation: Evaluation, _ model: Model, facts: [ReportFact]) throws {
    let description = model.description
    let report = try EvaluationReport(
      title: "Evaluation of \(description.architecture)", facts: facts,
      classNames: description.classNames, palette: description.palette,
      confusion: evaluation.confusion, loss: evaluation.loss, confidence: evaluation.confidence,
      gallery: gallery, footer: reportFooter())
    try File.write(Array(report.html().utf8), to: path)
  }
}
