import CDeviceCalls

/// Runs pictures of any size through a network on a device: the counterpart of `Segmenter`. One thread
/// at a time.
final class DeviceSegmenter: PictureSegmenter {
  let pool: WorkerPool
  private let weights: InferenceWeights
  private let preprocessing: Preprocessing
  private let disabledForms: Set<String>
  private let precision: Precision
  private let runtime: CUDARuntime
  private let deviceIndex: Int
  /// nil after somebody else's error has ended the last context.
  private var work: DeviceWork?
  /// What ended this session.
  private var failure: FCNError?

  init(
    _ weights: InferenceWeights, preprocessing: Preprocessing, pool: WorkerPool,
    disabledForms: Set<String>, precision: Precision, runtime: CUDARuntime, device: Int
  ) throws {
    try preprocessing.checkChannels(of: weights.network)
    self.weights = weights
    self.preprocessing = preprocessing
    self.pool = pool
    self.disabledForms = disabledForms
    self.precision = precision
    self.runtime = runtime
    deviceIndex = device
    let context = try runtime.context(device)
    try precision.check(on: context.device)
    work = try DeviceWork(context)
  }

  func inputShape(_ picture: PixelView) -> Shape {
    preprocessing.inputShape(picture, weights.network)
  }

  var byteCount: Int { work?.byteCount ?? 0 }

  var steps: [RunStep] {
    (work?.plan?.steps ?? []).map { RunStep($0.name, $0.formName, $0.work) }
  }

  func run(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [any SegmentedPicture] { try results(pictures, progress: progress) }

  /// The same, as what they are.
  func results(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [DeviceResult] {
    try withPlan(for: pictures) { work, plan in
      try work.segment(pictures, plan, preprocessing, precision, for: self, progress)
    }
  }

  func stepTimes(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [StepTime] {
    try withPlan(for: pictures) { work, plan in
      let timer = DeviceStepTimer(work.stream)
      _ = try work.segment(
        pictures, plan, preprocessing, precision, for: self, progress, timer: timer)
      return try timer.times()
    }
  }

  /// Runs `body` in the session's context; where it throws, nothing of what was under way stays.
  private func withPlan<Element>(
    for pictures: ArraySlice<PixelView>, _ body: (DeviceWork, DevicePlan) throws -> [Element]
  ) throws -> [Element] {
    guard let first = pictures.first else { return [] }
    if let failure {
      throw FCNError(
        .invalidState,
        "this session has failed and cannot go on; make a new one. It was: \(failure)")
    }
    var shape = inputShape(first)
    shape.n = pictures.count
    try work?.context.checkProcess()
    let work = try liveWork()
    do {
      return try work.context.run {
        try body(work, try plan(for: shape, work))
      }
    } catch let error as FCNError {
      // Whatever was under way must not be taken for a whole run's.
      work.forget()
      if work.context.isLost { failure = error }
      // A stream that failed may still be recording. The context stays, with its kernels.
      if error.kind != .aborted {
        self.work = work.context.isLost ? nil : try? DeviceWork(work.context)
      }
      throw error
    }
  }

  /// The context of the last run, or a new one where another session's error has ended it.
  private func liveWork() throws -> DeviceWork {
    if let work, !work.context.isLost { return work }
    work = nil
    let made = try DeviceWork(try runtime.context(deviceIndex))
    work = made
    return made
  }

  private func plan(for shape: Shape, _ work: DeviceWork) throws -> DevicePlan {
    if let plan = work.plan, plan.input.shape == shape { return plan }
    // The last plan's activations go before the next one's come, but not the weights.
    let kept = work.plan?.parameters
    work.forget()
    let made = try withExtendedLifetime(kept) {
      try DevicePlan(
        weights.network, parameters: weights, inputShape: shape, weights: weights.packed(),
        disabledForms: disabledForms, precision: precision, context: work.context,
        stream: work.stream)
    }
    work.plan = made
    return made
  }
}

extension Precision {
  /// Throws unless `device` multiplies in this precision.
  func check(on device: DeviceDescription) throws {
    guard deviceElement != nil else {
      throw FCNError(
        .invalidArgument,
        "the precision \(rawValue) is for the processor; a device takes float32, tf32, float16 or "
          + "bfloat16")
    }
    guard device.capability >= 80 || self == .float32 || self == .float16 else {
      throw FCNError(
        .unsupported,
        "the precision \(rawValue) wants compute capability 8.0; \(device.text). Use float16 or "
          + "float32")
    }
  }
}
