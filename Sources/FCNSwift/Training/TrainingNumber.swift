/// An option of a training that is a number: what it is called, where it stands, what it may be. Those
/// that there are bear the names of their properties in `TrainingOptions`, which tell what they mean.
public struct TrainingNumber<Number: Comparable & LosslessStringConvertible & Sendable>: Sendable {
  package let name: String
  let path: WritableKeyPath<TrainingOptions, Number> & Sendable
  /// What it may be.
  public let range: NumberRange<Number>

  fileprivate init(
    _ name: String, _ path: WritableKeyPath<TrainingOptions, Number> & Sendable,
    _ range: NumberRange<Number>
  ) {
    (self.name, self.path, self.range) = (name, path, range)
  }
}

extension TrainingNumber<Int> {
  public static var epochs: Self { .init("epochs", \.epochs, .init(1...1_000_000)) }
  public static var iterations: Self { .init("iterations", \.iterations, .init(0...1_000_000_000)) }
  public static var accumulation: Self { .init("accumulation", \.accumulation, .init(1...1024)) }
  public static var batchSize: Self { .init("batchSize", \.batchSize, .init(1...1024)) }
  public static var warmup: Self { .init("warmup", \.warmup, .init(0...1_000_000_000)) }
  public static var threads: Self { .init("threads", \.threads, .threads) }
  public static var evaluationInterval: Self {
    .init("evaluationInterval", \.evaluationInterval, .init(1...1_000_000))
  }
  public static var patience: Self { .init("patience", \.patience, .init(0...1_000_000)) }
}

extension TrainingNumber<Float> {
  public static var learningRate: Self {
    .init("learningRate", \.learningRate, .init(above: 0, atMost: 1000))
  }
  public static var weightDecay: Self { .init("weightDecay", \.weightDecay, .init(0...1)) }
  public static var biasRate: Self { .init("biasRate", \.biasRate, .init(0...1000)) }
  public static var biasDecay: Self { .init("biasDecay", \.biasDecay, .init(0...1000)) }
  public static var clipNorm: Self { .init("clipNorm", \.clipNorm, .init(atLeast: 0)) }
  // Parts of the augmentation, which checks them itself.
  public static var brightness: Self {
    .init("brightness", \.augmentation.brightness, Augmentation.lightRange)
  }
  public static var contrast: Self {
    .init("contrast", \.augmentation.contrast, Augmentation.lightRange)
  }
}

extension TrainingNumber<Double> {
  public static var timeLimit: Self { .init("timeLimit", \.timeLimit, .init(0...1e9)) }
}

extension TrainingNumber<UInt64> {
  public static var seed: Self { .init("seed", \.seed, .init(0...UInt64.max)) }
}
