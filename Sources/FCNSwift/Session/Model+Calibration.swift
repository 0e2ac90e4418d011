extension Model {
  /// The same model with the ranges that `Precision.int8` needs, measured on `count` pictures, a few dozen
  /// of the kind that it is for; those that it had are replaced.
  ///
  /// Each layer's channels get the range in which the squared error of bytes is least; values beyond it are
  /// cut off later. `withPicture` is to call its `body` with picture `index`, and is asked twice for each.
  /// `progress` is called on this thread, many times a picture and once at the end; false ends it with
  /// `aborted`. Throws `invalidArgument` without a picture, `notFinite` where a weight or a value of a layer
  /// is NaN or infinite.
  public func calibrated(
    count: Int, threads: Int = 0, progress: ((_ done: Int, _ total: Int) -> Bool)? = nil,
    _ withPicture: (_ index: Int, _ body: (PixelView) throws -> Void) throws -> Void
  ) throws -> Model {
    guard count > 0 else {
      throw FCNError(
        .invalidArgument, "there are no pictures to measure ranges on; give some dozen")
    }
    let weights = try inferenceWeights(folding: true)
    let pool = try WorkerPool(threads: threads)
    let segmenter = try Segmenter(
      weights.network, parameters: weights, packedWeights: weights.packed(),
      preprocessing: description.preprocessing, pool: pool)
    var last = (done: 0, total: 2 * count)
    let told = progress.map { progress in
      { (done: Int, total: Int) in
        last = (done, total)
        return progress(done, total)
      }
    }
    let measured: ValueRanges
    do {
      measured = try pool.watched(by: told.map { told in { told(last.done, last.total) } }) {
        try segmenter.measureRanges(count, told, withPicture)
      }
    } catch let error as FCNError where error.kind == .aborted {
      throw FCNError(.aborted, "stopped while the ranges of values were measured")
    }
    // A plan has resizes of its own.
    let own = Set(network.layers.map(\.name))
    let ranges = ValueRanges(layers: measured.layers.filter { own.contains($0.key) })
    return try Model(description: description, weights: orderedWeights, ranges: ranges)
  }
}
