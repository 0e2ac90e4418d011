/// A step of a run: a layer, or layers that are computed together.
public struct RunStep: Sendable, Hashable {
  /// The layers, joined by +.
  public var layers: String
  /// The form in which they are computed.
  public var form: String
  /// Floating-point operations by the layers' definition, and those that the form carries out in
  /// matrix products; 0 where there are few.
  public var nominalOperations, performedOperations: Double
  /// Bytes of inputs, outputs and weights, each counted once.
  public var bytes: Double
}

/// How long a step took.
public struct StepTime: Sendable, Hashable {
  public var step: RunStep
  public var seconds: Double
}

extension RunStep {
  /// As a plan tells of it.
  init(_ layers: String, _ form: String, _ work: StepWork?) {
    self.init(
      layers: layers, form: form, nominalOperations: work?.nominal ?? 0,
      performedOperations: work?.performed ?? 0, bytes: work?.bytes ?? 0)
  }
}
