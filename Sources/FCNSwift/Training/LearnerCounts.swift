/// What a learner counts, besides its weights and the optimizer's tensors: with these a training goes on
/// to the same bits.
struct LearnerCounts: Hashable {
  /// Iterations made, which Adam's bias correction counts; in half precision some are left out.
  var iterations: Int
  /// The factor on the loss, 1 but in half precision, and the good steps since it was last changed.
  var lossScale: Float = 1
  var goodSteps = 0

  private static let names = (
    iterations: "training.steps", lossScale: "training.loss_scale", goodSteps: "training.good_steps"
  )

  init(iterations: Int, lossScale: Float = 1, goodSteps: Int = 0) {
    (self.iterations, self.lossScale, self.goodSteps) = (iterations, lossScale, goodSteps)
  }

  /// As a checkpoint's metadata tells; nil where it was written before they were kept.
  init?(metadata: [String: String]) throws {
    guard let text = metadata[Self.names.iterations] else { return nil }
    let range = 0...1_000_000_000_000_000
    guard let iterations = Int(text), range.contains(iterations),
      let factor = metadata[Self.names.lossScale].flatMap(Float.init),
      factor >= 1, factor <= LossScale.largest,
      let good = metadata[Self.names.goodSteps].flatMap(Int.init), range.contains(good)
    else {
      throw FCNError(
        .corrupt, "the checkpoint's steps and factor on the loss are not such as training leaves")
    }
    self.init(iterations: iterations, lossScale: factor, goodSteps: good)
  }

  /// As metadata.
  var metadata: [String: String] {
    [
      Self.names.iterations: "\(iterations)", Self.names.lossScale: "\(lossScale)",
      Self.names.goodSteps: "\(goodSteps)",
    ]
  }
}

/// What a training runs on, as its checkpoint tells.
public struct TrainingPlace: Sendable, Hashable {
  /// The processor or a device.
  public var device: Device
  /// The numbers that are multiplied.
  public var precision: Precision

  private static let names = (device: "training.device", precision: "training.precision")

  init(_ options: TrainingOptions) {
    (device, precision) = (options.device, options.precision)
  }

  /// nil where the checkpoint was written before it told; throws `corrupt` where what it tells is not
  /// understood.
  init?(metadata: [String: String]) throws {
    let texts = [metadata[Self.names.device], metadata[Self.names.precision]]
    if texts == [nil, nil] { return nil }
    guard let device = texts[0].flatMap(Device.init(text:)),
      let precision = texts[1].flatMap(Precision.init(rawValue:))
    else {
      throw FCNError(
        .corrupt,
        "the checkpoint's device and precision, "
          + "\(texts.map { quoted($0 ?? "nothing") }.joined(separator: " and ")), are not understood: "
          + "another version wrote it, or it is damaged; resume with that version, or start afresh in "
          + "another folder")
    }
    (self.device, self.precision) = (device, precision)
  }

  /// As metadata.
  var metadata: [String: String] {
    [Self.names.device: "\(device)", Self.names.precision: precision.rawValue]
  }

  /// What is to be told where a training that ran here goes on at `other`; nil where its bits stay what
  /// they would have been. Throws `invalidArgument` where precisions differ.
  func note(goingOnAt other: TrainingPlace) throws -> String? {
    guard precision == other.precision else {
      throw FCNError(
        .invalidArgument,
        "the training to resume ran in \(precision.rawValue) on \(device), and is to go on in "
          + "\(other.precision.rawValue) on \(other.device); resume in the same precision, or start "
          + "afresh in another folder")
    }
    guard device != other.device else { return nil }
    return
      "the training to resume ran on \(device) and goes on on \(other.device): sums are rounded "
      + "in other ways there, so it need not come to the same bits"
  }
}

extension Device {
  /// The device that `description` tells of.
  init?(text: String) {
    if text == Self.processor.description {
      self = .processor
    } else if text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 {
      self = .cuda(index)
    } else {
      return nil
    }
  }
}
