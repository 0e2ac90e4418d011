/// How often each true class was predicted as each class, and the measures of the FCN papers that
/// are read off it (Long, Shelhamer and Darrell, 2015, section 5): with n_ij pixels of class i
/// predicted as class j and t_i = Σ_j n_ij pixels of class i,
///
/// - pixel accuracy Σ n_ii / Σ t_i
/// - mean accuracy: the mean over classes of n_ii / t_i
/// - mean IU: the mean over classes of n_ii / (t_i + Σ_j n_ji − n_ii)
/// - frequency weighted IU: Σ t_i · IU_i / Σ t_i
///
/// As the papers' code does (`nanmean`), a class whose denominator is zero is left out of a mean:
/// for accuracy one that never occurs, for IU one that neither occurs nor is predicted. But there is no
/// mean IU over one class of several.
public struct ConfusionMatrix: Sendable, Hashable {
  /// Classes on each side.
  public let classCount: Int
  /// n_ij at i · classCount + j, in pixels.
  public private(set) var counts: [Int]
  private var pictureAccuracySum = 0.0
  /// Pictures that were added and had a labelled pixel.
  public private(set) var pictureCount = 0

  /// An empty matrix for `classCount` classes, 1…255.
  public init(classCount: Int) throws {
    guard (1...255).contains(classCount) else {
      throw FCNError(
        .invalidArgument, "a confusion matrix takes 1…255 classes; found \(classCount)")
    }
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// Adds a picture. Pixels whose true label is `LabelMap.ignore` do not count; sizes must agree and
  /// all other labels be below `classCount`. Returns the picture's pixel accuracy, NaN where no
  /// pixel is labelled.
  @discardableResult
  public mutating func add(truth: LabelMap, prediction: LabelMap) throws -> Double {
    guard truth.width == prediction.width, truth.height == prediction.height else {
      throw FCNError(
        .shapeMismatch,
        "the truth is \(truth.width)×\(truth.height), the prediction "
          + "\(prediction.width)×\(prediction.height); they must be of one size")
    }
    return try truth.labels.withUnsafeBufferPointer { truth in
      try prediction.labels.withUnsafeBufferPointer { try add(truth: truth, prediction: $0) }
    }
  }

  /// Adds pixels of one picture, as `add(truth:prediction:)` for maps; both have the same count.
  mutating func add(
    truth: UnsafeBufferPointer<UInt8>, prediction: UnsafeBufferPointer<UInt8>
  ) throws -> Double {
    let memory = try AlignedMemory(byteCount: 256 * 256 * MemoryLayout<Int>.stride)
    return try withExtendedLifetime(memory) {
      let pairs = memory.bytes.bindMemory(to: Int.self, capacity: 256 * 256)
      pairs.initialize(repeating: 0, count: 256 * 256)
      for i in truth.indices { pairs[Int(truth[i]) << 8 | Int(prediction[i])] += 1 }
      return try add(pairs)
    }
  }

  /// Adds a picture of which pixels of each true and predicted label have been counted.
  private mutating func add(_ picture: UnsafePointer<Int>) throws -> Double {
    var (right, labelled) = (0, 0)
    for i in 0..<255 {
      for j in 0..<256 where picture[i << 8 | j] > 0 {
        let pixels = picture[i << 8 | j]
        guard i < classCount, j < classCount else {
          throw FCNError(
            .invalidArgument,
            "a label of \(max(i, j)) was found; the classes are 0…\(classCount - 1), and "
              + "\(LabelMap.ignore) for pixels to ignore")
        }
        counts[i * classCount + j] += pixels
        labelled += pixels
        if i == j { right += pixels }
      }
    }
    guard labelled > 0 else { return .nan }
    let accuracy = Double(right) / Double(labelled)
    pictureAccuracySum += accuracy
    pictureCount += 1
    return accuracy
  }

  /// Adds another matrix's pixels and pictures to this one's; class counts must agree.
  public mutating func add(_ other: ConfusionMatrix) throws {
    guard other.classCount == classCount else {
      throw FCNError(
        .shapeMismatch, "confusion matrices of \(classCount) and \(other.classCount) classes")
    }
    for i in counts.indices { counts[i] += other.counts[i] }
    pictureAccuracySum += other.pictureAccuracySum
    pictureCount += other.pictureCount
  }

  // MARK: Measures, all fractions of 1; NaN where nothing was added

  /// Pixels that were right, of all labelled.
  public var pixelAccuracy: Double {
    ratio((0..<classCount).reduce(0) { $0 + hits($1) }, counts.reduce(0, +))
  }

  /// The mean over classes of the fraction of their pixels that were right.
  public var meanAccuracy: Double {
    meanOfNumbers((0..<classCount).map { ratio(hits($0), truths($0)) })
  }

  /// Intersection over union of each class; NaN for one that neither occurs nor is predicted.
  public var perClassIU: [Double] {
    (0..<classCount).map { ratio(hits($0), truths($0) + predictions($0) - hits($0)) }
  }

  /// The mean of `perClassIU`; NaN where one class alone of several has an IU: where all that is
  /// labelled is of one class, and so is all that was predicted, a mean of 1 would look like success.
  public var meanIU: Double {
    measuredClassCount == 1 && classCount > 1 ? .nan : meanOfNumbers(perClassIU)
  }

  /// How many classes have an IU, and so a part in `meanIU`: those that occur or are predicted.
  public var measuredClassCount: Int { perClassIU.count { !$0.isNaN } }

  /// The mean of `perClassIU` weighted by how often classes occur.
  public var frequencyWeightedIU: Double {
    let total = Double(counts.reduce(0, +))
    guard total > 0 else { return .nan }
    return zip(0..<classCount, perClassIU).reduce(0) { sum, entry in
      let occurrences = truths(entry.0)
      return occurrences == 0 ? sum : sum + Double(occurrences) / total * entry.1
    }
  }

  /// The mean over pictures of each picture's own pixel accuracy.
  public var meanPictureAccuracy: Double {
    pictureCount == 0 ? .nan : pictureAccuracySum / Double(pictureCount)
  }

  private func hits(_ i: Int) -> Int { counts[i * classCount + i] }
  private func truths(_ i: Int) -> Int {
    counts[i * classCount..<(i + 1) * classCount].reduce(0, +)
  }
  private func predictions(_ j: Int) -> Int {
    stride(from: j, to: counts.count, by: classCount).reduce(0) { $0 + counts[$1] }
  }
  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? .nan : Double(part) / Double(whole)
  }
  private func meanOfNumbers(_ values: [Double]) -> Double {
    let numbers = values.filter { !$0.isNaN }
    return numbers.isEmpty ? .nan : numbers.reduce(0, +) / Double(numbers.count)
  }
}
