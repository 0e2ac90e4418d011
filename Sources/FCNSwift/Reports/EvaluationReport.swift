/// What an evaluation came to, as a page: what `html` shows is in here, and nothing else.
public struct EvaluationReport: Sendable {
  /// Above everything.
  public var title: String
  /// What was evaluated on what.
  public var facts: [ReportFact]
  /// The classes, in the order of their indices.
  public var classNames: [String]
  /// Their colours; VOC's beyond them.
  public var palette: [RGB]
  /// The measures are read off it.
  public var confusion: ConfusionMatrix
  /// The mean softmax cross-entropy of the labelled pixels.
  public var loss: Double
  /// How sure the model was; nil where nobody counted.
  public var confidence: ConfidenceTally?
  /// The worst and the best pictures.
  public var gallery: PictureGallery?
  /// The program that made it, and when.
  public var footer: String

  /// A report of what was measured. There must be a name for each class of `confusion`.
  public init(
    title: String, facts: [ReportFact], classNames: [String], palette: [RGB],
    confusion: ConfusionMatrix, loss: Double, confidence: ConfidenceTally? = nil,
    gallery: PictureGallery? = nil, footer: String = ""
  ) throws {
    guard classNames.count == confusion.classCount else {
      throw FCNError(
        .invalidArgument,
        "\(classNames.count) names were given for \(counted(confusion.classCount, "class"))")
    }
    (self.title, self.facts, self.footer) = (title, facts, footer)
    (self.classNames, self.palette) = (classNames, palette)
    (self.confusion, self.loss) = (confusion, loss)
    (self.confidence, self.gallery) = (confidence, gallery)
  }

  /// The page, UTF-8. It loads nothing, and says all without a script; names are only text in it.
  ///
  /// Throws `outOfMemory` where a picture in it cannot be made.
  public func html() throws -> String {
    ReportPage(
      title: title, facts: facts,
      sections: [ReportPage.tiles(figures)] + (try EvaluationReport.classSections(classTable))
        + confidenceSection + gallerySections, footer: footer
    ).text
  }

  private var classTable: ClassTable {
    ClassTable(classNames: classNames, palette: palette, confusion: confusion)
  }

  private var figures: [(name: String, value: String, note: String)] {
    let (measured, all) = (confusion.measuredClassCount, confusion.classCount)
    return [
      (
        "mean IU", HTML.measure(confusion.meanIU),
        measured == all ? "of \(counted(all, "class"))" : "of \(measured) of \(all) classes"
      ),
      ("pixel accuracy", HTML.measure(confusion.pixelAccuracy), "of all labelled pixels"),
      ("mean accuracy", HTML.measure(confusion.meanAccuracy), "over the classes"),
      (
        "weighted IU", HTML.measure(confusion.frequencyWeightedIU),
        "by the classes' frequency"
      ),
      (
        "pictures", grouped(confusion.pictureCount),
        "mean accuracy \(HTML.measure(confusion.meanPictureAccuracy))"
      ),
      ("loss", HTML.measure(loss), "cross-entropy a pixel"),
    ]
  }

  /// The table of classes and the confusion matrix.
  static func classSections(_ table: ClassTable) throws -> [String] {
    [
      ReportPage.section(
        "Classes",
        note:
          "IU is intersection over union. Found: of the class's pixels, how many were predicted as it; "
          + "right: of those predicted as it, how many are. All in percent but IU; – where there is "
          + "nothing to measure.",
        table.html),
      ReportPage.section(
        "What was taken for what",
        note:
          "A row for each true class, in percent of its pixels; a column for each predicted one. "
          + "Colours are stronger than numbers where these are small.",
        try ConfusionTable(classes: table).html),
    ]
  }

  private var confidenceSection: [String] {
    guard let confidence, confidence.pixels.contains(where: { $0 > 0 }) else { return [] }
    return [
      ReportPage.section(
        "What can be taken on trust",
        note:
          "Confidence is the probability of a pixel's predicted class. Where only pixels count of "
          + "which the model is that sure, fewer are left, and more of them are right.",
        ConfidenceSection(tally: confidence).html)
    ]
  }

  private var gallerySections: [String] {
    guard let gallery, !gallery.worst.isEmpty else { return [] }
    let best = gallery.best
    let isAll = gallery.worst.count + best.count == gallery.count
    let worst = ReportPage.section(
      best.isEmpty && isAll ? "Pictures, the worst first" : "The worst pictures",
      note:
        "The part of the labelled pixels that is right. Mistakes are red; what is not labelled is dark.",
      PictureGallery.html(gallery.worst))
    return [worst]
      + (best.isEmpty
        ? [] : [ReportPage.section("The best pictures", PictureGallery.html(best))])
  }
}
