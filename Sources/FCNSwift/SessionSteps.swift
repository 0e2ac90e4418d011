/// What a run consists of, and how long that takes.
extension Session {
  /// A step of a run: a layer, or layers that are computed together.
  public struct Step: Sendable, Hashable {
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

  /// The steps of the run that came last, in order; `Progress.layersDone` counts them.
  public var steps: [Step] { segmenter.steps }

  /// How long a step took.
  public struct StepTime: Sendable, Hashable {
    public var step: Step
    public var seconds: Double
  }

  /// Runs `pictures` as `run(_:progress:)` does, to tell how long each step takes, batch after batch; no
  /// results are left. On the processor, steps begin with the first layer and end with the last; on a
  /// device, times are its own, and what is copied, the making of the input and the labels are steps
  /// too.
  public func stepTimes(
    _ pictures: [PixelView], progress: ((Progress) -> Bool)? = nil
  ) throws -> [StepTime] {
    try stepTimes(SessionPictures(pictures), progress)
  }

  /// Times steps as `stepTimes(_:progress:)` for views does.
  public func stepTimes(
    _ images: [Image], progress: ((Progress) -> Bool)? = nil
  ) throws -> [StepTime] {
    try stepTimes(SessionPictures(images), progress)
  }

  private func stepTimes(
    _ pictures: SessionPictures, _ progress: ((Progress) -> Bool)?
  ) throws -> [StepTime] {
    results = []
    var times: [StepTime] = []
    try forEachBatch(of: pictures, progress) { batch, progress in
      times += try segmenter.stepTimes(batch, progress: progress)
    }
    return times
  }
}
