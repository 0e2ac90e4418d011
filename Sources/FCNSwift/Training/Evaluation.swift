/// What a model does on labelled pictures.
public struct Evaluation: Sendable {
  /// Every measure is read off it.
  public let confusion: ConfusionMatrix
  /// The mean softmax cross-entropy of the labelled pixels.
  public let loss: Double
  /// The pixel accuracy of each picture, in order; NaN where no pixel is labelled.
  public let pictureAccuracies: [Double]
  /// How sure the model was where it was right or wrong; nil where nobody asked.
  public let confidence: ConfidenceTally?
}

/// Runs labelled pictures through a network, one by one, at their own size.
final class Evaluator {
  private let segmenter: any PictureSegmenter
  private let classCount: Int
  private let loss: SoftmaxCrossEntropy
  private var confidence: ConfidenceTally?

  /// Counts how sure the model is where `talliesConfidence`.
  init(
    _ segmenter: any PictureSegmenter, classCount: Int, classWeights: [Float]? = nil,
    talliesConfidence: Bool = false
  ) {
    confidence = talliesConfidence ? ConfidenceTally() : nil
    self.segmenter = segmenter
    self.classCount = classCount
    loss = SoftmaxCrossEntropy(reduction: .mean, classWeights: classWeights)
  }

  /// `progress` hears how many pictures are done, and sees each one with its prediction; false stops
  /// with `aborted`.
  func evaluate(
    _ pictures: any LabelledPictures,
    progress: (_ done: Int, _ picture: LabelledPicture, _ prediction: LabelMap) throws -> Bool
  ) throws -> Evaluation {
    var confusion = try ConfusionMatrix(classCount: classCount)
    var (lossSum, lossWeight) = (0.0, 0.0)
    var accuracies: [Double] = []
    for index in 0..<pictures.count {
      let picture = try pictures.picture(at: index)
      try naming(picture.name) {
        let (prediction, loss) = try predict(picture)
        accuracies.append(try confusion.add(truth: picture.labels, prediction: prediction))
        lossSum += loss.sum
        lossWeight += loss.weight
        guard try progress(index + 1, picture, prediction) else {
          throw FCNError(.aborted, "stopped after \(index + 1) pictures")
        }
      }
    }
    return Evaluation(
      confusion: confusion, loss: loss.reduced((lossSum, lossWeight)),
      pictureAccuracies: accuracies, confidence: confidence)
  }

  private func predict(
    _ picture: LabelledPicture
  ) throws -> (LabelMap, loss: (sum: Double, weight: Double)) {
    let (width, height) = (picture.image.width, picture.image.height)
    let scores = try Tensor(uninitialized: Shape(1, classCount, height, width))
    try picture.image.withPixelView { view in
      for result in try segmenter.run([view], progress: nil) {
        try result.copyScores(to: scores.pointer, segmenter.pool)
      }
    }
    let gradient = try Tensor(uninitialized: scores.shape)
    var prediction = try LabelMap(width: width, height: height)
    let loss = picture.labels.labels.withUnsafeBufferPointer { truth in
      prediction.labels.withUnsafeMutableBufferPointer {
        self.loss.evaluate(
          scores, truth, gradient: gradient, predictions: $0, segmenter.pool)
      }
    }
    try tally(scores, picture.labels, prediction)
    return (prediction, loss)
  }

  /// Counts how sure the model is of `prediction`, whose memory of scores is written over.
  private func tally(_ scores: Tensor, _ truth: LabelMap, _ prediction: LabelMap) throws {
    guard confidence != nil else { return }
    let (width, height, classCount) = (truth.width, truth.height, classCount)
    let sure = try AlignedMemory(count: width * height)
    let loops = try Loops.chosen()
    prediction.labels.withUnsafeBufferPointer { labels in
      guard let labels = labels.baseAddress else { return }
      segmenter.pool.run(height) { y, _ in
        let row = scores.pointer + y * width
        loops.softmax(row, row, width, classCount, width * height)
        ProbabilityPlane.ofLabels(labels).write(
          row: y, width: width, row, stride: width * height, classCount: classCount,
          to: sure.pointer + y * width)
      }
    }
    try confidence?.add(
      truth: truth, prediction: prediction,
      confidence: UnsafeBufferPointer(start: sure.pointer, count: width * height))
  }
}

extension Model {
  /// Segments every one of `pictures` and compares with its labels. `progress` is called after each
  /// with the number done, the picture and its prediction; false stops with `aborted`. `precision` and
  /// `device` are those of a session; how sure the model is is counted where `talliesConfidence`.
  ///
  /// Throws `invalidArgument` where the classes of model and pictures differ in number.
  public func evaluate(
    on pictures: any LabelledPictures, threads: Int = 0,
    precision: Precision = .float32, device: Device = .processor,
    talliesConfidence: Bool = false,
    progress: (_ done: Int, _ picture: LabelledPicture, _ prediction: LabelMap) throws -> Bool
  ) throws -> Evaluation {
    try checkClasses(of: pictures)
    let segmenter = try Session.segmenter(
      self, Session.Options(threads: threads, precision: precision, device: device),
      findRuntime: CUDA.runtime)
    return try Evaluator(
      segmenter, classCount: description.classNames.count, talliesConfidence: talliesConfidence
    ).evaluate(pictures, progress: progress)
  }

  /// Throws unless `pictures` have as many classes as the model.
  func checkClasses(of pictures: any LabelledPictures) throws {
    guard pictures.classNames.count == description.classNames.count else {
      throw FCNError(
        .invalidArgument,
        "the model has \(description.classNames.count) classes, the pictures "
          + "\(pictures.classNames.count); they must be the same classes")
    }
  }
}
