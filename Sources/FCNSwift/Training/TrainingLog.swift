/// A row of the log: an epoch's means.
public struct EpochRecord: Sendable {
  /// Counted from 1.
  public var epoch: Int
  /// Steps of the optimizer since the start.
  public var iteration: Int
  /// Of the epoch's last minibatch.
  public var learningRate: Float
  /// On the training pictures as they were learned from: augmented, with weights that changed.
  public var training: Measures
  /// On the validation pictures after the epoch; nil where none were evaluated.
  public var validation: Measures?
  /// Since the start of the training, over all its runs.
  public var seconds: Double

  /// Loss and the papers' measures, fractions of 1.
  public struct Measures: Sendable {
    /// Mean over minibatches, or over labelled pixels for the validation pictures.
    public var loss: Double
    /// See `ConfusionMatrix`.
    public var pixelAccuracy: Double
    /// See `ConfusionMatrix`.
    public var meanAccuracy: Double
    /// See `ConfusionMatrix`.
    public var meanIU: Double
    /// See `ConfusionMatrix`.
    public var frequencyWeightedIU: Double
    /// The mean over pictures of each one's pixel accuracy.
    public var meanPictureAccuracy: Double
    /// IU of each class; NaN for one that neither occurs nor is predicted.
    public var classIU: [Double]
    /// What all measures but the loss are read off.
    public var confusion: ConfusionMatrix

    init(loss: Double, _ confusion: ConfusionMatrix) {
      self.loss = loss
      pixelAccuracy = confusion.pixelAccuracy
      meanAccuracy = confusion.meanAccuracy
      meanIU = confusion.meanIU
      frequencyWeightedIU = confusion.frequencyWeightedIU
      meanPictureAccuracy = confusion.meanPictureAccuracy
      classIU = confusion.perClassIU
      self.confusion = confusion
    }

    fileprivate static let names = [
      "loss", "pixel_accuracy", "mean_accuracy", "mean_iu", "frequency_weighted_iu",
      "mean_picture_accuracy",
    ]
    fileprivate var values: [Double] {
      [loss, pixelAccuracy, meanAccuracy, meanIU, frequencyWeightedIU, meanPictureAccuracy]
    }
  }

  static let header =
    (["epoch", "iteration", "learning_rate"] + Measures.names.map { "train_\($0)" }
    + Measures.names.map { "val_\($0)" } + ["elapsed_seconds"]).joined(separator: ",")

  /// Its row, with empty fields where nothing was evaluated.
  var row: String {
    func text(_ measures: Measures?) -> [String] {
      measures?.values.map(EpochRecord.field)
        ?? [String](repeating: "", count: Measures.names.count)
    }
    return
      (["\(epoch)", "\(iteration)", "\(learningRate)"] + text(training) + text(validation)
      + ["\((seconds * 10).rounded() / 10)"]).joined(separator: ",")
  }
}

extension EpochRecord {
  /// The header of the log of classes: a column for each, under its name.
  static func classHeader(_ names: [String]) -> String {
    (["epoch"] + names.map(quotedField)).joined(separator: ",")
  }

  /// The row of the log of classes; nil where nothing was evaluated.
  var classRow: String? {
    validation.map { (["\(epoch)"] + $0.classIU.map(EpochRecord.field)).joined(separator: ",") }
  }

  fileprivate static func field(_ value: Double) -> String {
    value.isNaN ? "" : "\(Float(value))"
  }

  /// Quoted as RFC 4180 has it, where a name needs it.
  private static func quotedField(_ name: String) -> String {
    let line = String(name.map { $0.isNewline ? " " : $0 })
    guard line.contains(where: { $0 == "," || $0 == "\"" }) else { return line }
    return "\""
      + line.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}

/// A log file: CSV with a row an epoch, rewritten whole each time, so that it is never half a row
/// and never holds epochs that a resumed training does again.
struct TrainingLog {
  private let path: String
  private let header: String
  private var rows: [String]

  /// Starts the log at `path`, keeping the rows of the first `epochs` epochs that stand there.
  init(path: String, header: String, keeping epochs: Int) throws {
    self.path = path
    self.header = header
    rows = []
    guard epochs > 0, File.exists(path) else { return }
    let text = String(decoding: try File.read(path), as: UTF8.self)
    // Other programs may have stored it anew, with other line ends.
    rows = text.split(whereSeparator: \.isNewline).dropFirst().map(String.init).filter {
      Int($0.prefix { $0 != "," }).map { $0 <= epochs } ?? false
    }
  }

  mutating func append(_ row: String) throws {
    rows.append(row)
    let text = ([header] + rows).joined(separator: "\n") + "\n"
    try File.write(Array(text.utf8), to: path)
  }
}
