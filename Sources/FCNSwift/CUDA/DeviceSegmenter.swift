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
  private let largestMemory: Int
  /// nil after somebody else's error has ended the last context.
  private var session: SessionOnDevice?
  /// What ended this session.
  private var failure: FCNError?

  init(
    _ weights: InferenceWeights, preprocessing: Preprocessing, pool: WorkerPool,
    disabledForms: Set<String>, precision: Precision, runtime: CUDARuntime, device: Int,
    largestMemory: Int = .max
  ) throws {
    try preprocessing.checkChannels(of: weights.network)
    self.weights = weights
    self.preprocessing = preprocessing
    self.pool = pool
    self.disabledForms = disabledForms
    self.precision = precision
    self.runtime = runtime
    deviceIndex = device
    self.largestMemory = largestMemory
    let context = try runtime.context(device)
    try precision.check(on: context.device)
    session = try SessionOnDevice(context)
  }

  func inputShape(_ picture: PixelView) -> Shape {
    preprocessing.inputShape(picture, weights.network)
  }

  var byteCount: Int { session?.byteCount ?? 0 }

  var steps: [RunStep] {
    (session?.plan?.steps ?? []).map { RunStep($0.name, $0.formName, $0.work) }
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
    try withPlan(for: pictures) { session, plan in
      try session.segment(pictures, plan, preprocessing, precision, for: self, progress)
    }
  }

  func stepTimes(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [StepTime] {
    try withPlan(for: pictures) { session, plan in
      let timer = DeviceStepTimer(session.stream)
      _ = try session.segment(
        pictures, plan, preprocessing, precision, for: self, progress, timer: timer)
      return try timer.times()
    }
  }

  /// Runs `body` in the session's context; where it throws, nothing of what was under way stays.
  private func withPlan<Element>(
    for pictures: ArraySlice<PixelView>, _ body: (SessionOnDevice, DevicePlan) throws -> [Element]
  ) throws -> [Element] {
    guard let first = pictures.first else { return [] }
    if let failure {
      throw FCNError(
        .invalidState,
        "this session has failed and cannot go on; make a new one. It was: \(failure)")
    }
    var shape = inputShape(first)
    shape.n = pictures.count
    try session?.context.checkProcess()
    let session = try liveSession()
    do {
      return try session.context.run {
        try body(session, try plan(for: shape, session))
      }
    } catch let error as FCNError {
      // Whatever was under way must not be taken for a whole run's.
      session.forget()
      if session.context.isLost { failure = error }
      // A stream that failed may still be recording. The context stays, with its kernels.
      if error.kind != .aborted {
        self.session = session.context.isLost ? nil : try? SessionOnDevice(session.context)
      }
      throw error
    }
  }

  /// The context of the last run, or a new one where another session's error has ended it.
  private func liveSession() throws -> SessionOnDevice {
    if let session, !session.context.isLost { return session }
    session = nil
    let made = try SessionOnDevice(try runtime.context(deviceIndex))
    session = made
    return made
  }

  private func plan(for shape: Shape, _ session: SessionOnDevice) throws -> DevicePlan {
    if let plan = session.plan, plan.input.shape == shape { return plan }
    // The last plan's activations go before the next one's come, but not the weights.
    let kept = session.plan?.parameters
    session.forget()
    let made = try withExtendedLifetime(kept) {
      try DevicePlan(
        weights.network, parameters: weights, inputShape: shape, weights: weights.packed(),
        disabledForms: disabledForms, precision: precision, context: session.context,
        stream: session.stream, largestMemory: largestMemory)
    }
    session.plan = made
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
