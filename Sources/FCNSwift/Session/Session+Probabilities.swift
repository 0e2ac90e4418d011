extension Session {
  /// Writes how sure the model is of picture `index`: at each pixel, H×W, the probability of the class
  /// on the label map. That is the softmax of all scores, whatever the model; of a model with one score
  /// it is the sigmoid, or what is left to 1 where the label is the background.
  ///
  /// Throws `bufferTooSmall` unless there is room for H·W, `notFound` unless the last run had such a
  /// picture.
  public func copyConfidence(
    _ index: Int, to confidence: UnsafeMutableBufferPointer<Float>
  ) throws {
    let map = try labelMap(index)
    try map.labels.withUnsafeBufferPointer { labels in
      guard let labels = labels.baseAddress else { return }
      try copyProbabilities(index, .ofLabels(labels), to: confidence)
    }
  }

  /// Writes the probability that each pixel of picture `index`, H×W, is of one of `classes`.
  ///
  /// Throws as `copyConfidence` does, and `invalidArgument` for a class that the model has not.
  public func copyProbability(
    _ index: Int, ofAny classes: [Int], to probability: UnsafeMutableBufferPointer<Float>
  ) throws {
    let count = model.description.classNames.count
    for label in classes where !(0..<count).contains(label) {
      throw FCNError(
        .invalidArgument, "class \(label) was asked for; the model has the classes 0…\(count - 1)")
    }
    try copyProbabilities(index, .ofAny(Set(classes).sorted()), to: probability)
  }

  /// The confidence of picture `index` as a picture: greys of 0 for a probability of 0 up to 255 for 1,
  /// rounded to the nearest.
  public func confidenceMap(_ index: Int) throws -> GreyImage {
    try greys(index) { try copyConfidence(index, to: $0) }
  }

  /// The probability of `classes` as a picture, in greys as those of `confidenceMap`.
  public func probabilityMap(_ index: Int, ofAny classes: [Int]) throws -> GreyImage {
    try greys(index) { try copyProbability(index, ofAny: classes, to: $0) }
  }

  private func greys(
    _ index: Int, _ copy: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws -> GreyImage {
    let (width, height) = try resultSize(index)
    let count = width * height
    let floats = try AlignedMemory(count: count)
    try copy(UnsafeMutableBufferPointer(start: floats.pointer, count: count))
    try requireMemory(count)
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for i in 0..<count {
        // A probability is never NaN: scores are finite.
        buffer[i] = UInt8(max(0, min(floats.pointer[i], 1)) * 255 + 0.5)
      }
      initialized = count
    }
    return try GreyImage(width: width, height: height, pixels: pixels)
  }

  private func copyProbabilities(
    _ index: Int, _ plane: ProbabilityPlane, to target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let result = try result(index)
    let base = try room(target, for: result.width * result.height, "probabilities")
    try result.copyProbabilities(plane, to: base, segmenter.pool)
  }
}
