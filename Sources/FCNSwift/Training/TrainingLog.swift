/// A row of the log: an epoch's means.
public struct EpochRecord: Sendable {
  /// Counted from 1.
  public var epoch: Int
  /// Minibatches learned from since the start.
  public var iteration: Int
  /// Of the epoch's last minibatch.
  public var learningRate: Float
  /// On the training pictures as they were learned from: augmented, with weights that changed.
  public var training: Measures
  /// On the test pictures after the epoch; nil where none were evaluated.
  public var validation: Measures?
  /// Since the start of the training, over all its runs.
  public var seconds: Double

  /// Loss and the papers' measures, fractions of 1.
  public struct Measures: Sendable {
    /// Mean over minibatches, or over labelled pixels for the test pictures.
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

    init(loss: Double, _ confusion: ConfusionMatrix) {
      self.loss = loss
      pixelAccuracy = confusion.pixelAccuracy
      meanAccuracy = confusion.meanAccuracy
      meanIU = confusion.meanIU
      frequencyWeightedIU = confusion.frequencyWeightedIU
      meanPictureAccuracy = confusion.meanPictureAccuracy
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
      measures?.values.map { $0.isNaN ? "" : "\(Float($0))" }
        ?? [String](repeating: "", count: Measures.names.count)
    }
    return
      (["\(epoch)", "\(iteration)", "\(learningRate)"] + text(training) + text(validation)
      + ["\((seconds * 10).rounded() / 10)"]).joined(separator: ",")
  }
}

/// The log file: CSV with a row an epoch, rewritten whole each time, so that it is never half a row
/// and never holds epochs that a resumed training does again.
struct TrainingLog {
  private let path: String
  private var rows: [String]

  /// Starts the log at `path`, keeping the rows of the first `epochs` epochs that stand there.
  init(path: String, keeping epochs: Int) throws {
    self.path = path
    rows = []
    guard epochs > 0, File.exists(path) else { return }
    let text = String(decoding: try File.read(path), as: UTF8.self)
    rows = text.split(separator: "\n").dropFirst().map(String.init).filter {
      Int($0.prefix { $0 != "," }).map { $0 <= epochs } ?? false
    }
  }

  mutating func append(_ record: EpochRecord) throws {
    rows.append(record.row)
    let text = ([EpochRecord.header] + rows).joined(separator: "\n") + "\n"
    try File.write(Array(text.utf8), to: path)
  }
}
