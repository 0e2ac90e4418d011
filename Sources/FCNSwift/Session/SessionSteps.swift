/// What a run consists of, and how long that takes.
extension Session {
  /// The steps of the run that came last, in order; `Progress.layersDone` counts them.
  public var steps: [RunStep] { segmenter.steps }

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
