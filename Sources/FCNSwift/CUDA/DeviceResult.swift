/// A picture that a device has segmented: its labels, and its scores when somebody asks for them before
/// the next run.
struct DeviceResult: SegmentedPicture {
  private let session: SessionOnDevice
  private let plan: DevicePlan
  private let batch: DeviceBatch
  private let n: Int
  /// In pinned memory; of this picture, H×W.
  private let labels: UnsafeRawPointer
  /// The run that made it.
  private let generation: Int
  /// What made it.
  private let segmenter: DeviceSegmenter

  init(
    _ session: SessionOnDevice, _ plan: DevicePlan, _ batch: DeviceBatch, _ n: Int,
    _ labels: UnsafeRawPointer, _ segmenter: DeviceSegmenter
  ) {
    (self.session, self.plan, self.batch, self.n) = (session, plan, batch, n)
    (self.labels, self.segmenter) = (labels, segmenter)
    generation = session.generation
  }

  private var picture: DeviceBatch.Picture { batch.pictures[n] }
  var width: Int { picture.width }
  var height: Int { picture.height }
  var classCount: Int { plan.outputShape.c }

  /// Its labels in the host's memory, with the picture, of which scores are made if somebody asks: they
  /// would take many times as much memory, and as long to come.
  func copied(from allocator: Allocator) throws -> any SegmentedPicture {
    try checkGeneration()
    return try DeviceKeptResult(
      self, try session.keptPictures(batch, from: allocator, segmenter), n, from: allocator)
  }

  /// Whether its scores can still be had.
  var isCurrent: Bool { session.generation == generation }

  func copyLabels(to target: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) throws {
    try checkGeneration()
    copyLabels(to: target)
  }

  func copyLabels(to target: UnsafeMutablePointer<UInt8>) {
    target.update(from: labels.assumingMemoryBound(to: UInt8.self), count: width * height)
  }

  func copyScores(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
    try checkGeneration()
    try session.withScores(of: n, batch, plan) {
      target.update(from: $0, count: classCount * width * height)
    }
  }

  func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
    try copyScores(to: target, pool)
    let loops = try Loops.chosen()
    pool.run(height) { y, _ in
      let row = target + y * width
      loops.softmax(row, row, width, classCount, width * height)
    }
  }

  private func checkGeneration() throws {
    guard isCurrent else {
      throw FCNError(.internalDefect, "a result outlived the run that made it")
    }
  }
}
