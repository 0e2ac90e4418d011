import Glibc

/// How sure a model was of labelled pixels, and how often it was right: which part of them can be taken
/// on trust.
public struct ConfidenceTally: Sendable, Hashable {
  /// Labelled pixels by the probability of their predicted class, in steps of 1 / `stepCount`.
  public private(set) var pixels: [Int]
  /// Those of `pixels` that were right.
  public private(set) var right: [Int]

  /// Steps from 0 to 1.
  public static let stepCount = 2000

  /// An empty tally.
  public init() {
    pixels = [Int](repeating: 0, count: Self.stepCount)
    right = pixels
  }

  /// Adds a picture: `confidence` has a probability, 0…1, for every pixel. Pixels whose true label is
  /// `LabelMap.ignore` do not count. Throws `shapeMismatch` where the three are not of one size.
  public mutating func add(
    truth: LabelMap, prediction: LabelMap, confidence: UnsafeBufferPointer<Float>
  ) throws {
    let count = truth.labels.count
    guard prediction.labels.count == count, confidence.count == count else {
      throw FCNError(
        .shapeMismatch,
        "\(count) true labels, \(prediction.labels.count) predicted ones and \(confidence.count) "
          + "probabilities were given; they must be of one picture")
    }
    for i in 0..<count where truth.labels[i] != LabelMap.ignore {
      // Written so that a NaN counts as no confidence.
      let part = confidence[i] > 0 ? min(confidence[i], 1) : 0
      let step = min(Int(part * Float(Self.stepCount)), Self.stepCount - 1)
      pixels[step] += 1
      if truth.labels[i] == prediction.labels[i] { right[step] += 1 }
    }
  }

  /// What is left where only pixels count of whose class the model is sure by `threshold`, rounded down to
  /// a whole step: the part of all labelled pixels, and the part of those that is right; the latter NaN
  /// where none is left.
  public func kept(atLeast threshold: Double) -> (coverage: Double, accuracy: Double) {
    let whole = (max(0, min(threshold, 1)) * Double(Self.stepCount) + 1e-6).rounded(.down)
    let first = min(Int(whole), Self.stepCount - 1)
    let (all, left) = (pixels.reduce(0, +), pixels[first...].reduce(0, +))
    guard all > 0 else { return (.nan, .nan) }
    return (
      Double(left) / Double(all),
      left == 0 ? .nan : Double(right[first...].reduce(0, +)) / Double(left)
    )
  }

  /// How far confidence is from accuracy: the mean over labelled pixels, taken in ten steps of confidence,
  /// of the difference between the mean confidence of a step and the part of it that was right (the
  /// expected calibration error); NaN where nothing was added.
  public var calibrationError: Double {
    let all = Double(pixels.reduce(0, +))
    guard all > 0 else { return .nan }
    let length = Self.stepCount / 10
    return (0..<10).reduce(0) { sum, part in
      let steps = part * length..<(part + 1) * length
      let confidence = steps.reduce(0.0) {
        $0 + Double(pixels[$1]) * (Double($1) + 0.5) / Double(Self.stepCount)
      }
      return sum + abs(confidence - Double(right[steps].reduce(0, +))) / all
    }
  }
}
