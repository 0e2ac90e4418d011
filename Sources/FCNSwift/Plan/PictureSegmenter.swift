/// Runs pictures through a network, on the processor or on a device. One thread at a time.
protocol PictureSegmenter: AnyObject {
  /// Threads for what is done on the processor.
  var pool: WorkerPool { get }

  /// The shape of the network's input for a picture of the given size.
  func inputShape(_ picture: PixelView) -> Shape

  /// Segments pictures that share one `inputShape`; results are valid until the next call. Before each
  /// step, `progress` hears its layers, how many steps are done and how many there are; false stops
  /// with `aborted`.
  func run(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [any SegmentedPicture]

  /// Runs as `run` does, to tell how long each step takes. On a device the making of the network's
  /// input, the labels and what is copied are steps too.
  func stepTimes(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [StepTime]

  /// Bytes of activations and scratch memory that are held now.
  var byteCount: Int { get }

  /// The steps of the run that came last.
  var steps: [RunStep] { get }
}

/// What a network made of one picture, at the picture's own size.
protocol SegmentedPicture {
  var width: Int { get }
  var height: Int { get }
  var classCount: Int { get }

  /// The same in memory of its own, which outlives the next run.
  func copied(from allocator: Allocator) throws -> any SegmentedPicture

  /// Writes H×W labels: the class of each pixel's largest score, the lowest of those that are equal.
  func copyLabels(to labels: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) throws

  /// Writes classes×H×W scores.
  func copyScores(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws

  /// Writes classes×H×W probabilities: the softmax of the scores.
  func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws

  /// Writes H×W numbers that `plane` takes of the probabilities.
  func copyProbabilities(
    _ plane: ProbabilityPlane, to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws
}

extension Preprocessing {
  /// The shape of `network`'s input for a picture: its size as the size rule has it, rounded up to the
  /// network's stride.
  func inputShape(_ picture: PixelView, _ network: Network) -> Shape {
    let size = networkSize(width: picture.width, height: picture.height)
    return Shape(
      1, network.inputChannels, roundUp(size.height, toMultipleOf: network.stride),
      roundUp(size.width, toMultipleOf: network.stride))
  }

  /// Throws unless it makes as many channels as `network` takes.
  func checkChannels(of network: Network) throws {
    guard channels == network.inputChannels else {
      throw FCNError(
        .invalidArgument,
        "the preprocessing makes \(channels) channels, the network takes "
          + "\(network.inputChannels); pictures cannot be segmented with this model")
    }
  }
}

extension FCNError {
  /// Of values of `layer` that are NaN or infinite before they become bytes, though all weights are finite.
  static func valuesNotFinite(_ layer: String) -> FCNError {
    FCNError(
      .notFinite,
      "layer \(layer) makes values that are not finite, which bytes cannot show. The weights are too "
        + "large, as when a training diverged; use another model")
  }

  /// Of scores that are NaN or infinite, though all weights are finite; `first` says which values of the
  /// network are the first that are.
  static func scoresNotFinite(_ first: String?, _ precision: Precision) -> FCNError {
    let advice =
      precision == .float16
      ? "float16 ends at 65504: use bfloat16 or float32"
      : "The weights are too large, as when a training diverged; use another model"
    return FCNError(
      .notFinite,
      "the scores are not finite, and \(first ?? "the scores themselves") come first of what is not. "
        + advice)
  }
}
