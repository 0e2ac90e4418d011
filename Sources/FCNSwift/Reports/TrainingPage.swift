/// How a training goes, as a page that is written anew after each epoch.
public struct TrainingPage: Sendable {
  /// Above everything.
  public var title: String
  /// What learns from what.
  public var facts: [ReportFact]
  /// What stands beside the title: "epoch 3 of 20".
  public var state: String
  /// Whether it goes on, so that a browser is to read the page again.
  public var isRunning: Bool
  /// The columns of the training's log by their names, a number an epoch; NaN where nothing was measured.
  public var columns: [String: [Double]]
  /// The classes, in the order of their indices.
  public var classNames: [String]
  /// Their colours.
  public var palette: [RGB]
  /// Of the last evaluation, with the epoch after which it was; nil where there was none in this run.
  public var evaluation: (epoch: Int, confusion: ConfusionMatrix)?
  /// The program that made it, and when.
  public var footer: String

  /// Seconds after which a browser reads the page of a training that runs again.
  static let refreshInterval = 10

  /// A page of a training that has done nothing yet.
  public init(
    title: String, facts: [ReportFact], classNames: [String], palette: [RGB], footer: String = ""
  ) {
    (self.title, self.facts, self.footer) = (title, facts, footer)
    (self.classNames, self.palette) = (classNames, palette)
    (state, isRunning, columns) = ("", true, [:])
  }

  /// The page, UTF-8; as `EvaluationReport.html` says of its own.
  public func html() throws -> String {
    ReportPage(
      title: title, badge: state.isEmpty ? nil : state, facts: facts,
      sections: [ReportPage.tiles(figures), charts] + (try classSections),
      refresh: isRunning ? Self.refreshInterval : nil, footer: footer
    ).text
  }

  /// A column over the epochs, without those where it is empty.
  private func points(_ name: String) -> [ReportChart.Point] {
    zip(columns["epoch"] ?? [], columns[name] ?? []).filter { $1.isFinite }.map { ($0, $1) }
  }

  private var figures: [(name: String, value: String, note: String)] {
    let meanIU = points("val_mean_iu")
    // The first of equal ones, as the model that is kept.
    let best = meanIU.reduce(nil as ReportChart.Point?) { best, point in
      best.map { $0.y >= point.y } == true ? best : point
    }
    func last(_ name: String) -> (value: String, note: String) {
      points(name).last.map { (HTML.measure($0.y), "epoch \(Int($0.x))") } ?? ("–", "not yet")
    }
    let (loss, accuracy) = (last("train_loss"), last("val_pixel_accuracy"))
    let seconds = points("elapsed_seconds").last?.y
    return [
      (
        "best mean IU", best.map { HTML.measure($0.y) } ?? "–",
        best.map { "epoch \(Int($0.x))" } ?? "not yet"
      ),
      ("mean IU", last("val_mean_iu").value, last("val_mean_iu").note),
      ("pixel accuracy", accuracy.value, accuracy.note),
      ("loss in training", loss.value, loss.note),
      ("time", seconds.map { duration($0) } ?? "–", "over all runs"),
    ]
  }

  private var charts: String {
    func chart(
      _ title: String, _ measure: String, _ range: ClosedRange<Double>? = nil
    ) -> String {
      ReportChart(
        title: title, horizontalTitle: "epoch",
        curves: [("train", "training"), ("val", "validation")].enumerated().map { index, curve in
          ReportChart.Curve(
            name: curve.1, points: points("\(curve.0)_\(measure)"), colour: index)
        }, verticalRange: range
      ).html
    }
    let rate = ReportChart(
      title: "learning rate", horizontalTitle: "epoch",
      curves: [
        ReportChart.Curve(
          name: "of the epoch's last step", points: points("learning_rate"), colour: 2)
      ])
    let all = [
      chart("loss", "loss"), chart("mean IU", "mean_iu", 0...1),
      chart("pixel accuracy", "pixel_accuracy", 0...1), rate.html,
    ].filter { !$0.isEmpty }
    return ReportPage.section(
      "Epoch by epoch",
      note: all.isEmpty
        ? "The first epoch is not done yet."
        : "Training: on the pictures as they were learned from, while the weights changed. Validation: "
          + "on pictures that nothing is learned from.",
      "<div class=\"pair\">\(all.joined(separator: "\n"))</div>")
  }

  private var classSections: [String] {
    get throws {
      guard let (epoch, confusion) = evaluation, confusion.classCount == classNames.count else {
        return []
      }
      let sections = try EvaluationReport.classSections(
        ClassTable(classNames: classNames, palette: palette, confusion: confusion))
      return ["<p class=\"note\">On the validation pictures after epoch \(epoch):</p>"] + sections
    }
  }
}
