import CDeviceCalls
import Glibc

/// What a session has in a context: its stream, its plan, the blocks through which pictures and labels
/// travel, and, once a batch has been seen twice, the recorded work.
final class SessionOnDevice {
  let context: DeviceContext
  /// Of the shape that ran last.
  var plan: DevicePlan?
  let stream: DeviceStream
  private var pictures: DeviceStaging?
  private var labels: DeviceStaging?
  private var scores: DeviceStaging?
  /// The batch that ran last, and its work where it was recorded.
  private var last: (batch: DeviceBatch, graph: DeviceGraph?)?
  /// Grows with every run, so that results know whether they are still there.
  private(set) var generation = 0
  /// The pictures of the last run, where a result of it is to outlive it.
  private weak var kept: DeviceKeptPictures?

  init(_ context: DeviceContext) throws {
    self.context = context
    stream = try DeviceStream(context)
  }

  /// Bytes of activations and of what travels.
  var byteCount: Int {
    (plan?.byteCount ?? 0)
      + [pictures, labels, scores].reduce(0) { $0 + ($1?.byteCount ?? 0) }
  }

  /// Gives up the plan and what was recorded of it.
  func forget() {
    last = nil
    plan = nil
    generation += 1
  }

  /// The labels and, later, scores of `views`, for `segmenter`. With `progress` or a `timer` the work is
  /// handed over step by step, never recorded. Throws `notFinite` where a score is NaN or infinite.
  func segment(
    _ views: ArraySlice<PixelView>, _ plan: DevicePlan, _ preprocessing: Preprocessing,
    _ precision: Precision, for segmenter: DeviceSegmenter,
    _ progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?,
    timer: DeviceStepTimer? = nil
  ) throws -> [DeviceResult] {
    let batch = try DeviceBatch(views, preprocessing)
    generation += 1
    kept = nil
    if last?.batch != batch { last = nil }
    let pictures = try room(
      &pictures, batch.byteCount, scratch: batch.deviceByteCount - batch.byteCount)
    let labels = try room(&labels, batch.labelCount)
    // That of the same batch is still there.
    if last == nil { try batch.writeHeader(to: pictures.host.base) }
    for (n, view) in views.enumerated() {
      batch.writePixels(view, n, to: pictures.host.base)
    }
    let enqueueInput = { [self] (timer: DeviceStepTimer?) in
      try timer?.begin("pictures", "upload", StepWork(copying: batch.byteCount))
      try stream.upload(pictures.host.base, batch.byteCount, to: pictures.device.address)
      if batch.isScaled {
        try timer?.begin("pictures", "resizing.cuda")
        try stream.enqueueResizing(batch, pictures.device.address)
      }
      try timer?.begin(Network.inputName, "preprocessing.cuda")
      try stream.enqueuePreprocessing(pictures.device.address, to: plan.input, preprocessing)
    }
    let enqueue = { [self] in
      try enqueueInput(timer)
      try plan.enqueue(stream, progress: progress, timer: timer)
      try enqueueLabels(batch, pictures, labels, plan, timer)
      try timer?.begin("labels", "download", StepWork(copying: batch.labelCount))
      try stream.download(labels.device.address, batch.labelCount, to: labels.host.base)
      try timer?.end()
    }
    let isStepwise = progress != nil || timer != nil
    if let graph = last?.graph, !isStepwise {
      try stream.launch(graph)
    } else if last != nil, !isStepwise {
      let graph = try stream.capture(enqueue)
      last = (batch, graph)
      try stream.launch(graph)
    } else {
      do {
        try enqueue()
      } catch {
        // What was handed over still writes to memory that is about to go.
        try? stream.synchronize()
        throw error
      }
      last = (batch, nil)
    }
    try stream.synchronize()
    guard memchr(labels.host.base, FCN_NO_LABEL, batch.labelCount) == nil else {
      try enqueueInput(nil)
      throw FCNError.scoresNotFinite(try plan.firstNotFinite(stream), precision)
    }
    return batch.pictures.indices.map { n in
      DeviceResult(
        self, plan, batch, n, labels.host.base + batch.labelOffset(n), segmenter)
    }
  }

  private func enqueueLabels(
    _ batch: DeviceBatch, _ pictures: DeviceStaging, _ labels: DeviceStaging, _ plan: DevicePlan,
    _ timer: DeviceStepTimer?
  ) throws {
    var layers = plan.scoreLayers.map { "\($0) + labels" } ?? "labels"
    if batch.isScaled {
      try plan.makeWhole(stream, timer: timer)
      layers = "labels"
    }
    try timer?.begin(layers, "labels.cuda")
    for n in batch.isUniform ? 0..<1 : 0..<batch.pictures.count {
      let picture = batch.pictures[n]
      try enqueue(
        "label", scores(of: n, batch, pictures, plan),
        Shape(
          batch.isUniform ? batch.pictures.count : 1, plan.outputShape.c, picture.height,
          picture.width), first: n,
        to: labels.device.address + UInt64(batch.labelOffset(n)))
    }
  }

  /// Where the scores of picture `n` at its own size come from.
  private func scores(
    of n: Int, _ batch: DeviceBatch, _ pictures: DeviceStaging, _ plan: DevicePlan
  ) -> DevicePlan.Scores {
    let picture = batch.pictures[n]
    guard picture.isScaled else { return plan.scores }
    let rows = pictures.device.address + UInt64(batch.tickOffset(n))
    return plan.scores(
      rows: rows, columns: rows + UInt64(picture.height * MemoryLayout<fcn_tick>.stride))
  }

  /// Hands over a kernel of scores.cu that makes pictures of `shape`.
  private func enqueue(
    _ kernel: String, _ scores: DevicePlan.Scores, _ shape: Shape, first: Int,
    to results: CUDADriver.Address
  ) throws {
    let function = try context.functions.function(
      kernel, of: .scores, scores.definitions + ["OUTPUT=float"], context)
    let groups = DeviceTensor(shape, .float32)
    try stream.launch(
      function,
      over: kernel == "label" ? shape.n * shape.planeCount : groups.groupCount,
      fcn_scores_call(
        source: scores.source, output: groups.view, results: results, first_picture: Int32(first),
        reserved: 0))
  }

  private func room(
    _ staging: inout DeviceStaging?, _ byteCount: Int, scratch: Int = 0
  ) throws -> DeviceStaging {
    if let staging, staging.host.byteCount >= byteCount,
      staging.device.byteCount >= byteCount + scratch
    {
      return staging
    }
    staging = nil
    // What was recorded reads the block that has just gone.
    last = nil
    let made = try DeviceStaging(byteCount, scratch: scratch, context)
    staging = made
    return made
  }

  /// The pictures of the last run, which was of `batch`, in memory of their own, from which `segmenter`
  /// can make their scores anew.
  func keptPictures(
    _ batch: DeviceBatch, from allocator: Allocator, _ segmenter: DeviceSegmenter
  ) throws -> DeviceKeptPictures {
    if let kept { return kept }
    guard let pictures else {
      throw FCNError(.internalDefect, "pictures were asked for before any was segmented")
    }
    let made = try DeviceKeptPictures(batch, at: pictures.host.base, from: allocator, segmenter)
    kept = made
    return made
  }

  // MARK: Scores of the last run, made when somebody asks

  /// Calls `body` with the scores of picture `n`, C×H×W at its own size.
  func withScores(
    of n: Int, _ batch: DeviceBatch, _ plan: DevicePlan,
    _ body: (UnsafePointer<Float>) -> Void
  ) throws {
    guard let pictures else {
      throw FCNError(.internalDefect, "scores were asked for before any picture was segmented")
    }
    try context.run {
      let picture = batch.pictures[n]
      let shape = Shape(1, plan.outputShape.c, picture.height, picture.width)
      let staging = try room(&scores, shape.count * 4, keepingGraph: true)
      try enqueue(
        "export_scores", self.scores(of: n, batch, pictures, plan), shape, first: n,
        to: staging.device.address)
      try stream.download(staging.device.address, shape.count * 4, to: staging.host.base)
      try stream.synchronize()
      body(UnsafePointer(staging.host.base.assumingMemoryBound(to: Float.self)))
    }
  }

  private func room(
    _ staging: inout DeviceStaging?, _ byteCount: Int, keepingGraph: Bool
  ) throws -> DeviceStaging {
    let kept = last
    defer { if keepingGraph { last = kept } }
    return try room(&staging, byteCount)
  }
}
